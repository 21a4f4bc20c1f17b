"""What is started in an image when nobody says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from pkg2image.analysis.runtime import PATH, plain_config
from pkg2image.rootfs.tree import Entry
from tests.support.images import Workshop, directory, file, symlink


@pytest.mark.parametrize(
    ("entries", "entrypoint"),
    [
        ({"usr/bin/hello": file("hello", mode=0o755)}, ("/usr/bin/hello",)),
        ({"usr/sbin/hello": file("hello", mode=0o755)}, ("/usr/sbin/hello",)),
        ({"usr/games/hello": file("hello", mode=0o755)}, ("/usr/games/hello",)),
        ({f"usr/{name}/hello": file("hello", mode=0o755) for name in ("bin", "sbin")}, ("/usr/sbin/hello",)),
        ({"usr/bin/hello": symlink("hello-2"), "usr/bin/hello-2": file("hello", mode=0o755)}, ("/usr/bin/hello",)),
        ({"usr/bin/hello": symlink("nowhere")}, ()),
        ({"usr/bin/hello": file("hello", mode=0o644)}, ()),
        ({"usr/bin/hello": directory("hello")}, ()),
        ({"usr/bin/hello2": file("hello", mode=0o755)}, ()),
        ({"opt/hello": file("hello", mode=0o755)}, ()),
        ({}, ()),
    ],
    ids=str,
)
def test_the_program_of_the_name_of_the_package(
    tmp_path: Path, entries: dict[str, Entry], entrypoint: tuple[str, ...]
) -> None:
    config = plain_config(Workshop(tmp_path).tree(entries), "hello")
    assert config.entrypoint == entrypoint
    assert config.environment == (("PATH", PATH), ("LANG", "C.UTF-8"))
    assert (config.command, config.user, config.ports, config.volumes) == ((), "", (), ())
