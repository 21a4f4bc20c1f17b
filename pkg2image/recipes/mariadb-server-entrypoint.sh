#!/bin/sh
# Makes the databases of a MariaDB server at its first start and starts the server.
#
#   docker-entrypoint.sh [mariadbd] [-OPTION ...]   the server as process 1, after a first start if one is due
#   docker-entrypoint.sh init [-OPTION ...]         only the first start
#   docker-entrypoint.sh COMMAND [ARGUMENT ...]     any other command, as it is
#
# The environment is the one of the well-known mariadb image: MARIADB_ROOT_PASSWORD, MARIADB_ROOT_HOST, MARIADB_DATABASE,
# MARIADB_USER and MARIADB_PASSWORD (each may instead come from the file that NAME_FILE names, and have MYSQL_ in place of
# MARIADB_), MARIADB_ALLOW_EMPTY_ROOT_PASSWORD, MARIADB_RANDOM_ROOT_PASSWORD, and the files in
# /docker-entrypoint-initdb.d.
#
# A file in the data directory says, as long as it is there, that the first start has not come to its end.

set -eu

init_files=/docker-entrypoint-initdb.d
marker=pkg2image-first-start
child=  # process id of what `attend` waits for
server= # process id of the server of the first start

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
    for process in "$child" "$server"; do
        if [ -n "$process" ] && kill "$process"; then
            wait "$process" || :
        fi 2>/dev/null
    done
    say "error: the first start did not come to its end" >&2
}

# setting NAME DEFAULT: sets MARIADB_NAME to its value or that of MYSQL_NAME, to the content of the file that one of
# them with _FILE names, or to the default. It stays out of the environment.
setting() {
    eval "value=\${MARIADB_$1-\${MYSQL_$1-}} file=\${MARIADB_${1}_FILE-\${MYSQL_${1}_FILE-}}"
    if [ -n "$value" ] && [ -n "$file" ]; then
        fail "MARIADB_$1 and MARIADB_${1}_FILE are both set, but only one of them may be"
    fi
    if [ -n "$file" ]; then
        [ -r "$file" ] || fail "MARIADB_${1}_FILE: cannot read $file"
        value=$(cat "$file")
    fi
    unset "MARIADB_$1" "MYSQL_$1" "MARIADB_${1}_FILE" "MYSQL_${1}_FILE"
    eval "MARIADB_$1=\${value:-\$2}"
}

