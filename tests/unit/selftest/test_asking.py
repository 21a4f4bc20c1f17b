"""Questions to ports: what is sent arrives, and what comes back is read as far as it is needed."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from pkg2image.recipes.model import SmokeStep
from pkg2image.selftest.asking import ask_port


@contextmanager
def server(kind: socket.SocketKind, answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """Serve one question of a kind of socket on the loopback interface; gives the number of the port."""
    with socket.socket(socket.AF_INET, kind) as line:
        line.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            line.listen()
        thread = threading.Thread(target=answer, args=(line,))
        thread.start()
        yield line.getsockname()[1]
        thread.join()


def stream(*parts: bytes, wait: threading.Event | None = None) -> Callable[[socket.socket], None]:
    """Return a server that gets a line, repeats it after the parts, and keeps the connection until told otherwise."""

    def answer(line: socket.socket) -> None:
        connection, _ = line.accept()
        with connection:
            for part in parts:
                connection.sendall(part)
            connection.sendall(connection.recv(100))
            if wait:
                wait.wait()

    return answer


def test_a_server_speaks_until_it_closes_the_connection() -> None:
    with server(socket.SOCK_STREAM, stream(b"220 he", b"llo\n")) as port:
        answer = ask_port(os.getpid(), SmokeStep(port=f"{port}/tcp", send="QUIT\n", expect="no such word"), 30)
    assert (answer.code, answer.output) == (0, "220 hello\nQUIT\n")


def test_what_is_expected_ends_the_answer() -> None:
    wait = threading.Event()
    with server(socket.SOCK_STREAM, stream(b"\x00\xff", wait=wait)) as port:
        answer = ask_port(os.getpid(), SmokeStep(port=f"{port}/tcp", send="\x01\xe9", expect="\xff\x01\xe9"), 30)
        wait.set()
    assert (answer.code, answer.output) == (0, "\x00\xff\x01\xe9")


def test_a_message_of_one_packet() -> None:
    def answer(line: socket.socket) -> None:
        message, client = line.recvfrom(100)
        line.sendto(message[::-1], client)

    with server(socket.SOCK_DGRAM, answer) as port:
        found = ask_port(os.getpid(), SmokeStep(port=f"{port}/udp", send="\x00abc", expect="cba"), 30)
    assert (found.code, found.output) == (0, "cba\x00")


def test_nobody_is_there() -> None:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        answer = ask_port(os.getpid(), SmokeStep(port=f"{line.getsockname()[1]}/tcp", expect="x"), 30)
    assert (answer.code, answer.output, answer.errors) == (1, "", "Connection refused\n")


@pytest.mark.parametrize(
    ("pid", "reason"), [(0, "it is not running"), (1 << 22, "No such file or directory\n")], ids=["none", "gone"]
)
def test_a_container_that_is_gone_does_not_answer(pid: int, reason: str) -> None:
    answer = ask_port(pid, SmokeStep(port="7/tcp", expect="x"), 30)
    assert (answer.code, answer.errors) == (1, reason)
