#!/bin/sh
# Makes the host keys of an OpenSSH server and starts it.
#
#   docker-entrypoint.sh /usr/sbin/sshd [OPTION ...]   the server as process 1, with host keys that are made when they
#                                                      are missing
#   docker-entrypoint.sh init                          only the host keys
#   docker-entrypoint.sh COMMAND [ARGUMENT ...]        any other command, as it is
#
# Public keys in SSH_AUTHORIZED_KEYS, one on a line, or in the file that SSH_AUTHORIZED_KEYS_FILE names, are those that
# are let in as root, and as every other user that has a shell, beside the keys in the .ssh/authorized_keys of each.

set -eu

fail() {
    printf '%s: error: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

make_host_keys() {
    for kind in ed25519 ecdsa rsa; do
        key=/etc/ssh/host-keys/ssh_host_${kind}_key
        if [ ! -s "$key" ]; then
            ssh-keygen -q -t "$kind" -N '' -C '' -f "$key" </dev/null || fail "cannot make the host key $key"
            ssh-keygen -l -f "$key"
        fi
    done
}

write_authorized_keys() {
    umask 022
    [ -z "${SSH_AUTHORIZED_KEYS-}" ] || printf '%s\n' "$SSH_AUTHORIZED_KEYS"
    [ -n "${SSH_AUTHORIZED_KEYS_FILE-}" ] || return 0
    [ -r "$SSH_AUTHORIZED_KEYS_FILE" ] || fail "SSH_AUTHORIZED_KEYS_FILE: cannot read $SSH_AUTHORIZED_KEYS_FILE"
    while IFS= read -r line || [ -n "$line" ]; do
        printf '%s\n' "$line"
    done <"$SSH_AUTHORIZED_KEYS_FILE"
}

case ${1-} in
    init)
        make_host_keys
        ;;
    sshd | */sshd)
        make_host_keys
        write_authorized_keys >/run/sshd/authorized_keys
        unset SSH_AUTHORIZED_KEYS SSH_AUTHORIZED_KEYS_FILE
        exec "$@"
        ;;
    *)
        exec "$@"
        ;;
esac
