"""What a container may write: copies of the image's directories, wherever its symlinks lead inside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pkg2image.selftest.places import real_path, writable_places


@pytest.fixture
def rootfs(tmp_path: Path) -> Path:
    """A root filesystem."""
    root = tmp_path / "rootfs"
    for name in ("run/web", "tmp", "var/lib/web", "etc"):
        (root / name).mkdir(parents=True)
    (root / "tmp").chmod(0o1777)
    (root / "run/web").chmod(0o2750)
    (root / "var/lib/web/data").write_text("data")
    (root / "var/lib/web/link").symlink_to("/etc/passwd")
    (root / "var/run").symlink_to("/run")
    (root / "var/up").symlink_to("../../../../etc")
    (root / "loop").symlink_to("loop")
    return root


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/var/lib/web", "/var/lib/web"),
        ("/var/run/web", "/run/web"),
        ("/var/up/x", "/etc/x"),
        ("/missing/dir", "/missing/dir"),
        ("/../../etc", "/etc"),
        ("/loop/x", "/loop/x"),
        ("/", "/"),
    ],
)
def test_symlinks_lead_to_places_in_the_image(rootfs: Path, path: str, found: str) -> None:
    assert real_path(rootfs, path) == found


def test_places_begin_with_what_the_image_has(rootfs: Path, tmp_path: Path) -> None:
    places = dict(writable_places(rootfs, ("/var/lib/web", "/var/run/web", "/srv/new"), tmp_path / "places"))
    assert list(places) == ["/run", "/run/web", "/srv/new", "/tmp", "/var/lib/web"]
    assert places["/tmp"].stat().st_mode & 0o7777 == 0o1777
    assert (places["/run"] / "web").stat().st_mode & 0o7777 == 0o2750
    assert (places["/var/lib/web"] / "data").read_text() == "data"
    assert str((places["/var/lib/web"] / "link").readlink()) == "/etc/passwd"
    assert list(places["/srv/new"].iterdir()) == []
    (places["/var/lib/web"] / "data").write_text("changed")
    assert (rootfs / "var/lib/web/data").read_text() == "data"
