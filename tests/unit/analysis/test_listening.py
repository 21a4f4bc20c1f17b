"""Ports come from what a service says itself, and only from words that mean a port."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pkg2image.analysis.listening import Listening, find_ports
from pkg2image.analysis.programs import ProgramFacts
from pkg2image.analysis.units import find_units
from tests.support.services import UNITS, read, service_tree

HELLO = ProgramFacts("hello", "hello(8)", ports=("53/tcp", "53/udp"))
UNIT = {f"{UNITS}/hello.service": "[Service]\nExecStart=/usr/sbin/hello\n[Install]\nAlias=hi.service"}


def listening(words: str, files: Mapping[str, str], facts: ProgramFacts | None = None) -> Listening:
    units = find_units(service_tree({**UNIT, **files}), read)
    return find_ports(words.split(), units.named("hello.service"), units, facts, ["hello", "hello-server"])


def ports(found: Listening) -> str:
    return " ".join(f"{port.number}/{port.protocol}" for port in found.ports)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("port 6379", "6379/tcp"),
        ("Port 22", "22/tcp"),
        ("port=25", "25/tcp"),
        ("port: 8080", "8080/tcp"),
        ("  port = 3306 ", "3306/tcp"),
        ('server.port = "80"', "80/tcp"),
        ("listener 1883", "1883/tcp"),
        ("listen 80 default_server;", "80/tcp"),
        ("listen [::]:443 ssl;", "443/tcp"),
        ("listen 443 quic;", "443/udp"),
        ("Listen 0.0.0.0:8080", "8080/tcp"),
        ("http_port 3128", "3128/tcp"),
        ("bind *:8404", "8404/tcp"),
        ("bind :80 name web", "80/tcp"),
        ("addr: :5000", "5000/tcp"),
        (":80 {", "80/tcp"),
        ("-p 11211", "11211/tcp"),
        ("smtp      inet  n       -       y       -       -       smtpd", "25/tcp"),
        ("submission inet n - y - - smtpd", "587/tcp"),
        ("port 0", ""),
        ("port 70000", ""),
        ("# port 80", ""),
        ("; port 80", ""),
        ("!port 80", ""),
        ("//port 80", ""),
        ("export 80", ""),
        ("port-range 80", ""),
        ("report_port 80", ""),
        ("listen unix:/run/x", ""),
        ("listen = /run/php/php-fpm.sock", ""),
        ("important 80", ""),
        ("port eighty", ""),
    ],
)
def test_lines_of_configurations(line: str, expected: str) -> None:
    found = listening("/usr/sbin/hello", {"etc/hello/hello.conf": f"first\n{line}\nlast\n"})
    assert ports(found) == expected
    assert found.source == ("/etc/hello/hello.conf" if expected else "")


def test_conditions_of_apache_are_not_followed() -> None:
    text = "Listen 80\n<IfModule ssl_module>\nListen 443\n</IfModule>\nListen 81\n"
    assert ports(listening("/usr/sbin/hello", {"etc/hello/ports.conf": text})) == "80/tcp 81/tcp"


@pytest.mark.parametrize(
    ("place", "is_read"),
    [
        ("etc/hello.conf", True),
        ("etc/hello/any", True),
        ("etc/hello-server/x.conf", True),
        ("etc/hello/conf.d/x.conf", True),
        ("etc/hello/sites-enabled/default", True),
        ("etc/hello/sites-available/default", False),
        ("etc/hello/deeper/x.conf", False),
        ("etc/hello/x.conf.dpkg-dist", False),
        ("etc/other/x.conf", False),
    ],
)
def test_which_files_are_its_configuration(place: str, is_read: bool) -> None:  # noqa: FBT001
    assert ports(listening("/usr/sbin/hello", {place: "port 80"})) == ("80/tcp" if is_read else "")


def test_a_file_that_it_is_told_is_its_configuration() -> None:
    assert ports(listening("/usr/sbin/hello --config=/etc/other.conf", {"etc/other.conf": "port 80"})) == "80/tcp"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("-p 11300", "11300/tcp"),
        ("--port 80", "80/tcp"),
        ("--port=80", "80/tcp"),
        ("--web.listen-address=:9090", "9090/tcp"),
        ("--listen http://0.0.0.0:2379", "2379/tcp"),
        ("-a :6081 -T localhost:6082", "6081/tcp"),
        ("-a always", ""),
        ("-p /run/hello.pid", ""),
        ("-v 80", ""),
        ("80", ""),
        ("-p", ""),
    ],
)
def test_command_lines(words: str, expected: str) -> None:
    assert ports(listening(f"/usr/sbin/hello {words}", {})) == expected


def test_sockets_of_the_unit() -> None:
    socket = "[Socket]\nListenStream=0.0.0.0:143\nListenStream=[::]:143\nListenStream=%t/x\nListenDatagram=53\n"
    found = listening("/usr/sbin/hello", {f"{UNITS}/hello.socket": socket})
    assert (ports(found), found.source) == ("53/udp 143/tcp", "hello.socket")
    named = "[Socket]\nService=hi.service\nListenStream=80"
    assert ports(listening("/usr/sbin/hello", {f"{UNITS}/web.socket": named})) == "80/tcp"
    assert ports(listening("/usr/sbin/hello", {f"{UNITS}/other.socket": "[Socket]\nListenStream=80"})) == ""
    assert ports(listening("/usr/sbin/hello", {f"{UNITS}/hello@.socket": "[Socket]\nListenStream=80"})) == ""


def test_what_is_documented_comes_last_and_knows_the_protocols() -> None:
    assert ports(listening("/usr/sbin/hello", {}, HELLO)) == "53/tcp 53/udp"
    assert listening("/usr/sbin/hello", {}, HELLO).source == "hello(8)"
    assert ports(listening("/usr/sbin/hello", {"etc/hello.conf": "port 5353"}, HELLO)) == "5353/tcp"
    assert ports(listening("/usr/sbin/hello", {"etc/hello.conf": "port 53"}, HELLO)) == "53/tcp 53/udp"


@pytest.mark.parametrize(
    ("words", "text", "loopback"),
    [
        ("", "bind 127.0.0.1 -::1\nport 53", "/etc/hello.conf: bind 127.0.0.1 -::1"),
        ("", "bind-address = 127.0.0.1", "/etc/hello.conf: bind-address = 127.0.0.1"),
        ("", "-l 127.0.0.1\n-p 53", "/etc/hello.conf: -l 127.0.0.1"),
        ("", "Listen localhost:53", "/etc/hello.conf"),
        ("-l 127.0.0.1 -p 53", "", "-l 127.0.0.1"),
        ("", "bind 0.0.0.0\nport 53", ""),
        ("", "bind 127.0.0.1 192.0.2.1\nport 53", ""),
        ("", "Listen localhost:53\nListen 53", ""),
        ("-l 0.0.0.0 -p 53", "", ""),
    ],
)
def test_a_service_for_its_own_machine(words: str, text: str, loopback: str) -> None:
    found = listening(f"/usr/sbin/hello {words}", {"etc/hello.conf": text}, HELLO)
    assert (ports(found), found.loopback) == ("53/tcp 53/udp", loopback)
