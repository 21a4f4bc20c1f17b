"""The directory of the store: its files and their modes, the lock, and what failures of the disk are called."""

from __future__ import annotations

import errno
import fcntl
import os
import tempfile
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from pkg2image.errors import OutputError

_DIRECTORY_MODE = 0o755
_FILE_MODE = 0o644
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Disk:
    """One directory that several threads and processes use at once; it is made when something is first written.

    Whoever touches it holds a shared lock until `close`; only `alone` wants the lock for itself.

    Args:
        root: The directory.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock: _Lock | None = None
        self._guard = threading.Lock()

    def share(self) -> None:
        """Hold the shared lock from now on, if there is a directory that others could prune."""
        if self._lock is None and self.root.is_dir():
            with suppress(OSError):  # A store that can only be read cannot be pruned by others either.
                self._acquire()

    @contextmanager
    def alone(self, action: str) -> Iterator[None]:
        """Be the only one who uses the directory.

        Args:
            action: One word for what is going to happen, for the error.

        Raises:
            OutputError: When another process uses the directory.
        """
        with self.failures(f"{action} what is"):
            lock = self._acquire()
            if not lock.take():
                lock.share()
                raise OutputError(
                    f"cannot {action} the store {self.root}: another process uses it",
                    hint="wait until the other builds are done",
                )
            try:
                yield
            finally:
                lock.share()

    def close(self) -> None:
        """Let go of the lock; the directory may be used again afterwards."""
        with self._guard:
            if self._lock is not None:
                self._lock.close()
            self._lock = None

    def temporary(self) -> tuple[BinaryIO, Path]:
        """Return a new file, open for writing and reading, and its path."""
        self._acquire()
        directory = self.root / "tmp"
        make_directory(directory)
        handle, name = tempfile.mkstemp(dir=directory)
        return os.fdopen(handle, "w+b"), Path(name)

    def place(self, file: BinaryIO, temporary: Path, target: Path, *, sync: bool) -> None:
        """Give a temporary file its mode and its name, after syncing its content if wanted."""
        file.flush()
        os.fchmod(file.fileno(), _FILE_MODE)
        if sync:
            os.fsync(file.fileno())
        make_directory(target.parent)
        temporary.replace(target)

    def files(self, part: str) -> Iterator[tuple[float, int, Path]]:
        """Yield last use, size and path of the files below a subdirectory; some may vanish meanwhile."""
        for directory, _, names in os.walk(self.root / part):
            for name in names:
                path = Path(directory, name)
                with suppress(FileNotFoundError):
                    status = path.stat()
                    yield status.st_mtime, status.st_size, path

    @contextmanager
    def failures(self, action: str, *, written: int = 0) -> Iterator[None]:
        """Turn every `OSError` into an `OutputError` that names the store.

        Args:
            action: What is being done, for the message.
            written: Bytes that were written so far, for the message about a full disk.
        """
        try:
            yield
        except OSError as error:
            reason = error.strerror or str(error)
            hint = "choose another directory with --cache-dir"
            if error.errno in _NO_SPACE:
                reason += f" after {written} bytes{self._available()}"
                hint = "make room with `pkg2image cache prune`, or choose another directory with --cache-dir"
            raise OutputError(f"cannot {action} in the store {self.root}: {reason}", hint=hint) from error

    def _available(self) -> str:
        try:
            disk = os.statvfs(self.root)
        except OSError:
            return ""
        return f", {disk.f_bavail * disk.f_frsize} bytes available"

    def _acquire(self) -> _Lock:
        """Hold the shared lock from now on; whoever comes first removes what killed runs left behind."""
        with self._guard:
            if self._lock is None:
                make_directory(self.root)
                lock = _Lock(self.root / "lock")
                if lock.take():
                    for _, _, path in self.files("tmp"):
                        path.unlink(missing_ok=True)
                lock.share()
                self._lock = lock
            return self._lock


class _Lock:
    """An open lock file, closed when nobody refers to it any more."""

    __slots__ = ("__weakref__", "_handle", "close")

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _FILE_MODE)
        self.close = weakref.finalize(self, os.close, self._handle)
        with suppress(PermissionError):  # It is another user's file, then.
            os.fchmod(self._handle, _FILE_MODE)

    def share(self) -> None:
        """Wait for the shared lock, giving up the exclusive one."""
        fcntl.flock(self._handle, fcntl.LOCK_SH)

    def take(self) -> bool:
        """Take the exclusive lock if nobody else has any; else return False, perhaps with no lock at all."""
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def make_directory(path: Path) -> None:
    """Make a directory and its parents; those that are made get a mode that does not depend on the umask."""
    if path.is_dir():
        return
    make_directory(path.parent)
    try:
        path.mkdir()
    except FileExistsError:
        return
    path.chmod(_DIRECTORY_MODE)
