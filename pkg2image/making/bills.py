"""The bill of materials of a build: beside the image, and on request in it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pkg2image.deb.facts import FetchedDeb
from pkg2image.digest import Digest, sha256
from pkg2image.image.companions import companion
from pkg2image.image.content import ContentReader
from pkg2image.image.target import check_target, new_file
from pkg2image.making.configure import Configured
from pkg2image.making.write import Destination
from pkg2image.request import BuildRequest
from pkg2image.rootfs.provision import add_file
from pkg2image.sbom.bill import Bill
from pkg2image.sbom.forms import Form, render
from pkg2image.sbom.hashes import FileHashes
from pkg2image.sbom.origins import OWN
from pkg2image.sbom.survey import bill_of
from pkg2image.store import Store

_INSIDE = Form.SPDX


@dataclass(frozen=True, slots=True)
class WrittenBill:
    """A bill beside the image.

    Args:
        form: What it is written as.
        path: Where it lies.
        digest: Of the file.
        size: Bytes of it.
    """

    form: Form
    path: Path
    digest: Digest
    size: int


def bill_places(request: BuildRequest, wanted: Sequence[Destination]) -> dict[Form, Path]:
    """Decide where the bills of one architecture go, and make sure that they may.

    Args:
        request: Which forms are wanted.
        wanted: Where the outputs go; their bill is one, since all of them hold the same files.

    Raises:
        OutputError: When something that is not ours lies in the way.
    """
    places = {form: companion(wanted[0].path, form.suffix) for form in Form if form in request.sbom}
    for path in places.values():
        if os.path.lexists(path.parent):  # else it is made when the outputs are
            check_target(path, force=request.force)
    return places


def made_bill(made: Configured, debs: Sequence[FetchedDeb], store: Store) -> Bill:
    """Make the bill of a finished tree.

    Args:
        made: The tree, with its lock in it.
        debs: Its packages.
        store: Where contents lie, and what was found out about them.

    Raises:
        TrustError: When content has changed in the store.
    """
    if made.lock is None:
        raise ValueError("a tree without a lock")
    with ContentReader(store) as reader:
        hashes = FileHashes(debs, reader.pieces, store)
        return bill_of(made.lock, made.tree, read=reader.read, sha1=hashes.sha1, records=store)


def with_bill(made: Configured, debs: Sequence[FetchedDeb], store: Store, *, epoch: int) -> Configured:
    """Return a configured tree with its bill in it.

    Args:
        made: The tree, with its lock; changed in place.
        debs: Its packages.
        store: As `made_bill`.
        epoch: Time of the file, in seconds since the epoch.
    """
    data = render(made_bill(made, debs, store), _INSIDE)
    add_file(made.tree, f"{OWN}/sbom{_INSIDE.suffix}", data, origin="sbom", mtime=epoch)
    return made


def write_bills(bill: Bill, places: dict[Form, Path], *, force: bool) -> Iterator[WrittenBill]:
    """Write a bill in every wanted form.

    Args:
        bill: The bill.
        places: Where to.
        force: Whether files that are not ours may be replaced.

    Raises:
        OutputError: When a file cannot be written.
    """
    for form, path in places.items():
        data = render(bill, form)
        with new_file(path, force=force) as file:
            file.write(data)
        yield WrittenBill(form, path, sha256(data), len(data))
