"""What goes along with an image that is passed on: of an image file, or of packages as a build would put them in."""

from __future__ import annotations

import os
import re
from pathlib import Path

from pkg2image.image.content import ContentReader
from pkg2image.image.target import check_target, new_directory
from pkg2image.image.tarwriter import DIRECTORY_MTIME
from pkg2image.making.bills import made_bill
from pkg2image.pipeline import settled
from pkg2image.planning.offer import architectures_of
from pkg2image.request import BuildRequest
from pkg2image.rootfs.tree import ReadContent, Tree
from pkg2image.sbom.bill import Bill
from pkg2image.sbom.carried import read_carried
from pkg2image.sbom.legal import legal_files
from pkg2image.sbom.survey import bill_of
from pkg2image.world import World

# An image of somebody may have other names where texts of licences are.
_NAME = re.compile(r"(?:[A-Za-z0-9+-][A-Za-z0-9+._-]*/)?[A-Za-z0-9+-][A-Za-z0-9+._-]*", re.ASCII)


def legal_of_image(image: Path, output: Path) -> Bill:
    """Write the texts, the table and the sources of an image file into a directory.

    Args:
        image: An image of ours, of any format.
        output: The directory; one that was written by this before is replaced.

    Raises:
        RequestError: When it is no image of ours, or broken.
        OutputError: When the directory cannot be written or is not ours.
    """
    check_target(output, directory=True)
    lock, files = read_carried(image)
    bill = bill_of(lock, files.tree, read=files.read, sha1=files.sha1)
    _write(bill, files.tree, files.read, output)
    return bill


def legal_of_packages(request: BuildRequest, world: World, output: Path) -> tuple[Bill, ...]:
    """Write the same of the images that a request asks for, without writing these.

    Args:
        request: What is wanted; for several architectures each has a directory of its own below the output.
        world: Store, network, clock.
        output: As of `legal_of_image`.

    Raises:
        Pkg2ImageError: As `pkg2image.pipeline.build`.
    """
    architectures = architectures_of(request, world)
    places = {each: output / each if len(architectures) > 1 else output for each in architectures}
    bills = []
    for architecture, place in places.items():
        check_target(place, directory=True)
        found = settled(request, architecture, world)
        bill = made_bill(found.made, found.debs, world.store)
        with ContentReader(world.store) as reader:
            _write(bill, found.made.tree, reader.read, place)
        bills.append(bill)
    return tuple(bills)


def _write(bill: Bill, tree: Tree, read: ReadContent, output: Path) -> None:
    with new_directory(output) as directory:
        for name, data in legal_files(bill, tree, read):
            if _NAME.fullmatch(name):
                path = directory / name
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(data)
                path.chmod(0o644)
        for path in (directory, *(each for each in directory.iterdir() if each.is_dir())):
            path.chmod(0o755)
            os.utime(path, (DIRECTORY_MTIME, DIRECTORY_MTIME))
