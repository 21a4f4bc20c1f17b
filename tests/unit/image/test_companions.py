"""Names of what lies beside images."""

from __future__ import annotations

from pathlib import Path

import pytest

from pkg2image.image.companions import companion


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("web.oci.tar", "web.spdx.json"),
        ("web.docker.tar", "web.spdx.json"),
        ("web.aci", "web.spdx.json"),
        ("web.rootfs.tar", "web.spdx.json"),
        ("web.rootfs.tar.zst", "web.spdx.json"),
        ("web.dir", "web.spdx.json"),
        ("web.tar", "web.tar.spdx.json"),
        ("web", "web.spdx.json"),
        (".aci", ".aci.spdx.json"),
        (".", ".spdx.json"),
    ],
)
def test_a_companion_lies_beside_the_image(image: str, name: str) -> None:
    assert companion(Path(image), ".spdx.json") == Path(name)
    if image != ".":
        assert companion(Path("/a/b.aci") / image, ".spdx.json") == Path("/a/b.aci") / name
