#!/bin/sh
# Prepares the directory that services of Postfix are confined to, and starts it as process 1.
#
#   docker-entrypoint.sh /usr/sbin/postfix start-fg   the mail server
#   docker-entrypoint.sh COMMAND [ARGUMENT ...]       any other command, as it is
#
# Debian's master.cf confines most services to the queue directory. What they look up by name is then looked for there;
# container runtimes write some of it at every start.

set -eu

if [ "${2-}" = start-fg ]; then
    queue=$(postconf -h queue_directory)
    mkdir -p "$queue/etc"
    for file in host.conf hosts localtime nsswitch.conf resolv.conf services; do
        [ ! -f "/etc/$file" ] || cp -L "/etc/$file" "$queue/etc/$file"
    done
fi
exec "$@"
