"""What an image lacks is found, and what it has, or may lack, is not."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pkg2image.analysis.completeness import Unmet, completeness, summary
from pkg2image.analysis.shebangs import known_interpreters
from pkg2image.deb.facts import ElfFacts
from pkg2image.rootfs.unpack import unpack
from tests.support.debs import reg
from tests.support.libraries import read_inline
from tests.support.parts import LIBRARIES, LOADER, Parts, accounts, program, shared
from tests.support.trees import Shelf


def _unmet(
    parts: Parts, optional: Mapping[str, frozenset[str]] | None = None, *, linked: frozenset[str] = frozenset()
) -> list[str]:
    for path, text in accounts({"root": 0, "web": 100}, {"root": 0, "web": 101}).items():
        parts.add(path, text, package="")
    found = completeness(
        parts.tree,
        elves=parts.elves,
        interpreters={},
        optional=optional or {},
        linked=linked,
        read=read_inline,
        architecture="amd64",
    )
    return [f"{unmet.path} {unmet.kind} {unmet.what}" for unmet in found]


def test_an_image_of_nothing_lacks_nothing() -> None:
    assert _unmet(Parts()) == []


def test_a_program_with_its_library_lacks_nothing() -> None:
    parts = Parts().libc().elf("usr/bin/app", program("libx.so.1", "libc.so.6"))
    assert _unmet(parts) == ["usr/bin/app library libx.so.1"]
    assert _unmet(parts.elf(f"{LIBRARIES}/libx.so.1", shared("libx.so.1", "libc.so.6"))) == []


def test_who_asks_and_for_what() -> None:
    parts = Parts().libc().elf("usr/bin/app", program("libx.so.1"), package="webserver")
    found = completeness(
        parts.tree, elves=parts.elves, interpreters={}, optional={}, read=read_inline, architecture="amd64"
    )
    assert found == (Unmet("usr/bin/app", "library", "libx.so.1", "webserver"),)
    assert str(found[0]) == "/usr/bin/app (webserver) asks for the library libx.so.1"


@pytest.mark.parametrize(
    ("place", "facts", "configured", "is_found"),
    [
        ("usr/lib/libx.so.1", {}, "", True),
        ("usr/lib/app/libx.so.1", {}, "", False),
        ("usr/lib/app/libx.so.1", {}, "/usr/lib/app\n", True),
        ("usr/lib/app/libx.so.1", {"runpath": "/usr/lib/app"}, "", True),
        ("usr/lib/app/libx.so.1", {"rpath": "/usr/lib/app"}, "", True),
        ("usr/lib/app/libx.so.1", {"rpath": "/usr/lib/app", "runpath": "/opt"}, "", False),
        ("usr/lib/app/libx.so.1", {"runpath": "/opt:$ORIGIN/../lib/app"}, "", True),
        ("usr/lib/app/libx.so.1", {"runpath": "${ORIGIN}/../lib/app"}, "", True),
        (f"{LIBRARIES}/app/libx.so.1", {"runpath": "/usr/$LIB/app"}, "", True),
        ("usr/lib/app/libx.so.1", {"runpath": "lib/app:"}, "", False),
        ("usr/lib/x86_64/libx.so.1", {"runpath": "/usr/lib/$PLATFORM"}, "", False),
        ("usr/lib/aarch64-linux-gnu/libx.so.1", {"needed": ("/lib/aarch64-linux-gnu/libx.so.1",)}, "", True),
        ("usr/lib/app/libx.so.1", {"needed": ("/usr/lib/libx.so.1",)}, "", False),
    ],
)
def test_a_library_is_found_where_the_loader_looks(
    place: str, facts: dict[str, object], configured: str, *, is_found: bool
) -> None:
    parts = Parts().libc().elf(place, shared("libx.so.1"))
    parts.add("etc/ld.so.conf", configured).elf("usr/bin/app", program("libx.so.1", **facts))
    assert bool(_unmet(parts)) is not is_found


def test_a_library_for_another_machine_is_passed_over() -> None:
    parts = Parts().libc().elf("usr/bin/app", program("libx.so.1"))
    parts.elf(f"{LIBRARIES}/libx.so.1", ElfFacts(64, True, 183, 3, soname="libx.so.1"))
    assert _unmet(parts) == ["usr/bin/app library libx.so.1"]
    assert _unmet(parts.elf("usr/lib/libx.so.1", shared("libx.so.1"))) == []


def test_a_file_that_is_no_library_is_passed_over() -> None:
    parts = Parts().libc().elf("usr/bin/app", program("libx.so.1")).add(f"{LIBRARIES}/libx.so.1", "GROUP(libx.so.2)")
    assert _unmet(parts) == ["usr/bin/app library libx.so.1"]


def test_a_plugin_may_use_what_its_program_has_loaded_from_a_place_of_its_own() -> None:
    parts = Parts().libc().elf("usr/lib/app/plugin.so", shared("plugin.so", "libprivate.so.1"))
    assert _unmet(parts) == ["usr/lib/app/plugin.so library libprivate.so.1"]
    assert _unmet(parts.elf("usr/lib/app/server/libprivate.so.1", shared("libprivate.so.1"))) == []


def test_versions_of_symbols() -> None:
    wanted = (("libc.so.6", "GLIBC_2.34"), ("libc.so.6", "GLIBC_2.38"), ("libx.so.1", "X_1"))
    parts = Parts().libc().elf("usr/bin/app", program("libc.so.6", "libx.so.1", versions_needed=wanted))
    # A library without any versions is taken all the same.
    parts.elf(f"{LIBRARIES}/libx.so.1", shared("libx.so.1"))
    assert _unmet(parts) == ["usr/bin/app version GLIBC_2.38 of libc.so.6"]
    assert _unmet(parts.libc(("GLIBC_2.34", "GLIBC_2.38"))) == []


def test_a_plugin_may_lack_a_library_that_its_package_leaves_out() -> None:
    parts = Parts().libc().elf("usr/lib/app/plugin.so", shared("", "libgone.so.2"))
    lacking = ["usr/lib/app/plugin.so library libgone.so.2"]
    assert _unmet(parts) == lacking
    assert _unmet(parts, linked=frozenset({"app"})) == []
    # Whatever is linked with it cannot be started without that library either.
    assert (
        _unmet(parts.elf("usr/bin/app", program("plugin.so", runpath="/usr/lib/app")), linked=frozenset({"app"}))
        == lacking
    )
    started = Parts().libc().elf("usr/bin/app", program("libgone.so.2"))
    assert len(_unmet(started, linked=frozenset({"app"}))) == 1


def test_the_loader_itself() -> None:
    assert _unmet(Parts().elf("usr/bin/app", program())) == [f"usr/bin/app loader {LOADER}"]
    assert _unmet(Parts().elf("usr/bin/app", program(interpreter=""))) == []


def test_the_loader_is_loaded_before_it_looks_for_itself() -> None:
    parts = Parts().elf("usr/lib64/ld-linux-x86-64.so.2", shared("ld-linux-x86-64.so.2"))
    assert _unmet(parts.elf("usr/bin/app", program("ld-linux-x86-64.so.2"))) == []


def test_files_for_machines_that_the_image_has_no_loader_of_are_data() -> None:
    parts = Parts().libc()
    parts.elf("usr/share/qemu/firmware", ElfFacts(32, True, 40, 2, "/lib/ld-linux-armhf.so.3", needed=("libz.so.1",)))
    assert _unmet(parts) == []


@pytest.mark.parametrize(
    "path",
    [
        "usr/lib/debug/.build-id/ab/cd.debug",
        "usr/share/doc/app/examples/demo",
        "usr/lib/app/examples/demo",
        "usr/src/app/tool",
    ],
)
def test_files_that_are_not_for_running_the_image_do_not_count(path: str) -> None:
    parts = Parts().libc().elf(path, program("libgone.so.1")).add(f"{path}.sh", "#!/bin/gone\n", mode=0o755)
    assert _unmet(parts.link(f"{path}.link", "/opt/gone")) == []


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        ("#!/bin/gone", ["/bin/gone"]),
        ("#! /bin/gone -e", ["/bin/gone"]),
        ("#!/bin/there", []),
        ("#!/usr/bin/there", []),
        ("#!/usr/bin/data", ["/usr/bin/data"]),
        ("#!/usr/bin/env there", []),
        ("#!/usr/bin/env\tgone", ["gone"]),
        ("#!/usr/bin/env -S gone -x", ["gone"]),
        ("#!/usr/bin/env -S HOME=/ there -x", []),
        ("#!/usr/bin/env -S 'gone", []),
        ("#!/bin/env data", ["data"]),
        ("# no shebang", []),
    ],
)
def test_interpreters(line: str, missing: list[str]) -> None:
    parts = Parts().add("usr/bin/app", f"{line}\ntrue\n", mode=0o755).add("usr/bin/data", "data")
    for name in ("there", "env"):
        parts.add(f"usr/bin/{name}", "binary", mode=0o755)
    assert _unmet(parts) == [f"usr/bin/app interpreter {name}" for name in missing]


def test_env_is_needed_too() -> None:
    parts = Parts().add("usr/bin/app", "#!/usr/bin/env python3\n", mode=0o755)
    assert _unmet(parts) == ["usr/bin/app interpreter /usr/bin/env", "usr/bin/app interpreter python3"]


def test_env_is_as_optional_as_the_interpreter_that_it_looks_for() -> None:
    parts = Parts().add("usr/bin/app", "#!/usr/bin/env python3\n", mode=0o755)
    assert _unmet(parts, {"app": frozenset({"python3"})}) == []
    assert len(_unmet(parts, {"app": frozenset({"perl"})})) == 2


def test_scripts_of_packages_are_known_without_being_read() -> None:
    shelf = Shelf()
    deb = shelf.deb("app", reg("usr/bin/app", b"#!/bin/gone\n", mode=0o755))
    found = completeness(
        unpack(Parts().tree, [deb]),
        elves={},
        interpreters=known_interpreters([deb]),
        optional={},
        read=shelf.read,
        architecture="amd64",
    )
    assert found == (Unmet("usr/bin/app", "interpreter", "/bin/gone", "app"),)


def test_a_script_that_may_not_be_executed_asks_for_nothing() -> None:
    assert _unmet(Parts().add("usr/share/app/lib.sh", "#!/bin/gone\n")) == []


def test_modules_are_read_and_not_started_unless_a_program_is_a_link_to_one() -> None:
    parts = Parts().add("usr/lib/python3.11/pdb.py", "#!/usr/bin/gone\n", mode=0o755)
    assert _unmet(parts) == []
    parts.link("usr/bin/pdb3", "../lib/python3.11/pdb.py")
    assert _unmet(parts) == ["usr/lib/python3.11/pdb.py interpreter /usr/bin/gone"]


@pytest.mark.parametrize(
    ("target", "is_counted"),
    [
        ("/opt/gone", True),
        ("gone", False),
        ("/usr/bin/app", False),
        ("/dev/null", False),
        ("/dev/stdout", False),
        ("/proc/mounts", False),
        ("/run/app/socket", False),
        ("/var/run/app", False),
        ("/etc/mtab", False),
        ("/usr/share/doc/app/gone", False),
    ],
)
def test_absolute_links(target: str, *, is_counted: bool) -> None:
    parts = Parts().add("usr/bin/app", mode=0o755).link("etc/app/link", target)
    assert _unmet(parts) == ([f"etc/app/link link {target}"] if is_counted else [])


def test_a_link_in_circles_leads_nowhere() -> None:
    parts = Parts().link("etc/one", "/etc/two").link("etc/two", "/etc/one")
    assert _unmet(parts) == ["etc/one link /etc/two", "etc/two link /etc/one"]


def test_accounts_of_units() -> None:
    parts = Parts().add("usr/lib/systemd/system/app.service", "[Service]\nUser=web\nGroup = ghost\n")
    parts.add("etc/systemd/system/app.service.d/more.conf", "[Service]\nSupplementaryGroups=web other\n", package="")
    assert _unmet(parts) == [
        "etc/systemd/system/app.service.d/more.conf group other",
        "usr/lib/systemd/system/app.service group ghost",
    ]


def test_accounts_of_the_service_manager_are_its_own_matter() -> None:
    assert _unmet(Parts().add("usr/lib/systemd/system/app.service", "[Service]\nGroup=systemd-journal\n")) == []


def test_what_a_package_only_suggests_is_not_missing() -> None:
    parts = Parts().libc().elf(f"{LIBRARIES}/app/atm.so", shared("atm.so", "libatm.so.1"))
    parts.add("usr/bin/app-tool", "#!/usr/bin/python3\n", mode=0o755)
    assert len(_unmet(parts)) == 2
    assert _unmet(parts, {"other": frozenset({"libatm1", "python3"})}) == _unmet(parts)
    assert _unmet(parts, {"app": frozenset({"libatm1", "python3"})}) == []


def test_the_order_is_that_of_the_paths() -> None:
    parts = Parts().libc()
    for name in ("b", "a", "c"):
        parts.elf(f"usr/bin/{name}", program("libz.so.1", "liby.so.1"))
    wanted = [f"usr/bin/{name} library lib{library}.so.1" for name in "abc" for library in "yz"]
    assert _unmet(parts) == wanted


def test_a_summary_begins_with_what_most_files_ask_for() -> None:
    unmet = [Unmet("usr/bin/a", "library", "libz.so.1", "app"), Unmet("etc/x", "link", "/opt/x")]
    unmet += [Unmet(f"usr/bin/{name}", "interpreter", "/bin/sh", "tools") for name in "bcd"]
    assert summary(unmet) == (
        "the interpreter /bin/sh is not in the image: /usr/bin/b of tools and 2 other files ask for it",
        "the library libz.so.1 is not in the image: /usr/bin/a of app asks for it",
        "the target /opt/x is not in the image: /etc/x asks for it",
    )
    assert summary([]) == ()


def test_a_summary_is_short() -> None:
    lines = summary([Unmet("usr/bin/a", "library", f"lib{number}.so.1") for number in range(9)])
    assert len(lines) == 6
    assert lines[-1] == "4 more things are not in the image; inspect lists all of them"
