#!/bin/sh
# shellcheck shell=dash disable=SC2154 # `setting` assigns POSTGRES_*
#
# Starts PostgreSQL in a container; on an empty data directory it makes the database cluster first.
#
#   docker-entrypoint.sh [postgres] [-OPTION ...]   the server as process 1, after a first start if one is due
#   docker-entrypoint.sh init [-OPTION ...]         only the first start
#   docker-entrypoint.sh COMMAND [ARGUMENT ...]     any other command, as it is
#
# The environment is the one of the well-known postgres image: POSTGRES_PASSWORD, POSTGRES_USER, POSTGRES_DB and
# POSTGRES_INITDB_ARGS (each may instead come from the file that NAME_FILE names), POSTGRES_HOST_AUTH_METHOD,
# POSTGRES_INITDB_WALDIR, PGDATA, and the files in /docker-entrypoint-initdb.d.
#
# The image has no coreutils: everything below is a builtin of dash or a program of PostgreSQL, and gzip for *.sql.gz.
# So nothing can be deleted either. A file in the data directory therefore says, as long as it is not empty, that the
# first start has not come to its end.

set -eu

init_files=/docker-entrypoint-initdb.d
marker=pkg2image-first-start
child=  # process id of what `attend` waits for
server= # not empty while the server of the first start may run

say() {
    printf '%s: %s\n' "${0##*/}" "$*"
}

fail() {
    say "error: $*" >&2
    exit 1
}

# Runs a command in the background and waits for it: the shell is process 1, and traps would have to wait for the end
# of a command in the foreground. Its standard input is the one of the call.
attend() {
    "$@" <&3 3<&- &
    child=$!
    wait "$child" && status=0 || status=$?
    child=
    return "$status"
} 3<&0

# Leaves nothing running when the first start fails or is interrupted.
clean_up() {
    if [ -n "$child" ] && kill "$child"; then
        wait "$child" || :
    fi 2>/dev/null
    if [ -n "$server" ]; then
        pg_ctl --mode=fast --wait stop || :
    fi
    say "error: the first start did not come to its end" >&2
}

# Prints a file. In a command substitution that drops the newlines at the end.
contents() {
    while IFS= read -r line; do
        printf '%s\n' "$line"
    done <"$1"
    printf '%s' "$line"
}

# setting NAME DEFAULT: exports NAME with its value, with the content of the file NAME_FILE, or with the default.
setting() {
    eval "value=\${$1-} file=\${${1}_FILE-}"
    if [ -n "$value" ] && [ -n "$file" ]; then
        fail "$1 and ${1}_FILE are both set, but only one of them may be"
    fi
    if [ -n "$file" ]; then
        [ -r "$file" ] || fail "${1}_FILE: cannot read $file"
        value=$(contents "$file")
    fi
    export "$1=${value:-$2}"
    unset "${1}_FILE"
}

# Sets uid and gid to the effective ones.
identify() {
    while read -r key _ effective _; do
        case $key in
            Uid:) uid=$effective ;;
            Gid:) gid=$effective ;;
        esac
    done </proc/self/status
}

has_name() {
    while IFS=: read -r _ _ known _; do
        [ "$known" != "$uid" ] || return 0
    done </etc/passwd
    return 1
}

# Replaces this process by a command that sees a user name even when the user is just a number: initdb insists on one.
exec_named() {
    if ! has_name; then
        export NSS_WRAPPER_PASSWD="$sockets/.passwd" NSS_WRAPPER_GROUP="$sockets/.group" LD_PRELOAD=libnss_wrapper.so
        printf 'postgres:x:%s:%s:PostgreSQL:%s:/bin/false\n' "$uid" "$gid" "$PGDATA" >"$NSS_WRAPPER_PASSWD"
        printf 'postgres:x:%s:\n' "$gid" >"$NSS_WRAPPER_GROUP"
    fi
    exec "$@"
}

# Prints where below a directory a cluster can live. initdb wants it empty and sets its mode, which only its owner can:
# in a volume of somebody else, or one that is a whole file system, a directory of our own is made.
cluster_directory() {
    if [ ! -d "$1" ] || [ -s "$1/PG_VERSION" ] || { [ -O "$1" ] && [ ! -e "$1/lost+found" ]; }; then
        printf '%s' "$1"
    else
        printf '%s' "$1/pgdata"
    fi
}

