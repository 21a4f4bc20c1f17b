"""What ``build`` says about the images that it has written, and signs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from pkg2image import __version__
from pkg2image.digest import sha256
from pkg2image.errors import OutputError, UsageError
from pkg2image.image.companions import companion
from pkg2image.pipeline import BuildResult
from pkg2image.plan import ReadFile
from pkg2image.provenance.statement import provenance
from pkg2image.request import BuildRequest, Format
from pkg2image.signing.sign import PROVENANCE, Signer, sign, write_beside
from pkg2image.signing.subject import subject_of

_KNOWN = b'{"_type":"https://in-toto.io/Statement/v1"'


def check_formats(request: BuildRequest) -> None:
    """Make sure that there will be something that a statement can be about.

    Raises:
        UsageError: When a directory is to be written.
    """
    if Format.DIR in request.formats:
        raise UsageError(
            "cannot say where a directory is from, nor sign it: only a file has a digest",
            hint="write --format rootfs instead",
        )


def attest(
    results: Iterable[BuildResult], *, lock_file: Path | None, keep: bool, signers: Sequence[Signer]
) -> tuple[BuildResult, ...]:
    """Say where images are from.

    Args:
        results: What was built.
        lock_file: The lock that it was built from, or None.
        keep: Whether it is said in a file beside the images.
        signers: Who signs the images, and with them where they are from.

    Returns:
        The same; signatures inside an image make its file larger.

    Raises:
        OutputError: When something cannot be written.
        TrustError: When an image is no longer what was written.
    """
    locks = () if lock_file is None else (_read(lock_file),)
    told = []
    for result in results:
        subjects = [subject_of(output.path) for output in result.outputs]
        statement = provenance(
            result.lock,
            [(each.name, each.digest) for each in subjects],
            read=(*result.read, *locks),
            tool=__version__,
            beside=[(bill.path.name, bill.digest) for bill in result.bills],
        )
        if keep:
            write_beside(companion(subjects[0].path, PROVENANCE), statement, known=_KNOWN)
        if signers:
            for each in subjects:
                sign(each.path, signers, statement=statement)
        outputs = tuple(replace(output, size=output.path.stat().st_size) for output in result.outputs)
        told.append(replace(result, outputs=outputs))
    return tuple(told)


def _read(lock_file: Path) -> ReadFile:
    try:
        return ReadFile(f"file:{lock_file.name}", sha256(lock_file.read_bytes()))
    except OSError as error:
        raise OutputError(f"cannot read {lock_file}: {error.strerror}", hint="build again") from error
