"""Where a service listens: its command line, its shipped configuration, its sockets, and last its documentation.

Only words that mean a port wherever they stand are believed. What is missed costs nothing but a word of documentation:
an image's ports open nothing.

Spec: systemd.socket(5) ``ListenStream=``, ``ListenDatagram=``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pkg2image.analysis.programs import ProgramFacts
from pkg2image.analysis.units import Unit, UnitFiles, read_text
from pkg2image.image.config import Port
from pkg2image.rootfs.tree import Kind, ReadContent, Tree

_LAST_PORT = 65535
_MOST_FILES = 64
_LONGEST_LINE = 500  # white space in a longer one could keep the expressions below busy
_ADDRESS = r"(?P<address>\[[0-9a-fA-F:.]*\]|[^\s:=,;\"'\[\]/]*)"
_PORT = r"(?P<port>[0-9]{1,5})"
_CONFIGURED = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?i:port|server\.port|tcp-port|listen_port|listener)[ \t]*[ \t=:][ \t]*\"?{_PORT}\"?[ \t]*;?(?:[ \t]+.*)?",
        rf"(?i:listen|http_port|https_port)[ \t]+(?:{_ADDRESS}:)?{_PORT}(?:[ \t;].*)?",
        rf"bind[ \t]+{_ADDRESS}:{_PORT}(?:[ \t].*)?",
        rf"addr:[ \t]*[\"']?{_ADDRESS}:{_PORT}[\"']?",
        rf"{_ADDRESS}:{_PORT}[ \t]*\{{",
        rf"-p[ \t]+{_PORT}",
    )
)
_MAIL = re.compile(r"(?P<name>smtp|smtps|submission|submissions)[ \t]+inet[ \t].*")
_MAIL_PORTS = {"smtp": 25, "smtps": 465, "submission": 587, "submissions": 465}
_OPTION = re.compile(r"-p|--?(?:[a-z0-9]+[.-])*(?:port|listen|listen-address|address)")
_SHORT_ADDRESS = "-a"
_OPTION_VALUE = re.compile(rf"(?:[a-z]+://)?(?:{_ADDRESS}:)?{_PORT}(?:/.*)?")
_WITH_ADDRESS = re.compile(rf"{_ADDRESS}:{_PORT}")
_LOOPBACK = re.compile(r"127\.[0-9.]*|localhost|\[?::1\]?|-::1")
_BOUND = re.compile(r"(?i:bind|bind-address|bind_address|listen_addresses|-l)[ \t]*[ \t=][ \t]*(?P<hosts>.+)")
_BINDING = re.compile(r"-l|--(?:bind|listen|host)(?:-address)?")
_SWITCHED_OFF = ("-available", ".proto", ".dpkg-dist", ".dpkg-old", ".dpkg-new", ".bak")


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a service listens.

    Args:
        ports: In order of number.
        source: What says so; empty when there are none.
        loopback: What keeps it on the loopback address, where only its own container reaches it; else empty.
    """

    ports: tuple[Port, ...] = ()
    source: str = ""
    loopback: str = ""


@dataclass(frozen=True, slots=True)
class _Found:
    number: int
    protocol: str
    host: str
    origin: str


def find_ports(
    words: Sequence[str], unit: Unit | None, files: UnitFiles, facts: ProgramFacts | None, names: Sequence[str]
) -> Listening:
    """Return where a service listens.

    Args:
        words: Its command line.
        unit: Its unit, when it has one.
        files: The units of the image, among which its sockets are.
        facts: What is known of the program.
        names: What the service, its package and its program are called: directories in ``/etc``.
    """
    documented = [_Found(*_split_port(text), "", facts.source) for text in facts.ports] if facts else []
    configuration = tuple(_configuration(files.tree, words, names))
    configured, loopback = _in_configuration(files.tree, files.read, configuration)
    usual = {each.number for each in documented}
    choices = (list(_in_words(words)), configured, list(_in_sockets(unit, files)), documented)
    shown = next((found for each in choices if (found := _that_matter(each, usual))), [])
    if shown and all(_LOOPBACK.fullmatch(each.host) for each in shown):
        loopback = loopback or shown[0].origin
    loopback = (loopback or _bound_by(words)) if shown else ""
    protocols = {each.number: {other.protocol for other in documented if other.number == each.number} for each in shown}
    ports = {Port(each.number, protocol) for each in shown for protocol in protocols[each.number] or {each.protocol}}
    return Listening(
        tuple(sorted(ports, key=lambda port: (port.number, port.protocol))),
        ", ".join(dict.fromkeys(each.origin for each in shown)),
        loopback,
    )


def _that_matter(found: Sequence[_Found], usual: Collection[int]) -> list[_Found]:
    """Return what listens for others; for its own machine only when that is what the program is about."""
    open_to_all = [each for each in found if not _LOOPBACK.fullmatch(each.host)]
    return open_to_all or [each for each in found if not usual or each.number in usual]


def _bound_by(words: Sequence[str]) -> str:
    found = (
        f"{option} {host}"
        for option, host in pairwise(words)
        if _BINDING.fullmatch(option) and _LOOPBACK.fullmatch(host)
    )
    return next(found, "")