# Prints the first directory that can hold sockets; clients look into /run/postgresql when they are not told otherwise.
socket_directory() {
    for directory in /run/postgresql /tmp; do
        if [ -d "$directory" ] && [ -w "$directory" ]; then
            printf '%s' "$directory"
            return
        fi
    done
    fail "neither /run/postgresql nor /tmp can be written: mount a volume or a tmpfs on one of them"
}

# Prints arguments as words of a shell command line.
quote() {
    for word; do
        quoted=
        while [ "$word" != "${word#*\'}" ]; do
            quoted="$quoted${word%%\'*}'\\''"
            word=${word#*\'}
        done
        printf " '%s'" "$quoted$word"
    done
}

# Says whether a cluster exists. One whose first start was cut off must never pass for a complete one.
has_cluster() {
    [ -s "$PGDATA/PG_VERSION" ] || return 1
    unfinished=
    if [ -s "$PGDATA/$marker" ]; then
        unfinished=yes
    elif [ ! -e "$PGDATA/postmaster.opts" ] && [ ! -e "$PGDATA/backup_label" ]; then
        # Never started, and no base backup. Was initdb killed? It makes template1, template0 and postgres, in this order.
        set -- "$PGDATA"/base/*/PG_VERSION
        [ "$#" -ge 3 ] || unfinished=yes
    fi
    if [ -n "$unfinished" ]; then
        fail "the first start on $PGDATA did not come to its end: empty the volume and start again"
    fi
}

check_environment() {
    if [ -d "$init_files" ] && ! { [ -r "$init_files" ] && [ -x "$init_files" ]; }; then
        fail "cannot read $init_files as user $uid"
    fi
    if [ "${POSTGRES_HOST_AUTH_METHOD-}" = trust ]; then
        say "warning: POSTGRES_HOST_AUTH_METHOD=trust lets everybody who reaches the port in, as any user," \
            "without a password" >&2
    elif [ -z "$POSTGRES_PASSWORD" ]; then
        fail "Database is uninitialized and superuser password is not specified:" \
            "set POSTGRES_PASSWORD (or POSTGRES_PASSWORD_FILE) for the first start," \
            "or POSTGRES_HOST_AUTH_METHOD=trust to let everybody in without a password, which is not recommended"
    fi
}

# make_cluster [POSTGRES_OPTION ...]
make_cluster() {
    options=$(quote "$@")
    eval "set -- $POSTGRES_INITDB_ARGS"
    if [ -n "${POSTGRES_INITDB_WALDIR-}" ]; then
        set -- --waldir="$(cluster_directory "$POSTGRES_INITDB_WALDIR")" "$@"
    fi
    if [ -n "$POSTGRES_PASSWORD" ]; then
        set -- --pwfile=/proc/self/fd/0 "$@"
    fi
    attend exec_named initdb --username="$POSTGRES_USER" "$@" <<EOF
$POSTGRES_PASSWORD
EOF
    printf 'The first start has not come to its end; this cluster is not complete.\n' >"$PGDATA/$marker"
    eval "set -- $options"
    listens || printf "\nlisten_addresses = '*'\n" >>"$PGDATA/postgresql.conf"
    method=${POSTGRES_HOST_AUTH_METHOD:-$(postgres -C password_encryption "$@")}
    printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"
}

# Says whether POSTGRES_INITDB_ARGS already made initdb set listen_addresses.
listens() {
    while read -r name _; do
        [ "$name" != listen_addresses ] || return 0
    done <"$PGDATA/postgresql.conf"
    return 1
}

# sql [PSQL_OPTION ...]
sql() {
    attend psql --username="$POSTGRES_USER" --no-password --no-psqlrc --set=ON_ERROR_STOP=1 "$@"
}

# unpacked_sql PROGRAM FILE: checks all of the file before the first statement runs.
unpacked_sql() {
    command -v "$1" >/dev/null || fail "cannot unpack $2: this image has no $1"
    "$1" -t "$2"
    "$1" -dc "$2" | sql --dbname="$POSTGRES_DB"
}

# Runs a script, also when its interpreter is a shell that this image does not have: most scripts for bash run in any.
executed_script() {
    IFS= read -r shebang <"$1" || :
    interpreter=${shebang#'#!'}
    interpreter=${interpreter# }
    interpreter=${interpreter%% *}
    case $shebang in
        '#!'*sh*)
            if [ ! -x "$interpreter" ]; then
                say "this image has no $interpreter: $1 is run by /bin/sh"
                set -- /bin/sh "$1"
            fi
            ;;
    esac
    attend "$@"
}

init_file() {
    case $1 in
        *.sh)
            say "running $1"
            if [ -x "$1" ]; then
                executed_script "$1"
            else
                set +u
                # shellcheck source=/dev/null
                . "$1"
                set -eu
            fi
            ;;
        *.sql) say "running $1" && sql --dbname="$POSTGRES_DB" --file="$1" ;;
        *.sql.gz) say "running $1" && attend unpacked_sql gzip "$1" ;;
        *.sql.xz) say "running $1" && attend unpacked_sql xz "$1" ;;
        *.sql.zst) say "running $1" && attend unpacked_sql zstd "$1" ;;
        *) say "ignoring $1" ;;
    esac
}

# first_start [POSTGRES_OPTION ...]: makes the cluster and fills it, with a server that listens on its socket only.
first_start() {
    check_environment
    trap clean_up EXIT
    trap 'exit 143' TERM
    trap 'exit 130' INT
    make_cluster "$@"

    export PGHOST="$sockets" PGPASSWORD="$POSTGRES_PASSWORD"
    unset PGHOSTADDR
    server=yes
    set -- "$@" -c listen_addresses= -c unix_socket_directories="$sockets" -p "${PGPORT:-5432}"
    attend pg_ctl --options="$(quote "$@")" --wait start
    sql --dbname=postgres --set=db="$POSTGRES_DB" <<'EOF'
SELECT format('CREATE DATABASE %I', :'db') WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'db') \gexec
EOF
    for file in "$init_files"/*; do
        [ ! -e "$file" ] || init_file "$file"
    done
    attend pg_ctl --mode=fast --wait stop
    server=
    unset PGHOST PGPASSWORD

    : >"$PGDATA/$marker"
    trap - EXIT TERM INT
    say "PostgreSQL init process complete; ready for start up."
}

wants_help() {
    for word; do
        case $word in
            '-?' | --help | --describe-config | -V | --version) return 0 ;;
        esac
    done
    return 1
}

# serve MODE [POSTGRES_OPTION ...]: the first start if it is due, and unless MODE is `init` the server.
serve() {
    mode=$1
    shift
    identify
    if [ "$uid" = 0 ]; then
        fail "PostgreSQL does not run as root: start the container as user postgres (the default) or as any other user"
    fi
    setting POSTGRES_PASSWORD ''
    setting POSTGRES_USER postgres
    setting POSTGRES_DB "$POSTGRES_USER"
    setting POSTGRES_INITDB_ARGS ''
    sockets=$(socket_directory)
    given=${PGDATA:-/var/lib/postgresql/data}
    PGDATA=$(cluster_directory "$given")
    export PGDATA
    [ "$PGDATA" = "$given" ] || say "the cluster is in $PGDATA: $given itself cannot become one"

    if has_cluster; then
        say "PostgreSQL Database directory appears to contain a database; Skipping initialization"
    else
        first_start "$@"
    fi
    [ "$mode" != init ] || exit 0

    unset POSTGRES_PASSWORD # also when it came from a file, it is none of the server's business
    if [ "$sockets" != /run/postgresql ]; then
        say "clients in this container find the server with PGHOST=$sockets"
        set -- -c unix_socket_directories="$sockets" "$@"
    fi
    exec postgres "$@"
}

case ${1-} in
    '' | -*) set -- postgres "$@" ;;
esac
if [ "$1" = init ] || { [ "$1" = postgres ] && ! wants_help "$@"; }; then
    serve "$@"
fi
exec "$@"
