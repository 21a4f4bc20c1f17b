"""An image and keys that tests of signatures share; each test gets a copy of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pkg2image.image.outputs import write_docker_archive, write_oci_archive
from pkg2image.signing.sign import read_signer, sign
from tests.support.images import Workshop, sample_entries
from tests.support.signed import KeyFiles, key_files


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> KeyFiles:
    return key_files(tmp_path_factory.mktemp("key"))


@pytest.fixture(scope="session")
def other_key(tmp_path_factory: pytest.TempPathFactory) -> KeyFiles:
    return key_files(tmp_path_factory.mktemp("other-key"), algorithm="ed25519")


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory, key: KeyFiles) -> Path:
    """A directory with images as they were built, and one that is signed."""
    root = tmp_path_factory.mktemp("images")
    workshop = Workshop(root)
    image = workshop.image(workshop.tree(sample_entries()))
    write_oci_archive(image, workshop.store, root / "plain.oci.tar")
    write_docker_archive(image, workshop.store, root / "plain.docker.tar")
    shutil.copy(root / "plain.oci.tar", root / "signed.oci.tar")
    sign(root / "signed.oci.tar", [read_signer(key.private, None)])
    return root


@pytest.fixture
def image(images: Path, tmp_path: Path) -> Path:
    """An OCI archive that nobody has signed."""
    return Path(shutil.copy(images / "plain.oci.tar", tmp_path / "hello.oci.tar"))


@pytest.fixture
def signed(images: Path, tmp_path: Path) -> Path:
    """An OCI archive that the key has signed."""
    return Path(shutil.copy(images / "signed.oci.tar", tmp_path / "signed.oci.tar"))


@pytest.fixture
def docker_image(images: Path, tmp_path: Path) -> Path:
    """A file of another format."""
    return Path(shutil.copy(images / "plain.docker.tar", tmp_path / "hello.docker.tar"))