# twice CHARACTER TEXT: prints a text with every such character doubled.
twice() {
    text=$2
    while [ "$text" != "${text#*"$1"}" ]; do
        printf '%s' "${text%%"$1"*}$1$1"
        text=${text#*"$1"}
    done
    printf '%s' "$text"
}

# Prints a text as a string of SQL; `sql_mode` makes backslashes plain characters.
text() {
    printf "'%s'" "$(twice "'" "$1")"
}

name() {
    printf "\`%s\`" "$(twice "\`" "$1")"
}

# Prints a name as a pattern that stands for this name only, as GRANT has it for databases.
pattern() {
    name "$(printf '%s' "$1" | sed 's/[_%\\]/\\&/g')"
}

# Prints the data directory that is asked for.
data_directory() {
    directory=/var/lib/mysql
    for word; do
        case $word in
            --datadir=*) directory=${word#*=} ;;
        esac
    done
    printf '%s' "$directory"
}

check_environment() {
    if [ -d "$init_files" ] && ! { [ -r "$init_files" ] && [ -x "$init_files" ]; }; then
        fail "cannot read $init_files as user $(id -u)"
    fi
    if [ -n "$MARIADB_RANDOM_ROOT_PASSWORD" ] && [ -z "$MARIADB_ROOT_PASSWORD" ]; then
        read -r MARIADB_ROOT_PASSWORD </proc/sys/kernel/random/uuid
        say "GENERATED ROOT PASSWORD: $MARIADB_ROOT_PASSWORD"
    fi
    if [ -z "$MARIADB_ROOT_PASSWORD" ] && [ -z "$MARIADB_ALLOW_EMPTY_ROOT_PASSWORD" ]; then
        fail "Database is uninitialized and password option is not specified:" \
            "set MARIADB_ROOT_PASSWORD (or MARIADB_ROOT_PASSWORD_FILE) for the first start," \
            "or MARIADB_RANDOM_ROOT_PASSWORD=yes, or MARIADB_ALLOW_EMPTY_ROOT_PASSWORD=yes, which is not recommended"
    fi
    if [ "$MARIADB_USER" = root ]; then
        fail "MARIADB_USER is for a further user: root is there already, and MARIADB_ROOT_PASSWORD is its password"
    fi
    if [ -n "$MARIADB_USER" ] && [ -z "$MARIADB_PASSWORD" ]; then
        fail "MARIADB_USER needs a password: set MARIADB_PASSWORD (or MARIADB_PASSWORD_FILE) too"
    fi
}

# sql [MARIADB_OPTION ...]
sql() {
    attend mariadb --no-defaults --protocol=socket --socket="$socket" --user=root --comments "$@"
}

# Prints the statements that make the users and the database of the environment.
accounts() {
    echo "SET SESSION sql_mode = CONCAT_WS(',', NULLIF(@@sql_mode, ''), 'NO_BACKSLASH_ESCAPES');"
    # mariadb-install-db makes all of them, without a password.
    echo "DROP USER IF EXISTS root@'127.0.0.1', root@'::1';"
    echo "EXECUTE IMMEDIATE CONCAT('DROP USER IF EXISTS root@', QUOTE(@@hostname));"
    root=$(text "$MARIADB_ROOT_PASSWORD")
    if [ -n "$MARIADB_ROOT_HOST" ] && [ "$MARIADB_ROOT_HOST" != localhost ]; then
        echo "CREATE USER root@$(text "$MARIADB_ROOT_HOST") IDENTIFIED BY $root;"
        echo "GRANT ALL ON *.* TO root@$(text "$MARIADB_ROOT_HOST") WITH GRANT OPTION;"
    fi
    if [ -n "$MARIADB_DATABASE" ]; then
        echo "CREATE DATABASE IF NOT EXISTS $(name "$MARIADB_DATABASE");"
    fi
    if [ -n "$MARIADB_USER" ]; then
        echo "CREATE USER $(text "$MARIADB_USER")@'%' IDENTIFIED BY $(text "$MARIADB_PASSWORD");"
        [ -z "$MARIADB_DATABASE" ] ||
            echo "GRANT ALL ON $(pattern "$MARIADB_DATABASE").* TO $(text "$MARIADB_USER")@'%';"
    fi
    # The last one: the connection was made without a password.
    echo "ALTER USER root@localhost IDENTIFIED BY $root;"
}

# unpacked_sql PROGRAM FILE: checks all of the file before the first statement runs.
unpacked_sql() {
    command -v "$1" >/dev/null || fail "cannot unpack $2: this image has no $1"
    "$1" -t "$2"
    "$1" -dc "$2" | sql --database="$MARIADB_DATABASE"
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
        *.sql) say "running $1" && sql --database="$MARIADB_DATABASE" <"$1" ;;
        *.sql.gz) say "running $1" && attend unpacked_sql gzip "$1" ;;
        *.sql.xz) say "running $1" && attend unpacked_sql xz "$1" ;;
        *.sql.zst) say "running $1" && attend unpacked_sql zstd "$1" ;;
        *) say "ignoring $1" ;;
    esac
}

# start_server [MARIADBD_OPTION ...]: starts a server that listens on its socket only, and waits until it answers.
start_server() {
    mariadbd "$@" --datadir="$data" --skip-networking --socket="$socket" </dev/null &
    server=$!
    until sql --execute='SELECT 1' >/dev/null 2>&1 </dev/null; do
        kill -0 "$server" 2>/dev/null || fail "the server of the first start has ended"
        attend sleep 0.2
    done
}

# first_start [MARIADBD_OPTION ...]: makes the databases and fills them.
first_start() {
    check_environment
    trap clean_up EXIT
    trap 'exit 143' TERM
    trap 'exit 130' INT
    echo 'The first start has not come to its end; these databases are not complete.' >"$data/$marker"
    attend mariadb-install-db --datadir="$data" --skip-test-db --skip-name-resolve \
        --auth-root-authentication-method=normal >/dev/null </dev/null

    unset MYSQL_PWD MYSQL_HOST MYSQL_TCP_PORT
    start_server "$@"
    accounts | attend sql
    export MYSQL_PWD="$MARIADB_ROOT_PASSWORD"
    for file in "$init_files"/*; do
        [ ! -e "$file" ] || init_file "$file"
    done
    unset MYSQL_PWD
    kill "$server"
    wait "$server"
    server=

    rm "$data/$marker"
    trap - EXIT TERM INT
    say "MariaDB init process done. Ready for start up."
}

wants_help() {
    for word; do
        case $word in
            '-?' | --help | -V | --version) return 0 ;;
        esac
    done
    return 1
}

# serve MODE [MARIADBD_OPTION ...]: the first start if it is due, and unless MODE is `init` the server.
serve() {
    mode=$1
    shift
    [ "$(id -u)" != 0 ] ||
        fail "MariaDB does not run as root: start the container as user mysql (the default) or as any other user"
    setting ROOT_PASSWORD ''
    setting ROOT_HOST '%'
    setting DATABASE ''
    setting USER ''
    setting PASSWORD ''
    setting ALLOW_EMPTY_ROOT_PASSWORD ''
    setting RANDOM_ROOT_PASSWORD ''
    data=$(data_directory "$@")
    socket=/run/mysqld/mysqld.sock

    if [ -e "$data/$marker" ]; then
        fail "the first start on $data did not come to its end: empty the volume and start again"
    elif [ ! -d "$data/mysql" ]; then
        first_start "$@"
    fi
    [ "$mode" != init ] || exit 0
    exec mariadbd "$@"
}

case ${1-} in
    '' | -*) set -- mariadbd "$@" ;;
    mysqld) shift && set -- mariadbd "$@" ;;
esac
if [ "$1" = init ] || { [ "$1" = mariadbd ] && ! wants_help "$@"; }; then
    serve "$@"
fi
exec "$@"
