"""Which ports a container listens on, as the kernel lists the sockets of its network.

Spec: Linux Documentation/networking/proc_net_tcp.rst.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_OPEN = {"tcp": "0A", "udp": "07"}  # TCP_LISTEN; a UDP socket that is not connected is TCP_CLOSE
_TABLES = (("tcp", "tcp"), ("tcp6", "tcp"), ("udp", "udp"), ("udp6", "udp"))


def listening_ports(pid: int) -> frozenset[str]:
    """Return the ports that something in the network of a process listens on, for example ``6379/tcp``.

    Args:
        pid: Of any process in that network; nothing listens in the network of one that has ended.
    """
    found: set[str] = set()
    for table, protocol in _TABLES:
        try:
            text = Path(f"/proc/{pid}/net/{table}").read_text()
        except OSError:  # it has ended, or there is no IPv6
            continue
        found.update(f"{port}/{protocol}" for port in open_ports(text, protocol))
    return frozenset(found)


def open_ports(table: str, protocol: str) -> Iterator[int]:
    """Yield the numbers of the ports of a table of sockets that take what strangers send.

    Args:
        table: Text of ``/proc/net/tcp`` or one of its kind.
        protocol: ``tcp`` or ``udp``.
    """
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) > 3 and fields[3] == _OPEN[protocol]:
            yield int(fields[1].rpartition(":")[2], 16)
