"""Command lines of units become ones that stay in the foreground, by what manuals say."""

from __future__ import annotations

import pytest

from pkg2image.analysis.foreground import for_image, program_of
from pkg2image.analysis.programs import INSTANCES, PROGRAMS, SERVICES
from pkg2image.rootfs.tree import Entry
from tests.support.services import program, service_tree, text

PATHS = ("usr/sbin/apache2", "usr/sbin/dnsmasq", "usr/sbin/postfix", "usr/sbin/mariadbd", "usr/bin/hello")
HOST_KEYS = "|".join(f"-h|/var/lib/sshd/etc/ssh/ssh_host_{kind}_key" for kind in ("ed25519", "ecdsa", "rsa"))
TREE: dict[str, Entry | str] = {path: program() for path in PATHS}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            ["/usr/sbin/nginx", "-g", "daemon on; master_process on;"],
            "/usr/sbin/nginx|-g|daemon off; master_process on;",
        ),
        (["/usr/sbin/named", "-f", "-u", "bind"], "/usr/sbin/named|-u|bind|-g"),
        (["/usr/sbin/sshd", "-D"], f"/usr/sbin/sshd|-D|-e|{HOST_KEYS}"),
        (["/usr/sbin/sshd", "-D", "-e"], f"/usr/sbin/sshd|-D|-e|{HOST_KEYS}"),
        (["/usr/sbin/unbound", "-d", "-p"], "/usr/sbin/unbound|-dd|-p"),
        (["/usr/sbin/apachectl", "start"], "/usr/sbin/apache2|-D|FOREGROUND"),
        (["/usr/sbin/postmulti", "-i", "-", "-p", "start"], "/usr/sbin/postfix|start-fg"),
        (["/usr/share/dnsmasq/systemd-helper", "checkconfig"], "/usr/share/dnsmasq/systemd-helper|checkconfig"),
        (["/usr/bin/redis-server", "x", "--supervised", "systemd"], "/usr/bin/redis-server|x|--logfile|"),
        (["/usr/bin/redis-server", "--logfile", ""], "/usr/bin/redis-server|--logfile|"),
        (["/usr/sbin/php-fpm8.2", "--nodaemonize"], "/usr/sbin/php-fpm8.2|--nodaemonize|--force-stderr"),
        (["/usr/sbin/varnishd", "-F", "-S", "/etc/varnish/secret", "-s", "x"], "/usr/sbin/varnishd|-F|-s|x"),
        (["/usr/sbin/squid", "--foreground", "-sYC"], "/usr/sbin/squid|--foreground|-YC"),
        (["hello", "-x"], "/usr/bin/hello|-x"),
        (["gone", "-x"], "gone|-x"),
        (["/usr/bin/unknown", "-d"], "/usr/bin/unknown|-d"),
        (["/bin/sh", "-c", "VAR=`x`; exec /usr/sbin/mariadbd $OPTS $NOTHING"], "/usr/sbin/mariadbd|-a|-b"),
        (["sh", "-c", "exec /usr/bin/hello --x=1"], "/usr/bin/hello|--x=1"),
        (["/bin/sh", "-c", 'exec /usr/bin/hello "$OPTS"'], '/bin/sh|-c|exec /usr/bin/hello "$OPTS"'),
        (["/bin/sh", "-c", "/usr/bin/hello | cat"], "/bin/sh|-c|/usr/bin/hello | cat"),
        (["/bin/sh", "-c", "exec hello"], "/bin/sh|-c|exec hello"),
        (["/bin/sh", "/usr/bin/hello"], "/bin/sh|/usr/bin/hello"),
        (["/bin/sh", "/usr/sbin/apachectl", "start"], "/usr/sbin/apache2|-D|FOREGROUND"),
        (["sh", "-c", "x; exec /usr/sbin/apachectl ${A:+x} start"], "/usr/sbin/apache2|-D|FOREGROUND"),
        (["sh", "-c", "x; exec /usr/sbin/sshd ${A:+x}"], "sh|-c|x; exec /usr/sbin/sshd ${A:+x}"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_command_lines(words: list[str], expected: str) -> None:
    started = for_image(words, {"OPTS": "-a -b"}, service_tree(TREE))
    assert "|".join(started.words) == expected
    assert bool(started.changes) == (list(started.words) != words and words[0] != "hello")


@pytest.mark.parametrize("words", ["/usr/sbin/slapd", "/bin/sh /usr/sbin/slapd", "sh -c exec"])
def test_ports_are_known_behind_a_shell(words: str) -> None:
    line = [*words.split()[:2], "x; exec /usr/sbin/slapd ${X:+y}"] if words.endswith("exec") else words.split()
    facts = for_image(line, {}, service_tree({})).facts
    assert facts is not None
    assert facts.ports == ("389/tcp",)


def test_a_secret_that_is_there_is_used() -> None:
    tree = service_tree({"etc/varnish/secret": text("s")})
    words = ("/usr/sbin/varnishd", "-S", "/etc/varnish/secret")
    assert for_image(words, {}, tree).words == words


def test_the_program_behind_a_shell() -> None:
    tree = service_tree(TREE)
    assert program_of(["/bin/sh", "-c", "x; exec /usr/sbin/mariadbd $A"], tree) == "/usr/sbin/mariadbd"
    assert program_of(["/bin/sh", "-c", "x | y"], tree) == "/bin/sh"
    assert program_of(["hello"], tree) == "/usr/bin/hello"


def test_what_is_known_is_well_formed() -> None:
    for facts in PROGRAMS:
        assert facts.program, facts
        assert facts.source, facts
        assert all(port.partition("/")[0].isdigit() and port.endswith(("/tcp", "/udp")) for port in facts.ports), facts
        assert all(path.startswith("/") for path in (*facts.directories, *facts.logs, *facts.copies)), facts
        assert set(facts.logs.values()) <= {"/dev/stdout", "/dev/stderr"}, facts
        assert not facts.becomes or facts.becomes[0].startswith("/"), facts
        assert not facts.stop_signal or facts.stop_signal.startswith("SIG"), facts
    assert all(name.endswith("@.service") for name in INSTANCES)
    assert all(name.endswith(".service") for name in SERVICES.values())
