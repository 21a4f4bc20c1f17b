"""``pkg2image verify``: is an image what its lock says, and is it signed?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pkg2image.cli.options import MIRROR, OFFLINE, shared_options, world_of
from pkg2image.cli.terminal import show, show_json, tell
from pkg2image.errors import DifferenceError
from pkg2image.request import make_request


@click.command("verify")
@click.argument("image", type=click.Path(path_type=Path))
@click.option(
    "--key",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Only check the signatures: by this public key, PEM or OpenPGP.",
)
@click.option(
    "--lock",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Compare with what this lock gives.  [default: the lock in the image]",
)
@click.option(
    "--compression",
    metavar="NAME[:N]",
    help="How the image was compressed, where it is no OCI image, which says so.  [default: as usual]",
)
@MIRROR
@OFFLINE
@click.option("--json", "as_json", is_flag=True, help="Print the verdict as JSON.")
@shared_options
def command(
    *,
    image: Path,
    key: Path | None,
    lock: Path | None,
    compression: str | None,
    mirror: tuple[str, ...],
    as_json: bool,
    **parameters: Any,
) -> None:
    """Build an image again from the lock inside it and compare the two, to the last byte.

    Every path that differs is named, and what differs: content, mode, owner, time. The exit code is 12 then. Packages
    come from the store or from where they were, by their hashes; no index is read.
    """
    if key is not None:
        with world_of(parameters) as world:
            _check_signatures(image, key, now=world.now, as_json=as_json)
        return
    from pkg2image.lock.reading import load_lock  # noqa: PLC0415 -- who only checks signatures does not pay for it
    from pkg2image.verifying.verify import verify  # noqa: PLC0415 -- likewise

    asked = make_request({"packages": ("image",), "mirror": mirror}, None)
    with world_of(parameters) as world:
        given = load_lock(lock) if lock else None
        verdict = verify(image, world, lock=given, compression=compression, asked=asked)
    if as_json:
        show_json(verdict.render())
    for note in verdict.notes:
        tell(f"note: {note}")
    if verdict.divergences:
        raise DifferenceError(
            f"cannot get {image} again: its lock gives something else",
            differences=tuple(map(str, verdict.divergences)),
            hint="use the image that the lock gives: pkg2image build --lock FILE --frozen",
        )
    if not as_json:
        show(f"{image}: equal to what its lock gives ({verdict.lock})")


def _check_signatures(image: Path, key: Path, *, now: int, as_json: bool) -> None:
    from pkg2image.signing.verify import verify_signatures  # noqa: PLC0415 -- who builds again does not pay for it

    found = verify_signatures(image, key, now=now)
    if as_json:
        show_json(found.render())
        return
    for signer in found.keys:
        show(f"{image}: {found.digest} signed by {signer}")
    for kind in found.statements:
        show(f"{image}: with a signed statement of the kind {kind}")
