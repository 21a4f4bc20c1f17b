"""What programs and libraries refer to."""

from __future__ import annotations

import pytest

from pkg2image.analysis.reach.elf import elf_references
from tests.support.libraries import read_inline
from tests.support.parts import LIBRARIES, LOADER, Parts, program, shared
from tests.support.slimming import found

APP = "usr/bin/app"


def _of_app(parts: Parts, path: str = APP, **more: object) -> list[str]:
    return [line for line in found(parts, elf_references, path, **more) if not line.startswith(LOADER)]


def test_a_program_needs_its_loader_and_libraries() -> None:
    parts = Parts().libc().elf(APP, program("libx.so.1", "libc.so.6"))
    parts.elf(f"{LIBRARIES}/libx.so.1.2", shared("libx.so.1")).link(f"{LIBRARIES}/libx.so.1", "libx.so.1.2")
    assert found(parts, elf_references, APP) == [
        f"{LOADER}: is started by the loader",
        f"{LIBRARIES}/libc.so.6: is linked with libc.so.6",
        f"{LIBRARIES}/libx.so.1: is linked with libx.so.1",
    ]


def test_libraries_lie_where_the_program_says() -> None:
    parts = Parts().libc().elf(APP, program("libx.so.1", runpath="$ORIGIN/../lib/app"))
    parts.elf("usr/lib/app/libx.so.1", shared("libx.so.1")).elf(f"{LIBRARIES}/libx.so.1", shared("libx.so.1"))
    assert _of_app(parts) == ["usr/lib/app/libx.so.1: is linked with libx.so.1"]


def test_a_plugin_finds_the_private_libraries_of_who_loads_it() -> None:
    parts = Parts().libc().elf("usr/lib/app/plugin.so", shared("", "libprivate.so"))
    parts.elf("usr/lib/app/lib/libprivate.so", shared("libprivate.so"))
    assert _of_app(parts, "usr/lib/app/plugin.so") == ["usr/lib/app/lib/libprivate.so: is linked with libprivate.so"]


def test_names_of_shared_objects() -> None:
    parts = Parts().libc().elf(APP, program(named_files=("libx.so.1", "private.so", "missing.so")))
    parts.elf(f"{LIBRARIES}/libx.so.1", shared("libx.so.1")).elf("usr/lib/app/private.so", shared(""))
    assert _of_app(parts) == [
        "usr/lib/app/private.so: names private.so",
        f"{LIBRARIES}/libx.so.1: names libx.so.1",
    ]


def test_names_made_from_a_pattern_mean_the_plugins_of_the_source() -> None:
    parts = Parts().libc().elf(APP, program(named_files=("lib%s.so",)))
    parts.elf("usr/lib/app/a.so", shared("")).elf("usr/lib/app/b.so", shared(""), package="app-extra")
    parts.elf("usr/lib/other/c.so", shared(""), package="other").elf(f"{LIBRARIES}/libapp.so.1", shared("libapp.so.1"))
    why = "loads plugins by names like lib%s.so"
    sources = {"app": "app", "app-extra": "app", "other": "other"}
    assert _of_app(parts, sources=sources) == [f"usr/lib/app/a.so: {why}", f"usr/lib/app/b.so: {why}"]


@pytest.mark.parametrize(
    ("text", "imports", "expected"),
    [
        ("lib%s.so", (), ["libapp_x.so"]),
        # Facts have no such names; the constants are those of the part, whose content holds its facts.
        (" libapp_%s-%d.so.%d", ("dlopen",), ["libapp_wallet-1.so.1", "libapp_wallet-1.so.1.0.0"]),
        (" libapp_%s-%d.so.%d", (), []),
    ],
)
def test_names_made_from_a_pattern_mean_libraries_of_the_source_that_are_called_so(
    text: str, imports: tuple[str, ...], expected: list[str]
) -> None:
    parts = Parts().libc().elf(APP, program(named_files=(text,), imports=imports))
    for name in ("libapp_wallet-1.so.1", "libapp_wallet-1.so.1.0.0", "libapp.so.1", "libapp_x.so"):
        parts.elf(f"{LIBRARIES}/{name}", shared(name), package="libapp")
    parts.elf(f"{LIBRARIES}/libapp_y-1.so.1", shared("libapp_y-1.so.1"), package="other")
    why = f"loads libraries by names like {text.strip()}"
    told = _of_app(parts, sources={"app": "app", "libapp": "app", "other": "other"})
    assert told == sorted(f"{LIBRARIES}/{name}: {why}" for name in expected)


