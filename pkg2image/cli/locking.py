"""Lock files on the command line: requests that they answer, and where they are written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pkg2image.cli.options import request_of
from pkg2image.cli.terminal import tell
from pkg2image.errors import OutputError, RequestError, UsageError
from pkg2image.pipeline import BuildResult, Locked
from pkg2image.request import BuildRequest

if TYPE_CHECKING:
    from pkg2image.lock.model import Lock


def held_request(parameters: dict[str, Any]) -> tuple[BuildRequest, Locked | None]:
    """Return what is asked for, and the lock that it is held to.

    Args:
        parameters: Of a command with ``--lock`` and ``--frozen``.

    Returns:
        The request, and None when no lock is named or it is to be written.

    Raises:
        UsageError: When ``--frozen`` stands alone, or nothing is asked for.
        LockError: When the lock cannot be used.
        RequestError: When the request makes no sense, or is another one than that of the lock.
    """
    path, frozen = parameters["lock"], parameters["frozen"]
    if path is None:
        if frozen:
            raise UsageError("cannot build frozen: no lock is named", hint="name it with --lock FILE")
        return request_of(parameters), None
    if not frozen and not path.exists():
        request = request_of(parameters)
        _check_writable(request, path)
        return request, None
    return _held(parameters, path, exactly=frozen)


def _held(parameters: dict[str, Any], path: Path, *, exactly: bool) -> tuple[BuildRequest, Locked]:
    from pkg2image.lock.reading import load_lock  # noqa: PLC0415 -- only who names a lock pays for it
    from pkg2image.planning.relocking import places_of_lock, relocked_request  # noqa: PLC0415 -- likewise

    lock = load_lock(path)
    whole = bool(parameters["packages"] or parameters["image_file"])
    if not whole:
        parameters = {**parameters, "packages": lock.request.packages}
    if parameters["compression"] is None and lock.compressor:
        # The identity of a compressor begins with what asks for it.
        parameters = {**parameters, "compression": ":".join(lock.compressor.split(":")[:2])}
    asked = request_of(parameters)
    request = relocked_request(lock, asked, whole=whole, origin=str(path))
    return request, Locked(lock, exactly, places_of_lock(asked, path.parent))


def _check_writable(request: BuildRequest, path: Path) -> None:
    """Make sure that a lock can be written when the image is made."""
    if len(request.architectures) > 1:
        several = " and ".join(request.architectures)
        raise RequestError(
            f"cannot write the lock {path}: a lock is for one architecture, not for {several}",
            hint=f"build for one of them: --arch {request.architectures[0]}",
        )
    check_lock_file(path, force=False)


def check_lock_file(path: Path, *, force: bool) -> None:
    """Make sure that a lock may be written to a place.

    Raises:
        OutputError: When something else is there, or nothing can be.
    """
    from pkg2image.image.target import check_target  # noqa: PLC0415 -- only who writes a lock pays for it

    if path.is_file() and not _is_lock(path) and not force:
        raise OutputError(
            f"cannot write {path}: it exists and is not a lock", hint="use --force to replace it, or name another file"
        )
    check_target(path, force=True)


def _is_lock(path: Path) -> bool:
    from pkg2image.lock.writing import NOTICE  # noqa: PLC0415 -- as above

    try:
        with path.open("rb") as file:
            head = file.read(len(NOTICE))
    except OSError:
        return False
    return head == NOTICE.encode() or not head


def keep_lock(results: Sequence[BuildResult], path: Path, *, quiet: bool) -> None:
    """Write the lock of the image that was built.

    Raises:
        OutputError: When it cannot be written.
    """
    write_lock_file(results[0].lock, path, force=False)
    if not quiet:
        tell(f"{path}: the lock of what was built")


def write_lock_file(lock: Lock, path: Path, *, force: bool) -> None:
    """Write a lock.

    Raises:
        OutputError: When it cannot be written.
    """
    from pkg2image.image.target import new_file  # noqa: PLC0415 -- only who writes a lock pays for it
    from pkg2image.lock.writing import write_lock  # noqa: PLC0415 -- likewise

    check_lock_file(path, force=force)
    with new_file(path, force=True) as file:
        file.write(write_lock(lock))
