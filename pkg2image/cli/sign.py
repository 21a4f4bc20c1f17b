"""``pkg2image sign``: sign images with a key in a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from pkg2image.cli.terminal import show
from pkg2image.errors import OutputError
from pkg2image.image.companions import companion
from pkg2image.signing.keys import PasswordNeededError
from pkg2image.signing.sign import PROVENANCE, Signer, read_signer, sign

_VARIABLE = "PKG2IMAGE_KEY_PASSWORD"


@click.command("sign")
@click.argument("images", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="IMAGE...")
@click.option(
    "--key",
    "keys",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Private key: PEM (ECDSA P-256, Ed25519) or OpenPGP; repeatable.",
)
def command(images: tuple[Path, ...], *, keys: tuple[Path, ...]) -> None:
    """Sign images with a key in a file, and their provenance where it lies beside them.

    A PEM key signs an OCI archive as cosign does, inside the archive, and any other file in IMAGE.intoto.jsonl. An
    OpenPGP key makes IMAGE.asc. The password of a key is that in PKG2IMAGE_KEY_PASSWORD, or is asked for.

    \b
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem
    openssl pkey -in key.pem -pubout -out key.pub
    pkg2image build nginx --provenance
    pkg2image sign nginx.oci.tar --key key.pem
    pkg2image verify nginx.oci.tar --key key.pub
    """  # noqa: D301 -- click wants the backspace itself
    signers = read_signers(keys)
    for image in images:
        for written in sign(image, signers, statement=_statement(image)):
            show(str(written))


def read_signers(keys: Sequence[Path]) -> tuple[Signer, ...]:
    """Read private keys; who has a terminal is asked for the passwords of those that are encrypted.

    Raises:
        RequestError: When one cannot be used.
    """
    return tuple(_signer(key) for key in keys)


def _signer(key: Path) -> Signer:
    password = os.environ.get(_VARIABLE)
    try:
        return read_signer(key, password)
    except PasswordNeededError:
        if not sys.stdin.isatty():
            raise
    return read_signer(key, click.prompt(f"Password of {key}", hide_input=True, err=True))


def _statement(image: Path) -> bytes | None:
    path = companion(image, PROVENANCE)
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OutputError(f"cannot read {path}: {error.strerror}", hint="make it readable, or remove it") from error