def test_who_loads_by_names_that_nobody_can_tell_keeps_the_plugins_of_the_source() -> None:
    parts = Parts().libc().elf("usr/lib/app/a.so", shared("")).elf("usr/lib/app/more/b.so", shared(""))
    parts.elf("usr/lib/other/c.so", shared(""), package="other")
    why = "loads plugins by names that nobody can tell"
    both = [f"usr/lib/app/a.so: {why}", f"usr/lib/app/more/b.so: {why}"]
    for function, names, expected in [
        ("dlopen", (), both),
        ("dlopen", ("libz.so.1",), both),
        ("g_module_open", ("a.so",), ["usr/lib/app/a.so: names a.so"]),
        ("lt_dlopen", ("/usr/lib/app/more",), ["/usr/lib/app/more/*: names the directory /usr/lib/app/more"]),
        ("open", (), []),
    ]:
        parts.elf(APP, program(named_files=names, imports=(function,)))
        assert _of_app(parts) == expected


def test_plugins_that_a_rule_leaves_out_stay_out() -> None:
    parts = Parts().libc().elf(APP, program(named_files=(".so",))).elf("usr/lib/app/jit.so", shared(""))
    assert _of_app(parts, rule=lambda path: "feature jit" if "jit" in path else "") == []


def test_paths_in_constants() -> None:
    parts = Parts().libc().elf(APP, program(named_files=("/etc/app.conf", "/usr/share/app", "/usr/lib")))
    parts.add("etc/app.conf").add("usr/share/app/data")
    assert _of_app(parts) == [
        "/etc/app.conf: names /etc/app.conf",
        "/usr/share/app/*: names the directory /usr/share/app",
    ]


def test_the_c_library_speaks_for_its_callers() -> None:
    facts = shared("libc.so.6", named_files=("/usr/share/zoneinfo", "/bin/csh"), imports=("system",))
    parts = Parts().add("usr/share/zoneinfo/UTC").add("usr/bin/csh").elf(f"{LIBRARIES}/libc.so.6", facts)
    assert _of_app(parts, f"{LIBRARIES}/libc.so.6") == []


def test_functions_show_what_they_work_with() -> None:
    parts = Parts().libc().elf(APP, program(imports=("popen",)))
    assert _of_app(parts) == ["usr/bin/sh: needs it: the shell starts commands for popen"]


def test_programs_that_an_application_starts_by_name() -> None:
    parts = Parts().libc().elf("usr/lib/app/server", program(imports=("execvp",)))
    place = parts.tree["usr/lib/app/server"]
    parts.add("usr/bin/gzip").add("usr/bin/tar")

    def read(content: object) -> bytes:
        return b"\0gzip\0cannot\0Tar\0" if content == place.content else read_inline(content)  # type: ignore[arg-type]

    assert _of_app(parts, "usr/lib/app/server", read=read, own=frozenset({"app"})) == ["usr/bin/gzip: starts gzip"]
    # Of libraries of others nobody can tell.
    assert _of_app(parts, "usr/lib/app/server", read=read) == []


def test_an_interpreter_starts_what_its_scripts_say() -> None:
    parts = Parts().libc().elf("usr/bin/dash", program(imports=("execve",))).add("usr/bin/gzip")
    place = parts.tree["usr/bin/dash"]

    def read(content: object) -> bytes:
        return b"\0gzip\0" if content == place.content else read_inline(content)  # type: ignore[arg-type]

    assert _of_app(parts, "usr/bin/dash", read=read) == []


def test_other_files_refer_to_nothing() -> None:
    parts = Parts().add("usr/share/app/data").elf("usr/lib/app/x.o", shared("", type=1))
    assert found(parts, elf_references, "usr/share/app/data") == []
    assert found(parts, elf_references, "usr/lib/app/x.o") == []
