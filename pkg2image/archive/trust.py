"""What was believed before: one high-water mark per source, so that time cannot be turned back.

A suite without Valid-Until can be frozen or rolled back for ever by whoever stands between us and the mirror. The
newest Release of each source that was ever believed is therefore remembered. This is state, not cache: losing it
loses protection, so a file that cannot be read is an error and is never replaced silently.

Spec: rules 6 and 7 of the trust policy.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pkg2image.archive.sources import Source
from pkg2image.errors import OutputError, TrustError

_FORMAT = 1


class TrustStateError(TrustError):
    """What was remembered about a source cannot be read."""


@dataclass(frozen=True, slots=True)
class HighWater:
    """The newest Release of one source that was ever believed.

    Args:
        date: Its Date in seconds since the epoch.
        origin: Its Origin; this and the following are empty where the Release says nothing.
        label: Its Label.
        suite: Its Suite.
        codename: Its Codename.
        path: The file that holds the mark; what a hint tells the user to remove. Empty before it is kept.
    """

    date: int
    origin: str = ""
    label: str = ""
    suite: str = ""
    codename: str = ""
    path: str = ""


class TrustMemory:
    """The marks of all sources, one file each; safe for several processes at once.

    Sources that are unsigned on request are neither remembered nor recalled: nobody vouches for their dates.

    Args:
        state_dir: The state directory; made when the first mark is kept. Never inside the cache.
    """

    def __init__(self, state_dir: Path) -> None:
        self._directory = state_dir / "releases"

    def recall(self, source: Source) -> HighWater | None:
        """Return the mark of a source, or None when it was never believed.

        Raises:
            TrustStateError: The mark is damaged.
            OutputError: It cannot be read.
        """
        return None if source.trusted else _load(self._path(source), source)

    def remember(self, source: Source, mark: HighWater) -> None:
        """Raise the mark of a source; a mark that is older than the kept one changes nothing.

        Raises:
            TrustStateError: The kept mark is damaged.
            OutputError: The state directory cannot be written.
        """
        if source.trusted:
            return
        path = self._path(source)
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _locked(self._directory):
                known = _load(path, source)
                if known is None or (known.date <= mark.date and known != replace(mark, path=known.path)):
                    _write(path, _dump(source, mark))
        except OSError as error:
            raise OutputError(
                f"cannot write the trust state {path}: {error.strerror}",
                hint="make the directory writable, or choose another one with PKG2IMAGE_STATE_DIR",
            ) from error

    def _path(self, source: Source) -> Path:
        """One file per source: a readable beginning, and a hash that tells apart what only looks alike."""
        key = hashlib.sha256(f"{source.public_uri}\0{source.suite}".encode()).hexdigest()[:16]
        name = re.sub(r"[^a-z0-9.-]+", "_", f"{source.public_uri.partition('://')[2]}{source.suite}".lower())
        return self._directory / f"{name[:100]}-{key}.json"


def _load(path: Path, source: Source) -> HighWater | None:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OutputError(
            f"cannot read the trust state {path}: {error.strerror}",
            hint="make the file readable, or choose another directory with PKG2IMAGE_STATE_DIR",
        ) from error
    except UnicodeDecodeError:
        raise _damaged(path, "it is not text") from None
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise _damaged(path, "it is not JSON") from None
    if not isinstance(value, dict) or value.get("format") != _FORMAT:
        raise _damaged(path, "it is not of a format that this version knows")
    if (value.get("uri"), value.get("source_suite")) != (source.public_uri, source.suite):
        raise _damaged(path, "it is about another source")
    date = value.get("date")
    words: dict[str, Any] = {name: value.get(name) for name in ("origin", "label", "suite", "codename")}
    if type(date) is not int or not all(isinstance(word, str) for word in words.values()):
        raise _damaged(path, "a value in it is missing or of the wrong kind")
    return HighWater(date=date, path=str(path), **words)


def _damaged(path: Path, reason: str) -> TrustStateError:
    return TrustStateError(
        f"cannot read the trust state {path}: {reason}",
        hint="remove the file to forget how new this source was; a rollback from before then goes unnoticed",
    )


def _dump(source: Source, mark: HighWater) -> bytes:
    facts = {name: value for name, value in asdict(mark).items() if name != "path"}
    value = {"format": _FORMAT, "uri": source.public_uri, "source_suite": source.suite, **facts}
    return json.dumps(value, indent=1, sort_keys=True).encode() + b"\n"


@contextlib.contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Keep other processes from reading, comparing and writing between ours."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write(path: Path, data: bytes) -> None:
    """Replace a file atomically: after a power cut it holds the old bytes or the new ones."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".tmp-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
