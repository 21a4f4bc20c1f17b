"""What is left of an image, and why; what goes, and by which rule."""

from __future__ import annotations

from dataclasses import replace

from pkg2image.rootfs.tree import Entry, Kind
from tests.support.parts import LIBRARIES, Parts, program, shared
from tests.support.slimming import files_of, slimmed


def _image() -> Parts:
    parts = Parts().libc().elf("usr/bin/app", program("libx.so.1", "libc.so.6"))
    for name in ("x", "y"):
        parts.elf(f"{LIBRARIES}/lib{name}.so.1.2", shared(f"lib{name}.so.1", "libc.so.6"), package=f"lib{name}1")
        parts.link(f"{LIBRARIES}/lib{name}.so.1", f"lib{name}.so.1.2", package=f"lib{name}1")
        parts.add(f"usr/share/doc/lib{name}1/copyright", package=f"lib{name}1")
    return parts


def test_libraries_that_nothing_reaches_go() -> None:
    result = slimmed(_image(), ["app"], packages=["app"])
    assert files_of(result) == [
        "usr/bin/app",
        f"{LIBRARIES}/ld-linux-x86-64.so.2",
        f"{LIBRARIES}/libc.so.6",
        f"{LIBRARIES}/libx.so.1",
        f"{LIBRARIES}/libx.so.1.2",
        "usr/lib64/ld-linux-x86-64.so.2",
        "usr/share/doc/libx1/copyright",
    ]


def test_every_path_has_a_reason_or_a_rule() -> None:
    parts = _image()
    result = slimmed(parts, ["app"], packages=["app"])
    kept = {path for path, _ in result.tree.walk()}
    assert kept == set(result.reasons)
    dropped = {item.path: item.rule for item in result.dropped}
    assert kept | set(dropped) == {path for path, _ in parts.tree.walk()}
    assert not kept & set(dropped)
    assert str(result.reasons["usr/bin/app"]) == "is started as app"
    assert str(result.reasons[f"{LIBRARIES}/libx.so.1"]) == "/usr/bin/app is linked with libx.so.1"
    assert str(result.reasons["usr/share/doc/libx1"]) == "holds /usr/share/doc/libx1/copyright"
    assert dropped[f"{LIBRARIES}/liby.so.1.2"] == "not reached"
    assert dropped["usr/share/doc/liby1"] == "nothing is left in it"


def test_the_image_itself_is_not_changed() -> None:
    parts = _image()
    before = dict(parts.tree.walk())
    slimmed(parts, ["app"])
    assert dict(parts.tree.walk()) == before


def test_what_was_made_for_the_image_stays() -> None:
    parts = _image().add("etc/made", package="").add("var/lib/dpkg/status", package="")
    parts.link("etc/alternatives/x", "/usr/bin/app", package="").link(
        "etc/alternatives/y", f"/{LIBRARIES}/liby.so.1", package=""
    )
    parts.link("etc/mtab", "/proc/mounts", package="")
    result = slimmed(parts, ["app"])
    assert {"etc/made", "var/lib/dpkg/status", "etc/alternatives/x", "etc/mtab"} <= set(result.reasons)
    assert {item.path: item.rule for item in result.dropped}["etc/alternatives/y"] == "links to what is left out"


def test_what_every_image_has_stays() -> None:
    parts = (
        _image().add("usr/lib/os-release", package="base-files").add("usr/share/base-files/motd", package="base-files")
    )
    parts.add("usr/lib/locale/C.utf8/LC_CTYPE", package="libc-bin").add(
        "usr/bin/locale", package="libc-bin", mode=0o755
    )
    parts.link("etc/os-release", "../usr/lib/os-release", package="base-files")
    parts.link("libx32", "usr/libx32", package="base-files")
    kept = files_of(slimmed(parts, ["app"]))
    assert {"etc/os-release", "libx32", "usr/lib/os-release", "usr/lib/locale/C.utf8/LC_CTYPE"} <= set(kept)
    assert not {"usr/share/base-files/motd", "usr/bin/locale"} & set(kept)


def test_files_of_a_recipe_are_followed() -> None:
    parts = _image().add("usr/local/bin/start", "#!/bin/sh\ngzip x\n", package="", mode=0o755)
    parts.tree.change("usr/local/bin/start", origin="recipe app")
    parts.elf("usr/bin/gzip", program(), package="gzip").elf("usr/bin/sh", program(), package="dash")
    kept = files_of(slimmed(parts))
    assert {"usr/local/bin/start", "usr/bin/gzip", "usr/bin/sh"} <= set(kept)


def test_empty_directories_that_programs_expect() -> None:
    parts = _image()
    for path, package in (
        ("var/lib/app", "app"),
        ("var/lib/liby", "liby1"),
        ("usr/lib/app/plugins", "app"),
        ("run/made", ""),
    ):
        parts.tree.make_directories(path)
        parts.tree.change(path, package=package)
    parts.tree.change("usr/lib/app", package="app")
    result = slimmed(parts, ["app"], packages=["app"])
    assert {"var/lib/app", "usr/lib/app/plugins", "run/made"} <= set(result.reasons)
    assert "var/lib/liby" not in result.tree


def test_devices_stay() -> None:
    parts = _image()
    parts.tree.make_directories("dev")
    parts.tree.put("dev/null", Entry(Kind.CHARACTER, 0o666, device=(1, 3), package="makedev"))
    assert "dev/null" in slimmed(parts, ["app"]).tree


def test_a_rule_wins_over_the_package_and_a_reference_over_the_rule() -> None:
    parts = _image().add("usr/include/app.h").add("usr/include/named.h")
    facts = parts.elves[parts.tree["usr/bin/app"].content.sha256]  # type: ignore[union-attr]
    parts.elf("usr/bin/app", replace(facts, needed=("libz.so",)))
    parts.elf("usr/lib/debug/libz.so", shared("libz.so"), package="libz1")
    result = slimmed(parts, ["app"], packages=["app"], keep=["/usr/include/named.h"])
    rules = {item.path: item.rule for item in result.dropped}
    assert rules["usr/include/app.h"] == "development files"
    assert "usr/include/named.h" in result.tree
    assert "usr/lib/debug/libz.so" in result.tree


def test_optional_parts_take_their_libraries_with_them() -> None:
    parts = _image().elf("usr/lib/app/jit.so", shared("", "liby.so.1"))
    with_it = slimmed(parts, ["app"], packages=["app"])
    without = slimmed(parts, ["app"], packages=["app"], rule=lambda path: "feature jit" if "jit" in path else "")
    assert f"{LIBRARIES}/liby.so.1.2" in with_it.tree
    assert f"{LIBRARIES}/liby.so.1.2" not in without.tree
    assert {item.path: item.rule for item in without.dropped}["usr/lib/app/jit.so"] == "feature jit"


def test_what_only_developers_of_python_need_says_so() -> None:
    parts = _image().add("usr/lib/python3.13/test/test_os.py", package="libpython3.13-stdlib")
    parts.add("usr/lib/python3.13/json/__init__.py", package="libpython3.13-stdlib")
    rules = {item.path: item.rule for item in slimmed(parts, ["app"]).dropped}
    assert rules["usr/lib/python3.13/test/test_os.py"] == "parts of Python for developers: test suites"
    assert rules["usr/lib/python3.13/json/__init__.py"] == "not reached"