def _split_port(text: str) -> tuple[int, str]:
    number, _, protocol = text.partition("/")
    return int(number), protocol


def _in_words(words: Sequence[str]) -> Iterator[_Found]:
    for at, word in enumerate(words[1:], start=1):
        option, equals, value = word.partition("=")
        following = value if equals else "".join(words[at + 1 : at + 2])
        if _OPTION.fullmatch(option):
            match = _OPTION_VALUE.fullmatch(following)
        else:
            match = _WITH_ADDRESS.fullmatch(following) if word == _SHORT_ADDRESS else None
        yield from _found(match, "its command line")


def sockets_of(unit: Unit, files: UnitFiles) -> Iterator[Unit]:
    """Yield the sockets that start a service.

    Args:
        unit: The service.
        files: The units of the image.
    """
    for name in sorted(files.places):
        if name.endswith(".socket") and not name.endswith("@.socket"):
            socket = files.named(name)
            if socket is not None and _starts(socket, unit):
                yield socket


def _in_sockets(unit: Unit | None, files: UnitFiles) -> Iterator[_Found]:
    for socket in sockets_of(unit, files) if unit else ():
        for key, protocol in (("ListenStream", "tcp"), ("ListenDatagram", "udp")):
            for each in socket.every(key, "Socket"):
                host, _, number = each.value.rpartition(":")
                if number.isascii() and number.isdigit() and 0 < int(number[:6]) <= _LAST_PORT:
                    yield _Found(int(number), protocol, host, socket.name)


def _starts(socket: Unit, unit: Unit) -> bool:
    service = socket.value("Service", "Socket")
    return (service or f"{socket.stem}.service") in {unit.name, *unit.aliases}


def _configuration(tree: Tree, words: Sequence[str], names: Sequence[str]) -> Iterator[str]:
    """Yield the files that a service is configured with: those it is told, and those of its directories in /etc."""
    told = [path for word in words[1:] if (path := word[word.find("/") :]).startswith("/etc/")]
    yield from (path for path in dict.fromkeys(told) if _is_file(tree, path))
    places = [f"etc/{name}" for name in dict.fromkeys(names) if name]
    for place in dict.fromkeys(path for name in places for path in (name, f"{name}.conf")):
        if _is_file(tree, place):
            yield f"/{place}"
            continue
        above = tree.reach(place)
        for name in tree.children(above) if above else ():
            if name.endswith(_SWITCHED_OFF):
                continue
            path = f"{above}/{name}"
            if _is_file(tree, path):
                yield f"/{path}"
            elif name.endswith((".d", "-enabled")):
                yield from (f"/{path}/{child}" for child in tree.children(path) if _is_file(tree, f"{path}/{child}"))


def configuration_lines(tree: Tree, read: ReadContent, words: Sequence[str], names: Sequence[str]) -> Iterator[str]:
    """Yield the lines that count of the files that a service is configured with.

    Args:
        tree: The finished root filesystem.
        read: Reads contents.
        words: Its command line.
        names: What the service, its package and its program are called: directories in ``/etc``.
    """
    for path in tuple(dict.fromkeys(_configuration(tree, words, names)))[:_MOST_FILES]:
        yield from _lines(read_text(tree, read, path) or "")


def _is_file(tree: Tree, path: str) -> bool:
    entry = tree.lookup(path)
    return entry is not None and entry.kind is Kind.FILE


def _in_configuration(tree: Tree, read: ReadContent, paths: Sequence[str]) -> tuple[list[_Found], str]:
    found: list[_Found] = []
    loopback = ""
    for path in tuple(dict.fromkeys(paths))[:_MOST_FILES]:
        for line in _lines(read_text(tree, read, path) or ""):
            found += _in_line(line, path)
            bound = _BOUND.fullmatch(line)
            if bound and all(_LOOPBACK.fullmatch(host.strip("\"';")) for host in bound["hosts"].split()):
                loopback = loopback or f"{path}: {line}"
    return found, loopback


def _lines(text: str) -> Iterator[str]:
    """Yield the lines that count, without comments and without what stands under a condition of Apache's."""
    conditions = 0
    for raw in text.split("\n"):
        line = raw.strip()
        if line.startswith("<If"):
            conditions += 1
        elif line.startswith("</If"):
            conditions -= 1
        elif (
            line
            and len(line) <= _LONGEST_LINE
            and not conditions
            and line[0] not in "#;!"
            and not line.startswith("//")
        ):
            yield line


def _in_line(line: str, path: str) -> Iterator[_Found]:
    mail = _MAIL.fullmatch(line)
    if mail:
        yield _Found(_MAIL_PORTS[mail["name"]], "tcp", "", path)
    for pattern in _CONFIGURED:
        match = pattern.fullmatch(line)
        if match:
            yield from _found(match, path, protocol="udp" if "quic" in line.rstrip(";").split() else "tcp")
            return


def _found(match: re.Match[str] | None, origin: str, protocol: str = "tcp") -> Iterator[_Found]:
    if match is not None and 0 < int(match["port"]) <= _LAST_PORT:
        host = match.groupdict().get("address") or ""
        yield _Found(int(match["port"]), protocol, host, origin)
