"""Which paths the programs of an image ask for while it is tested: what strace(1) has seen, read.

The image is tested as ``pkg2image test --runtime chroot`` does it, with every program of it under strace from outside.
Of what is seen those processes count that have the image as their root: their working directory, which strace tells as
the machine has it, lies in it.

Spec: strace(1), options -f and -y; syscalls(2).
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pkg2image.errors import OutputError, RequestError, SelfTestError
from pkg2image.image.read import ImageContents
from pkg2image.selftest import enter
from pkg2image.selftest.chroot import ChrootContainer, ChrootStarter
from pkg2image.selftest.container import Answer, call
from pkg2image.selftest.judge import judge
from pkg2image.selftest.settings import settings_of
from pkg2image.selftest.unpacked import Unpacked, UnpackedRuntime

_STRACE = ("strace", "-f", "-y", "--seccomp-bpf", "-qq", "-e", "trace=%file,chdir,fchdir", "-e", "signal=none", "-o")
# Services that go into a directory of their own are let: here nobody has to be kept in.
_ENTER = "enter.py"
_LET = re.compile(r"^_KEPT = \{", re.MULTILINE)  # capabilities(7): CAP_SYS_CHROOT is 18
_CALL = re.compile(r"(\d+) (\w+)\((.*)\) += (-?\d+|\?)(.*)", re.DOTALL)
_UNFINISHED = " <unfinished ...>"
_RESUMED = re.compile(r"(\d+) <\.\.\. \w+ resumed>(.*)", re.DOTALL)
_AT = re.compile(r'(?:AT_FDCWD|\d+)<((?:[^>]|>(?!, ))*)>, "((?:[^"\\]|\\.)*)"')
_PLAIN = re.compile(r'"((?:[^"\\]|\\.)*)"')
_WORKING = "AT_FDCWD<"
_MAKES = re.compile(r"\bO_CREAT\b")


@dataclass(frozen=True, slots=True)
class Asked:
    """A path that a program of the image asked for.

    Args:
        path: As the image has it, absolute; symlinks are not followed.
        call: The system call.
        program: The program that last started in the same process; empty when nobody saw that.
        found: Whether it was there.
        makes: Whether it was to be made, so that only its directory had to be there.
    """

    path: str
    call: str
    program: str
    found: bool
    makes: bool = False


@dataclass(frozen=True, slots=True)
class Traced:
    """What became of a test, and what was seen.

    Args:
        proof: What shows that the image works; empty when it does not.
        problem: Why it does not.
        log: The last lines that it printed.
        asked: What its programs asked for, in order, every path once for each program and answer.
    """

    proof: str
    problem: str
    log: tuple[str, ...]
    asked: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class _TracedContainer(ChrootContainer):
    """A container whose programs are watched; its process is strace, and unshare(1) the child of that."""

    def pid(self) -> int:
        """See `Container.pid`."""
        watched = _child(self.process.pid)
        return _child(watched) if watched else 0

    def run(self, command: Sequence[str], seconds: float) -> Answer:
        """See `Container.run`."""
        pid = self.pid()
        if not pid:
            return Answer(1, "", "it is not running")
        log = self.config.with_name(f"{len(list(self.config.parent.iterdir()))}.strace")
        script = (sys.executable, "-I", "-S", self.config.with_name(_ENTER))
        return call((*_STRACE, log, *script, self.config, str(pid), *command), seconds)


def _child(number: int) -> int:
    try:
        children = Path(f"/proc/{number}/task/{number}/children").read_text().split()
    except OSError:
        return 0
    return int(children[0]) if children else 0


class _TracedStarter:
    """Starts programs in namespaces of their own and watches them; see `Starter`."""

    def launch(
        self, image: Unpacked, number: int, args: Sequence[str], environment: Mapping[str, str]
    ) -> _TracedContainer:
        """See `Starter.launch`."""
        log = image.directory / f"{number}-start.strace"
        unshare = image.directory / f"{number}-unshare"
        script = image.directory / _ENTER
        script.write_text(_LET.sub(r"\g<0>18, ", Path(enter.__file__).read_text("utf-8"), count=1))
        words = f'for word; do shift; [ "$word" != {enter.__file__} ] || word={script}; set -- "$@" "$word"; done'
        unshare.write_text(f'#!/bin/sh\n{words}\nexec {shlex.join([*_STRACE, str(log)])} unshare "$@"\n')
        unshare.chmod(0o755)
        container = ChrootStarter(str(unshare)).launch(image, number, args, environment)
        return _TracedContainer(container.process, container.config, container.log_file)


def traced_test(contents: ImageContents, directory: Path, *, seconds: float) -> Traced:
    """Test an image and see which paths its programs ask for. Only root can do this.

    Args:
        contents: The image.
        directory: An empty one; what is in it afterwards is of no use.
        seconds: The most that the image may take until it works.
    """
    proof = problem = ""
    log: tuple[str, ...] = ()
    try:
        settings = settings_of(contents)
        if not settings.config.entrypoint and not settings.config.command:
            return Traced("", "it does not say which program it starts", (), ())
        runtime = UnpackedRuntime(_TracedStarter(), contents, settings, directory)
        try:
            proof = judge(settings, runtime, seconds)
        finally:
            runtime.close()
    except SelfTestError as error:
        problem, log = error.message, error.log
    except (RequestError, OutputError) as error:
        problem = error.message
    asked: dict[Asked, None] = {}
    for seen in sorted(directory.glob("*.strace"), key=lambda path: path.stat().st_mtime_ns):
        with seen.open(encoding="utf-8", errors="surrogateescape") as lines:
            asked |= dict.fromkeys(asked_for(lines, str(directory / "rootfs")))
    return Traced(proof, problem, log, tuple(asked))


def asked_for(lines: Iterable[str], root: str) -> Iterator[Asked]:
    """Yield what the programs of the image asked for.

    Args:
        lines: As strace writes them for several processes, with paths of file descriptors.
        root: Where the image lies, as the machine has it.
    """
    joined = list(_joined(lines))
    inside = {pid for pid, _, arguments, _ in joined if f"{_working(arguments)}/".startswith(f"{root}/")}
    # Before a process goes into the image it is one of ours.
    outside = {pid for pid, name, _, _ in joined if name == "chroot"}
    directories: dict[str, str] = {}
    programs: dict[str, str] = {}
    for pid, name, arguments, answer in joined:
        if name == "chroot" and answer.startswith("0"):
            outside.discard(pid)
        if pid not in inside or pid in outside or name == "chroot":
            continue
        working = _working(arguments)
        if working:
            directories[pid] = working
        path = _path(arguments, directories.get(pid, root), root)
        is_found = not answer.startswith("-1")
        if path is None or (not is_found and not _is_missing(answer)):
            continue
        if name == "chdir" and is_found:
            directories[pid] = f"{root}{path}"
        if name.startswith("execve") and is_found:
            programs[pid] = path
        makes = bool(_MAKES.search(arguments)) or name.startswith("mkdir")
        yield Asked(path, name, programs.get(pid, ""), is_found, makes)


def _joined(lines: Iterable[str]) -> Iterator[tuple[str, str, str, str]]:
    """Yield process, name, arguments and answer of each call; calls that others interrupted are put together."""
    begun: dict[str, str] = {}
    for line in lines:
        text = line.rstrip("\n")
        if text.endswith(_UNFINISHED):
            begun[text.partition(" ")[0]] = text.removesuffix(_UNFINISHED)
            continue
        rest = _RESUMED.fullmatch(text)
        match = _CALL.fullmatch(begun.pop(rest[1], "") + rest[2] if rest else re.sub(r"^(\d+) +", r"\1 ", text))
        if match:
            yield match[1], match[2], match[3], match[4] + match[5]


def _working(arguments: str) -> str:
    """Return the working directory of a process, as the machine has it; empty where a call does not tell it."""
    return arguments[len(_WORKING) :].partition(">")[0] if arguments.startswith(_WORKING) else ""


def _path(arguments: str, working: str, root: str) -> str | None:
    """Return the absolute path in the image that a call is about, or None when it is about an open file."""
    at = _AT.match(arguments)
    match = at or _PLAIN.match(arguments)
    if match is None:
        return None
    name = _text(match[2] if at else match[1])
    if not name:
        return None
    above = (at[1] if at else working).removeprefix(root)
    path = name if name.startswith("/") else f"{above}/{name}"
    return "/" + "/".join(part for part in path.split("/") if part not in {"", "."})


def _text(escaped: str) -> str:
    """Return a string without the escapes of C."""
    raw = escaped.encode("utf-8", "surrogateescape").decode("unicode_escape").encode("latin-1", "replace")
    return raw.decode("utf-8", "surrogateescape")


def _is_missing(answer: str) -> bool:
    return "ENOENT" in answer or "ENOTDIR" in answer
