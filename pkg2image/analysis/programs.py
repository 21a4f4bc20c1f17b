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
    ports: tuple[str, ...] = ()
    stop_signal: str = ""
    needs: str = ""


_OUT, _ERR = "/dev/stdout", "/dev/stderr"

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
    ProgramFacts("exim4", "exim4(8): -bdf", becomes=("/usr/sbin/exim4", "-bdf", "-q30m"), ports=("25/tcp",)),
    ProgramFacts(
        "freeradius",
        "freeradius(8): -f stays in the foreground, -l stdout logs to the output",
        add=("-f", "-l", "stdout"),
        ports=("1812/udp", "1813/udp"),
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
    ProgramFacts("lighttpd", "lighttpd(8): -D", add=("-D",)),
    ProgramFacts(
        "mariadbd",
        "mariadbd(8): --datadir",
        ports=("3306/tcp",),
        needs="an initialised /var/lib/mysql: run mariadb-install-db --user=mysql on its volume once",
    ),
    ProgramFacts("minidlnad", "minidlnad(1): -S stays in the foreground", ports=("8200/tcp", "1900/udp")),
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
        "postfix(1): start-fg",
        when=("start",),
        becomes=("/usr/sbin/postfix", "start-fg"),
        ports=("25/tcp",),
    ),
    ProgramFacts("postfix", "postfix(1): start-fg", becomes=("/usr/sbin/postfix", "start-fg"), ports=("25/tcp",)),
    ProgramFacts("proftpd", "proftpd(8): --nodaemon", add=("--nodaemon",), ports=("21/tcp",)),
    ProgramFacts("prometheus", "prometheus(1): --web.listen-address", ports=("9090/tcp",)),
    ProgramFacts("prometheus-alertmanager", "prometheus-alertmanager(1)", ports=("9093/tcp",)),
    ProgramFacts("prometheus-blackbox-exporter", "prometheus-blackbox-exporter(1)", ports=("9115/tcp",)),
    ProgramFacts("prometheus-node-exporter", "prometheus-node-exporter(1)", ports=("9100/tcp",)),
    ProgramFacts("prometheus-postgres-exporter", "prometheus-postgres-exporter(1)", ports=("9187/tcp",)),
    ProgramFacts("prosody", "prosody(8): -F", ports=("5222/tcp", "5269/tcp")),
    ProgramFacts("rabbitmq-server", "rabbitmq-server(8)", ports=("5672/tcp",)),
    ProgramFacts("radicale", "radicale(1)", ports=("5232/tcp",)),
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
        "sshd(8): -D stays in the foreground, -e logs to stderr",
        add=("-D", "-e"),
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
        copies={"/var/lib/unbound/root.key": "/usr/share/dns/root.key"},
        ports=("53/tcp", "53/udp"),
    ),
    ProgramFacts(
        "varnishd",
        "varnishd(1): -S is made anew when it is not given",
        drop_if_missing=(("-S", "/etc/varnish/secret"),),
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
    "default-j[dr][ek]*": "java",
    "imagemagick*": "convert",
    "iproute2": "ip",
    "netcat-*": "nc",
    "openjdk-*": "java",
    "openssh-client": "ssh",
    "postgresql-client*": "psql",
    "redis-tools": "redis-cli",
    "vim-tiny": "vim.tiny",
    "vim*": "vim",
}
"""Package -> the program that people mean by it, where the names do not say so."""


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
