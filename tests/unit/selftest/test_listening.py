"""Ports that something listens on, out of the kernel's tables of sockets."""

from __future__ import annotations

import os
import socket

import pytest

from pkg2image.selftest.listening import listening_ports, open_ports

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
REST = "00000000:00000000 00:00000000 00000000   101        0 4711 1 0000000000000000 100 0 0 10 0\n"


@pytest.mark.parametrize(
    ("row", "protocol", "ports"),
    [
        ("0: 0100007F:18EB 00000000:0000 0A", "tcp", [6379]),
        ("0: 0100007F:18EB 0100007F:D431 01", "tcp", []),
        ("0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A", "tcp", [80]),
        ("0: 00000000:0035 00000000:0000 07", "udp", [53]),
        ("0: 0100007F:0035 0100007F:1234 01", "udp", []),
        ("0: 00000000:0035 00000000:0000 07", "tcp", []),
    ],
    ids=["tcp", "connected", "tcp6", "udp", "connected-udp", "closed-tcp"],
)
def test_a_table_says_which_ports_take_strangers(row: str, protocol: str, ports: list[int]) -> None:
    assert list(open_ports(f"{HEAD}   {row} {REST}", protocol)) == ports


def test_a_table_without_sockets_has_no_port() -> None:
    assert list(open_ports(HEAD, "tcp")) == []
    assert list(open_ports("", "udp")) == []


def test_ports_of_a_process_are_those_of_its_network() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as packets:
        packets.bind(("127.0.0.1", 0))
        found = listening_ports(os.getpid())
        assert f"{server.getsockname()[1]}/tcp" in found
        assert f"{packets.getsockname()[1]}/udp" in found


def test_a_process_that_is_gone_listens_nowhere() -> None:
    assert listening_ports(2**22 + 1) == frozenset()
