"""What manuals say about programs that start as services: how they stay in the foreground, and where they listen.

A unit is written for a service manager, which is content when a program forks, logs to syslog or is told the rest of
its command line by a shell script. An image starts the program itself, so it must stay, and say on its output what it
has to say. Only what the program's own documentation offers stands here, and where it says so. This is data: a program
that stays in the foreground by itself needs no entry, and one that is missing is started as its unit says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from pkg2image.analysis.evidence import ROOT_KEY


@dataclass(frozen=True, slots=True)
class ProgramFacts:
    """What is known of a program.

    Args:
        program: Pattern of its name, without directories.
        source: Where that is documented.
        when: Words that its arguments have; empty when any will do.
        becomes: What is started instead of the whole command line.
        drop: Sequences of words that are left out.
        drop_if_missing: The same, when the path that is the last word is not in the image.
        replace: Texts in words, and what stands there instead.
        add: Words at the end, unless they are there.
        user: Who runs it, when only an init script says so.
        environment_from: A file of shell assignments that the program cannot do without.
        unset: Variables that are for who is started instead.
        directories: Directories that are made when it is started, and their owners.
        logs: Log files that may be links to a standard stream: the program opens them as the user it is started as.
            ``{version}`` is what the name of the program ends in.
        copies: Files that are copied before each start: path -> path of the original; the directory's owner gets them.
        prepare: What the first start makes -> the command that makes it; without a path it is run at every start.
        instead_of: Programs that a unit runs before the start and whose work is done by what is said here.
        volumes: Directories of the package that it writes.
        calls: Programs that it calls, which nothing in its package says: names of those that it cannot do without,
            or paths of scripts of its own, where they are there.
        ports: Where it listens when its configuration says nothing else.
        stop_signal: What makes it finish what it is doing and end.
        needs: What no image has before the first start, and how to come by it.
    """

    program: str
    source: str
    when: tuple[str, ...] = ()
    becomes: tuple[str, ...] = ()
    drop: tuple[tuple[str, ...], ...] = ()
    drop_if_missing: tuple[tuple[str, ...], ...] = ()
    replace: Mapping[str, str] = field(default_factory=dict)
    add: tuple[str, ...] = ()
    user: str = ""
    environment_from: str = ""
    unset: tuple[str, ...] = ()
    directories: Mapping[str, str] = field(default_factory=dict)
    logs: Mapping[str, str] = field(default_factory=dict)
    copies: Mapping[str, str] = field(default_factory=dict)
    prepare: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    instead_of: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    stop_signal: str = ""
    needs: str = ""


_OUT, _ERR = "/dev/stdout", "/dev/stderr"
_VARNISH = "/var/lib/varnish"
_POSTFIX = tuple(f"{place}/postfix-script" for place in ("/etc/postfix", "/usr/lib/postfix/sbin"))
_KEYS = "/var/lib/sshd"
_HOST_KEYS = tuple(
    word for kind in ("ed25519", "ecdsa", "rsa") for word in ("-h", f"{_KEYS}/etc/ssh/ssh_host_{kind}_key")
)

PROGRAMS: tuple[ProgramFacts, ...] = (
    ProgramFacts(
        "apachectl",
        "httpd(8): -D FOREGROUND; /etc/apache2/envvars is what apachectl reads first",
        becomes=("/usr/sbin/apache2", "-D", "FOREGROUND"),
        environment_from="/etc/apache2/envvars",
        unset=("APACHE_STARTED_BY_SYSTEMD",),
        directories={"/run/apache2": "root", "/run/apache2/socks": "www-data", "/run/lock/apache2": "www-data"},
        logs={
            "/var/log/apache2/access.log": _OUT,
            "/var/log/apache2/other_vhosts_access.log": _OUT,
            "/var/log/apache2/error.log": _ERR,
        },
        stop_signal="SIGWINCH",
    ),
    ProgramFacts("beanstalkd", "beanstalkd(1): -p", ports=("11300/tcp",)),
    ProgramFacts("caddy", "caddy(8)", ports=("80/tcp",)),
    ProgramFacts(
        "chronyd",
        "chronyd(8): -d stays in the foreground and logs to stderr; -x leaves the clock, which is the host's, alone",
        add=("-d", "-x"),
    ),
    ProgramFacts("cupsd", "cupsd(8): -f", drop=(("-l",),), add=("-f",), ports=("631/tcp",)),
    ProgramFacts(
        "dbus-daemon",
        "dbus-daemon(1): sockets of a service manager are not there",
        drop=(("--address=systemd:",), ("--systemd-activation",), ("--syslog-only",)),
    ),
    ProgramFacts(
        "systemd-helper",
        "dnsmasq(8): --keep-in-foreground, --log-facility=-; the rest is what its systemd-helper says",
        when=("exec",),
        becomes=(
            *("/usr/sbin/dnsmasq", "--keep-in-foreground", "--log-facility=-", "--user=dnsmasq"),
            *("--conf-dir=/etc/dnsmasq.d,.dpkg-dist,.dpkg-old,.dpkg-new", "--local-service"),
        ),
        ports=("53/tcp", "53/udp"),
    ),
    ProgramFacts("dockerd", "dockerd(8): -H", replace={"fd://": "unix:///run/docker.sock"}),
    ProgramFacts("dovecot", "dovecot(1): -F", add=("-F",), ports=("143/tcp", "993/tcp")),
    ProgramFacts("etcd", "etcd --help: --listen-client-urls, --listen-peer-urls", ports=("2379/tcp", "2380/tcp")),
    ProgramFacts(
        "exim4",
        "exim4(8): -bdf; update-exim4.conf(8) makes its configuration, as its init script says",
        becomes=("/usr/sbin/exim4", "-bdf", "-q30m"),
        prepare={"": ("/usr/sbin/update-exim4.conf",)},
        volumes=("/var/lib/exim4",),
        ports=("25/tcp",),
    ),
    ProgramFacts(
        "freeradius",
        "freeradius(8): -f stays in the foreground, -l stdout logs to the output",
        add=("-f", "-l", "stdout"),
        ports=("1812/udp", "1813/udp"),
    ),
    ProgramFacts(
        "gearmand",
        "gearmand(8): stays in the foreground without --daemon; the log file stderr is the output",
        drop=(("--daemon",), ("-d",)),
        replace={"--log-file=/var/log/gearman-job-server/gearmand.log": "--log-file=stderr"},
        ports=("4730/tcp",),
    ),
    ProgramFacts(
        "i2pd",
        "i2pd(1): stays in the foreground without --daemon; --log=stdout logs to the output",
        drop=(("--daemon",), ("--service",)),
        add=("--log=stdout",),
    ),
    ProgramFacts(
        "icecast2",
        "icecast2(1): stays in the foreground without -b",
        drop=(("-b",),),
        becomes=("/usr/bin/icecast2", "-c", "/etc/icecast2/icecast.xml"),
        user="icecast2",
        ports=("8000/tcp",),
    ),
    ProgramFacts("in.tftpd", "in.tftpd(8): --foreground", add=("--listen", "--foreground"), ports=("69/udp",)),
    ProgramFacts("influxd", "influxd(1)", ports=("8086/tcp",)),
    ProgramFacts("kea-dhcp4", "kea-dhcp4(8)", ports=("67/udp",)),
    ProgramFacts(
        "lighttpd",
        "lighttpd(8): -D; its directive include_shell starts a shell, and the shipped configuration has it",
        add=("-D",),
        calls=("sh",),
    ),
    ProgramFacts(
        "mariadbd",
        "mariadb-install-db(1): makes the tables of privileges, without which the server does not start",
        prepare={"/var/lib/mysql/mysql": ("/usr/bin/mariadb-install-db", "--rpm", "--skip-test-db")},
        ports=("3306/tcp",),
        needs="an initialised /var/lib/mysql: run mariadb-install-db --user=mysql on its volume once",
    ),
    ProgramFacts(
        "minidlnad",
        "minidlnad(1): -S stays in the foreground; it removes directories with rm",
        calls=("rm",),
        ports=("8200/tcp", "1900/udp"),
    ),
    ProgramFacts(
        "monit",
        "monit(1): -I",
        becomes=("/usr/bin/monit", "-I", "-c", "/etc/monit/monitrc"),
        logs={"/var/log/monit.log": _OUT},
    ),
    ProgramFacts("mosquitto", "mosquitto.conf(5): listener", ports=("1883/tcp",)),
    ProgramFacts(
        "murmurd",
        "murmurd(1): -fg",
        becomes=("/usr/sbin/murmurd", "-fg", "-ini", "/etc/mumble-server.ini"),
        user="mumble-server",
        ports=("64738/tcp", "64738/udp"),
    ),
    ProgramFacts(
        "named",
        "named(8): -g stays in the foreground and logs to stderr",
        drop=(("-f",),),
        add=("-g",),
        ports=("53/tcp", "53/udp"),
    ),
    ProgramFacts(
        "nginx",
        "nginx(8): -g, QUIT; the directive daemon of its core module",
        replace={"daemon on;": "daemon off;"},
        logs={"/var/log/nginx/access.log": _OUT, "/var/log/nginx/error.log": _ERR},
        stop_signal="SIGQUIT",
    ),
    ProgramFacts("nsd", "nsd(8): -d", add=("-d",), ports=("53/tcp", "53/udp")),
    ProgramFacts(
        "ntp-systemd-wrapper",
        "ntpd(8): -n does not fork",
        becomes=("/usr/sbin/ntpd", "-n", "-u", "ntpsec:ntpsec", "-c", "/etc/ntpsec/ntp.conf"),
        ports=("123/udp",),
    ),
    ProgramFacts("opendkim", "opendkim(8): -f", add=("-f",)),
    ProgramFacts("pdns_server", "pdns_server(1)", ports=("53/tcp", "53/udp")),
    ProgramFacts(
        "php-fpm*",
        "php-fpm(8): --nodaemonize, --force-stderr; QUIT is the graceful stop",
        add=("--force-stderr",),
        logs={"/var/log/php{version}-fpm.log": _ERR},
        stop_signal="SIGQUIT",
    ),
    ProgramFacts(
        "postmulti",
        "postfix(1): start-fg; what it does is in postfix-script",
        when=("start",),
        becomes=("/usr/sbin/postfix", "start-fg"),
        volumes=("/var/lib/postfix", "/var/spool/postfix"),
        calls=_POSTFIX,
        ports=("25/tcp",),
    ),
    ProgramFacts(
        "postfix",
        "postfix(1): start-fg; what it does is in postfix-script",
        becomes=("/usr/sbin/postfix", "start-fg"),
        volumes=("/var/lib/postfix", "/var/spool/postfix"),
        calls=_POSTFIX,
        ports=("25/tcp",),
    ),
    ProgramFacts("proftpd", "proftpd(8): --nodaemon", add=("--nodaemon",), ports=("21/tcp",)),
    ProgramFacts("prometheus", "prometheus(1): --web.listen-address", ports=("9090/tcp",)),
    ProgramFacts("prometheus-alertmanager", "prometheus-alertmanager(1)", ports=("9093/tcp",)),
    ProgramFacts("prometheus-blackbox-exporter", "prometheus-blackbox-exporter(1)", ports=("9115/tcp",)),
    ProgramFacts("prometheus-node-exporter", "prometheus-node-exporter(1)", ports=("9100/tcp",)),
    ProgramFacts("prometheus-postgres-exporter", "prometheus-postgres-exporter(1)", ports=("9187/tcp",)),
    ProgramFacts("prosody", "prosody(8): -F", ports=("5222/tcp", "5269/tcp")),
    ProgramFacts(
        "pure-ftpd",
        "pure-ftpd(8): stays in the foreground without -B; -l pam is what its init script says",
        becomes=("/usr/sbin/pure-ftpd", "-l", "pam"),
        ports=("21/tcp",),
    ),
    ProgramFacts("rabbitmq-server", "rabbitmq-server(8)", ports=("5672/tcp",)),
    ProgramFacts("radicale", "radicale(1)", ports=("5232/tcp",)),
    ProgramFacts(
        "redis-sentinel",
        "redis-sentinel(1): writes what it learns into its configuration; supervised is for a service manager",
        drop=(("--supervised", "systemd"),),
        replace={"/etc/redis/sentinel.conf": "/var/lib/redis/sentinel.conf"},
        add=("--logfile", ""),
        copies={"/var/lib/redis/sentinel.conf": "/etc/redis/sentinel.conf"},
    ),
    ProgramFacts(
        "redis-server",
        "redis.conf: an empty logfile is standard output; supervised is for a service manager",
        drop=(("--supervised", "systemd"),),
        add=("--logfile", ""),
    ),
    ProgramFacts(
        "slapd",
        "slapd(8): with -d, even -d 0, it does not fork; the rest is what /etc/default/slapd and its init script say",
        becomes=(
            *("/usr/sbin/slapd", "-d", "0", "-h", "ldap:/// ldapi:///"),
            *("-g", "openldap", "-u", "openldap", "-F", "/etc/ldap/slapd.d"),
        ),
        ports=("389/tcp",),
        needs="a configuration below /etc/ldap/slapd.d and a database below /var/lib/ldap: make them with slapadd once",
    ),
    ProgramFacts("smbd", "smbd(8): --debug-stdout", add=("--debug-stdout",), ports=("139/tcp", "445/tcp")),
    ProgramFacts("nmbd", "nmbd(8): --debug-stdout", add=("--debug-stdout",), ports=("137/udp", "138/udp")),
    ProgramFacts("snmpd", "snmpd(8): -f", ports=("161/udp",)),
    ProgramFacts("squid", "squid(8): --foreground; without -s it does not log to syslog", replace={"-sYC": "-YC"}),
    ProgramFacts(
        "sshd",
        "sshd(8): -D stays in the foreground, -e logs to stderr, -h names host keys; ssh-keygen(1): -A makes them",
        add=("-D", "-e", *_HOST_KEYS),
        directories={f"{_KEYS}/etc/ssh": "root"},
        prepare={"": ("/usr/bin/ssh-keygen", "-A", "-f", _KEYS)},
        ports=("22/tcp",),
        needs="host keys, which no two copies of an image may share: mount them below /etc/ssh",
    ),
    ProgramFacts("tomcat-start.sh", "README.Debian of tomcat", ports=("8080/tcp",)),
    ProgramFacts("transmission-daemon", "transmission-daemon(1): --foreground", ports=("9091/tcp", "51413/tcp")),
    ProgramFacts("turnserver", "turnserver(1): -p", ports=("3478/tcp", "3478/udp")),
    ProgramFacts(
        "unbound",
        "unbound(8): with -d twice messages go to stderr all the time; its unbound-helper copies the trust anchor",
        replace={"-d": "-dd"},
        instead_of=("/usr/libexec/unbound-helper",),
        copies={"/var/lib/unbound/root.key": f"/{ROOT_KEY}"},
        ports=("53/tcp", "53/udp"),
    ),
    ProgramFacts(
        "varnishd",
        "varnishd(1): -S is made anew when it is not given; it removes directories with rm",
        drop_if_missing=(("-S", "/etc/varnish/secret"),),
        directories={_VARNISH: "root"},
        volumes=(_VARNISH,),
        calls=("rm",),
        ports=("6081/tcp",),
    ),
    ProgramFacts("vsftpd", "vsftpd.conf(5): listen, background", ports=("21/tcp",)),
    ProgramFacts(
        "zkServer.sh",
        "zkServer.sh: start-foreground",
        when=("start",),
        replace={"start": "start-foreground"},
        ports=("2181/tcp",),
    ),
)
"""In order of name; the first that fits is the one."""

INSTANCES: Mapping[str, str] = {"postfix@.service": "-"}
"""Template -> the instance that a generator of the package starts at boot (postfix-instance-generator)."""

SERVICES: Mapping[str, str] = {"samba": "smbd.service"}
"""Package -> which of several services it is known for: files are what samba shares, and nmbd and the domain controller
are started beside it or instead of it."""

TOOLS: Mapping[str, str] = {
    "*dnsutils": "dig",
    "default-j[dr][ek]*": "java",
    "erlang-base*": "erl",
    "getmail[0-9]": "getmail",
    "gnupg*": "gpg",
    "graphicsmagick*": "gm",
    "imagemagick*": "convert",
    "iproute2": "ip",
    "mercurial": "hg",
    "netcat-*": "nc",
    "openjdk-*": "java",
    "openssh-client": "ssh",
    "postgresql-client*": "psql",
    "redis-tools": "redis-cli",
    "subversion": "svn",
    "vim-tiny": "vim.tiny",
    "vim*": "vim",
    "wireguard-tools": "wg",
}
"""Package -> the program that people mean by it, where the names do not say so."""

INTERPRETERS: Mapping[str, str] = {
    "lib*-perl": "perl",
    "node-*": "node",
    "php-*": "php",
    "python3-*": "python3",
    "ruby-*": "ruby",
}
"""Packages of modules -> the interpreter that loads them."""


def facts_of(words: Sequence[str]) -> ProgramFacts | None:
    """Return what is known of a command line, or None.

    Args:
        words: Program and arguments.
    """
    name = words[0].rpartition("/")[2]
    for facts in PROGRAMS:
        if fnmatchcase(name, facts.program) and set(facts.when) <= set(words[1:]):
            return facts
    return None
