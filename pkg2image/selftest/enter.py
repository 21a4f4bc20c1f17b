"""The inside of the chroot runtime: a script that becomes the program of an image.

It is run by a Python of its own, first in the new namespaces that unshare(1) has made, where it sets up the root
filesystem, and later once for every command that is to be run beside the first; so it imports nothing of the project.
A root in the new root keeps no right that leads out of it.

Spec: mount(2), setns(2), prctl(2), capabilities(7), netdevice(7).
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import resource
import signal
import socket
import struct
import sys
from pathlib import Path
from typing import Any

_LIBC = ctypes.CDLL(None, use_errno=True)
_RDONLY, _NOSUID, _NODEV, _NOEXEC, _REMOUNT, _BIND = 1, 2, 4, 8, 32, 4096
_SET_FLAGS, _IFF_UP_RUNNING = 0x8914, 0x41
_DEATH_SIGNAL, _DROP_BOUND = 1, 24
_SPACES = ("net", "ipc", "uts", "pid", "mnt")  # the last one takes /proc away
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_SYSTEM = ("proc/sys", "proc/sysrq-trigger", "proc/bus", "proc/fs", "proc/irq")  # of the machine, where it has them
_STREAMS = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"}
# CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID, SETPCAP, NET_BIND_SERVICE, NET_RAW, AUDIT_WRITE, SETFCAP
_KEPT = {0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 29, 31}
_MOST_CAPABILITIES = 64
_NOT_STARTED = 127


def set_up(config: dict[str, Any]) -> None:
    """Make the root filesystem and the network of this namespace, and go into it.

    Args:
        config: ``rootfs``, ``binds`` as pairs of path and directory, ``hostname``.
    """
    root = Path(config["rootfs"])
    _mount(root, root, "", _BIND)
    _mount("proc", root / "proc", "proc", _NOSUID | _NODEV | _NOEXEC)
    _mount("tmpfs", root / "dev", "tmpfs", _NOSUID | _NOEXEC, "mode=755")
    for name in _DEVICES:
        (root / "dev" / name).touch()
        _mount(Path("/dev", name), root / "dev" / name, "", _BIND)
    for name, target in _STREAMS.items():
        (root / "dev" / name).symlink_to(target)
    (root / "dev/shm").mkdir()
    _mount("tmpfs", root / "dev/shm", "tmpfs", _NOSUID | _NODEV | _NOEXEC, "mode=1777")
    for path, source in config["binds"]:
        target = root / path[1:]
        if Path(source).is_dir():
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch()
        _mount(source, target, "", _BIND)
    for place in (root / name for name in _SYSTEM if (root / name).exists()):
        _mount(place, place, "", _BIND)
        _mount("none", place, "", _REMOUNT | _BIND | _RDONLY)
    _mount("none", root, "", _REMOUNT | _BIND | _RDONLY)
    socket.sethostname(config["hostname"])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        fcntl.ioctl(handle, _SET_FLAGS, struct.pack("16sH14x", b"lo", _IFF_UP_RUNNING))
    Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").write_text("0")
    os.chroot(root)


def join(pid: int) -> None:
    """Go to where another process is; this process then waits for the one that has gone on.

    Args:
        pid: The first process in the namespaces.
    """
    spaces = [os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY) for name in _SPACES]
    root = os.open(f"/proc/{pid}/root", os.O_RDONLY | os.O_DIRECTORY)
    for space in spaces:
        _check(_LIBC.setns(space, 0), "setns")
    child = os.fork()  # a namespace of processes is that of children only
    if child:
        os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 0xFF)
    os.fchdir(root)
    os.chroot(".")


def become(config: dict[str, Any], args: list[str]) -> None:
    """Give up every right that is not the image's, and become a program of it.

    Args:
        config: ``uid``, ``gid``, ``groups``, ``environment``, ``workdir``, ``most_files``.
        args: Its command line.
    """
    for number in set(range(_MOST_CAPABILITIES)) - _KEPT:
        _LIBC.prctl(_DROP_BOUND, number, 0, 0, 0)  # the kernel may know fewer
    resource.setrlimit(resource.RLIMIT_NOFILE, (config["most_files"],) * 2)
    os.umask(0o022)
    os.setgroups(config["groups"])
    os.setgid(config["gid"])
    os.setuid(config["uid"])
    # Another user is another process to the kernel, which then forgets what was to end with its parent.
    _check(_LIBC.prctl(_DEATH_SIGNAL, int(signal.SIGKILL), 0, 0, 0), "prctl")
    os.chdir(config["workdir"] or "/")
    os.execvpe(args[0], args, config["environment"])  # noqa: S606 - to run a program without a shell is the point


def _mount(source: object, target: Path, kind: str, flags: int, data: str = "") -> None:
    words = [os.fsencode(str(word)) for word in (source, target, kind)]
    _check(_LIBC.mount(*words, ctypes.c_ulong(flags), data.encode()), f"mount {target}")


def _check(code: int, what: str) -> None:
    if code != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def main(words: list[str]) -> None:
    """Run as ``CONFIG`` or ``CONFIG PID WORD...``; return only when that fails."""
    try:
        config = json.loads(Path(words[0]).read_text())
        if len(words) > 1:
            join(int(words[1]))
        else:
            set_up(config)
        become(config, words[2:] or config["args"])
    except OSError as error:
        os.write(2, f"cannot start it: {error}\n".encode("utf-8", "backslashreplace"))


if __name__ == "__main__":
    main(sys.argv[1:])
    os._exit(_NOT_STARTED)
