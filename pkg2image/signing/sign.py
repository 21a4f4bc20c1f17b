"""Signing an image file: beside the image inside an OCI archive, in a file beside any other.

A PEM key signs an OCI archive the way cosign does, and any other file with an envelope in ``FILE.intoto.jsonl``. An
OpenPGP key makes ``FILE.asc`` of any file, which is what appc asks for.

Spec: cosign specs/SIGNATURE_SPEC.md; SLSA v1.0 "Distributing provenance" (``.intoto.jsonl``).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from pkg2image.errors import OutputError, RequestError
from pkg2image.image.scan import MOST_CAPTURED, reading
from pkg2image.image.target import new_file
from pkg2image.signing import openpgp
from pkg2image.signing.attach import attach
from pkg2image.signing.cosign import (
    KEY_ID,
    PREDICATE_TYPE,
    Attached,
    Beside,
    attestation_of,
    payload_of,
    signature_of,
)
from pkg2image.signing.dsse import IN_TOTO, enveloped
from pkg2image.signing.keys import PrivateKey, is_openpgp, read_key_file, read_private_key
from pkg2image.signing.openpgp import OpenPgpKey, read_secret_key
from pkg2image.signing.statements import checked_predicate_type, plain_statement
from pkg2image.signing.subject import Subject, subject_of

ENVELOPES = ".intoto.jsonl"
"""End of the name of the file with the envelopes of another one, one a line."""

PROVENANCE = ".provenance.json"
"""End of the name of the file that says where images are from."""

Signer = PrivateKey | OpenPgpKey


def read_signer(path: Path, password: str | None) -> Signer:
    """Read a key that signs, of either kind.

    Args:
        path: The file.
        password: What it is encrypted with, or None.

    Raises:
        PasswordNeededError: When it is encrypted and there is no password.
        RequestError: When it is no key that can be used.
    """
    data = read_key_file(path)
    if is_openpgp(data):
        return read_secret_key(data, password, origin=str(path))
    return read_private_key(data, None if password is None else password.encode(), origin=str(path))


def sign(path: Path, signers: Sequence[Signer], *, statement: bytes | None = None) -> tuple[Path, ...]:
    """Sign an image.

    Args:
        path: An image file.
        signers: Who signs it.
        statement: An in-toto statement about it, such as its provenance, which is signed too.

    Returns:
        The files that were written.

    Raises:
        TrustError: When parts of the image do not belong together, or the statement is about something else.
        RequestError: When it is a directory.
        OutputError: When something cannot be written.
    """
    subject = subject_of(path)
    if path.is_dir():
        raise RequestError(f"cannot sign {path}: it is a directory", hint="sign the file that build has written")
    if statement is not None:
        checked_predicate_type(
            statement, subject, origin=f"the statement about {path}", hint="build the image with --provenance again"
        )
    keys = [signer for signer in signers if isinstance(signer, PrivateKey)]
    pgp = [signer for signer in signers if isinstance(signer, OpenPgpKey)]
    if len(pgp) > 1:
        raise RequestError(f"cannot sign {path} with two OpenPGP keys", hint="choose one")
    armoured = path.parent / f"{path.name}{openpgp.SUFFIX}"
    written: list[Path] = []
    if keys and subject.manifest is not None:
        if not pgp and armoured.exists():
            raise OutputError(
                f"cannot sign {path}: {armoured} would not fit it any more",
                hint="sign with both keys at once, or remove that file",
            )
        attach(subject, _attached(subject, keys, statement))
        written.append(path)
    elif keys:
        envelopes = path.parent / f"{path.name}{ENVELOPES}"
        _write_envelopes(envelopes, keys, statement or plain_statement(subject))
        written.append(envelopes)
    if pgp:
        write_beside(armoured, pgp[0].sign(path), known=b"-----BEGIN PGP SIGNATURE-----")
        written.append(armoured)
    return tuple(written)


def _attached(
    subject: Subject, keys: Sequence[PrivateKey], statement: bytes | None
) -> dict[Beside, tuple[Attached, ...]]:
    """Return what is beside an image already, with what these keys add or replace."""
    payload = payload_of(subject.digest, subject.name)
    found = {kind: list(subject.attached.get(kind, ())) for kind in Beside}
    for key in keys:
        added = {Beside.SIGNATURES: signature_of(payload, key.sign(payload), key.public.id)}
        if statement is not None:
            kind = checked_predicate_type(statement, subject, origin=str(subject.path))
            envelope = enveloped(statement, IN_TOTO, key).render()
            added[Beside.ATTESTATIONS] = attestation_of(envelope, kind, key.public.id)
        for beside, each in added.items():
            found[beside] = [other for other in found[beside] if not _is_replaced(other, each)] + [each]
    return {kind: tuple(each) for kind, each in found.items()}


def _is_replaced(old: Attached, new: Attached) -> bool:
    """Say whether a signature takes the place of another: by the same key, of the same kind."""
    names = (KEY_ID, PREDICATE_TYPE)
    return [old.annotations.get(name) for name in names] == [new.annotations.get(name) for name in names]


def _write_envelopes(path: Path, keys: Sequence[PrivateKey], statement: bytes) -> None:
    """Write the file of envelopes; those of other keys about the same file stay in it."""
    ids = {key.public.id for key in keys}
    lines = [line for line in read_envelopes(path) if not _is_by(line, ids)] if path.exists() else []
    lines += [enveloped(statement, IN_TOTO, key).render().rstrip(b"\n") for key in keys]
    write_beside(path, b"".join(line + b"\n" for line in lines), known=b'{"payload":')


def read_envelopes(path: Path) -> list[bytes]:
    """Return the lines of a file of envelopes.

    Raises:
        RequestError: When it cannot be read.
    """
    with reading(path, "signatures"), path.open("rb") as file:
        data = file.read(MOST_CAPTURED + 1)
        if len(data) > MOST_CAPTURED:
            raise ValueError("it is larger than any such file")
    return [line for line in data.splitlines() if line.strip()]


def _is_by(line: bytes, ids: set[str]) -> bool:
    try:
        return any(each["keyid"] in ids for each in json.loads(line)["signatures"])
    except (ValueError, TypeError, KeyError):
        return False


def write_beside(path: Path, data: bytes, *, known: bytes) -> None:
    """Write a file that lies beside an image.

    Args:
        path: Where to.
        data: Its content.
        known: What a file begins with that is there already and may be replaced.

    Raises:
        OutputError: When it cannot be written, or something else is there.
    """
    ours = False
    if path.is_file():
        with reading(path, "signature"), path.open("rb") as old:
            ours = old.read(len(known)) == known
    with new_file(path, force=ours) as file:
        file.write(data)
