"""The keys that a source may be signed by: its own, the user's, the host's, and Debian's, which are data here.

Keys are scoped: those that a source names are the only ones for it, and nothing is added to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path

from pkg2image.archive.certificates import keys_of, parse_certificates
from pkg2image.archive.distributions import distribution_of
from pkg2image.archive.sources import Source
from pkg2image.errors import RequestError, TrustError

_SIZE_LIMIT = 16 << 20
_HOST_DIRECTORY = "usr/share/keyrings"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*", re.ASCII)


class NoKeyringError(TrustError):
    """No key is known that could have signed a source."""


def keys_for(
    source: Source, *, keyrings: Sequence[Path] = (), distribution: str | None = None, root: Path = Path("/")
) -> tuple[bytes, ...]:
    """Return the keyrings, binary or armoured, whose certificates may sign a source.

    Signed-By of the source wins over the user's keyrings, these win over the keyring of the distribution.

    Args:
        source: Its ``signed_by`` and ``fingerprints`` are honoured.
        keyrings: Files given with ``--keyring``, for sources that name no keys.
        distribution: As os-release has it in ID; None means that the suite's name tells.
        root: Where the host's files are, those of Signed-By included.

    Raises:
        RequestError: A file cannot be read or is not a keyring, or holds no key with a wanted fingerprint.
        NoKeyringError: The source names no keys, and neither does the user, the host, nor our data.
    """
    if source.signed_by:
        keys = tuple(_read(each, root) for each in source.signed_by)
    elif keyrings:
        keys = tuple(_read_file(path) for path in keyrings)
    else:
        known = distribution_of(source.suite)
        keys = distribution_keyrings(distribution or (known.name if known else ""), root=root)
    if not keys:
        raise NoKeyringError(
            f"cannot trust {source}: no key is known that could have signed it",
            hint="give its key file with --keyring, or in the source with signed-by",
        )
    return _only(keys, source) if source.fingerprints else keys


def distribution_keyrings(distribution: str, *, root: Path = Path("/")) -> tuple[bytes, ...]:
    """Return the keyrings of a distribution: the host's and ours, either of which may be the newer one.

    Args:
        distribution: As os-release has it in ID, for example ``debian``; another word finds nothing.
        root: Where the host's files are.

    Raises:
        RequestError: The host's file is there but cannot be read or is not a keyring.
    """
    if _NAME.fullmatch(distribution) is None:
        return ()
    host = (root / _HOST_DIRECTORY / f"{distribution}-archive-keyring.{kind}" for kind in ("gpg", "pgp"))
    return (
        *(_read_file(path) for path in host if path.exists()),
        *_bundled(f"{distribution}-archive-"),
    )


def _bundled(prefix: str) -> Iterator[bytes]:
    files = {each.name: each for each in resources.files(__name__).iterdir()}
    for name in sorted(files):
        if name.startswith(prefix) and name.endswith(".gpg"):
            yield files[name].read_bytes()


def _read(named: Path | bytes, root: Path) -> bytes:
    """Return a key of Signed-By: an inline block, or a file of the host."""
    if isinstance(named, bytes):
        parse_certificates(named, origin="in signed-by")
        return named
    return _read_file(root / named.relative_to("/"))


def _read_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_SIZE_LIMIT + 1)
    except OSError as error:
        raise RequestError(
            f"cannot read the keyring {path}: {error.strerror}", hint="check --keyring and signed-by"
        ) from error
    if len(data) > _SIZE_LIMIT:
        raise RequestError(f"cannot read the keyring {path}: it is longer than {_SIZE_LIMIT >> 20} MiB")
    parse_certificates(data, origin=str(path))
    return data


def _only(keys: tuple[bytes, ...], source: Source) -> tuple[bytes, ...]:
    """Return the certificates that have a key with one of the fingerprints that the source allows."""
    wanted = set(source.fingerprints)
    certificates = [each for data in keys for each in parse_certificates(data, origin="given")]
    chosen = tuple(bytes(each) for each in certificates if wanted & {key.fingerprint for key in keys_of(each)})
    if not chosen:
        raise RequestError(
            f"cannot use {source}: no known key has the fingerprint {source.fingerprints[0]}",
            hint="give the file with this key with --keyring",
        )
    return chosen
