"""Where somebody comes into an image, and what is the application."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pkg2image.analysis.reach.application import Entrances, entries, own_packages, started_programs
from tests.support.parts import LIBRARIES, Parts, program, shared
from tests.support.slimming import files_of, material_of, slimmed


def _own(parts: Parts, *commands: Sequence[str], packages: Sequence[str] = (), **more: object) -> list[str]:
    entrances = Entrances(tuple(map(tuple, commands)), tuple(packages))
    return sorted(own_packages(material_of(parts, **more), entrances))


def _image() -> Parts:
    parts = Parts().libc().elf("usr/sbin/server", program("libc.so.6"), package="server-15")
    parts.elf(f"{LIBRARIES}/libserver.so.5", shared("libserver.so.5"), package="libserver5")
    parts.elf("usr/bin/python3.11", program("libc.so.6"), package="python3.11")
    parts.link("usr/bin/python3", "python3.11", package="python3.11")
    parts.add("usr/share/app/app.py", "x", package="app").add("usr/share/doc/server/copyright", package="server")
    return parts.add("etc/app.conf", package="app").add("var/lib/app/x", package="app")


def test_the_packages_that_were_asked_for() -> None:
    assert _own(_image(), packages=["app"]) == ["app"]


def test_packages_of_one_source_belong_together() -> None:
    sources = {"server-15": "server-15", "libserver5": "server-15", "app": "app"}
    assert _own(_image(), packages=["server-15"], sources=sources) == ["libserver5", "server-15"]


def test_a_package_without_files_stands_for_its_dependencies() -> None:
    depends = {"server": ["server-15"], "server-15": ["app"]}
    assert _own(_image(), packages=["server"], depends=depends) == ["server", "server-15"]


@pytest.mark.parametrize(
    ("command", "own"),
    [
        (["server"], ["server-15"]),
        (["/usr/sbin/server", "-x"], ["server-15"]),
        (["python3"], ["python3.11"]),
        (["python3", "/usr/share/app/app.py"], []),
        (["missing"], []),
        ([], []),
    ],
)
def test_the_package_of_whoever_is_started(command: list[str], own: list[str]) -> None:
    assert _own(_image(), command) == own


def test_programs_are_found_on_the_path_of_the_image() -> None:
    parts = _image().elf("usr/lib/app/bin/server", program())
    environment = {"PATH": "/usr/lib/app/bin:/usr/sbin"}
    assert started_programs(material_of(parts, environment=environment), [["server"]]) == {"usr/lib/app/bin/server"}
    assert started_programs(material_of(parts), [["server"], ["gone"], []]) == {"usr/sbin/server"}


def _entries(parts: Parts, *command: str, **more: object) -> list[str]:
    keep: Sequence[str] = more.pop("keep", ())  # type: ignore[assignment]
    found = entries(material_of(parts, **more), Entrances((command,), keep=tuple(keep)))
    return sorted(f"{item.path}{'/*' if item.below else ''}: {item.why}" for item in found)


def test_what_a_command_line_names() -> None:
    assert _entries(_image(), "server", "--config=/etc/app.conf", "/var/lib/app", "/usr", "python3") == [
        "/etc/app.conf/*: is an argument of server",
        "/usr/bin/python3: is an argument of server",
        "/usr/sbin/server: is started as server",
        "/var/lib/app/*: is an argument of server",
    ]


def test_what_a_shell_is_asked_to_do() -> None:
    parts = _image().elf("usr/bin/sh", program(), package="dash")
    assert _entries(parts, "sh", "-c", "server --help | python3 -") == [
        "/usr/bin/python3: is started by sh",
        "/usr/bin/sh: is started as sh",
        "/usr/sbin/server: is started by sh",
    ]


def test_what_variables_name() -> None:
    environment = {"PATH": "/usr/sbin", "DATA": "/var/lib/app", "LANG": "C.UTF-8", "HOME": "/usr"}
    assert _entries(_image(), environment=environment) == ["/var/lib/app/*: is the value of the variable DATA"]


def test_what_is_to_be_kept() -> None:
    assert _entries(_image(), keep=["/usr/share/a*"]) == [
        "usr/share/app/app.py: is to be kept by /usr/share/a*",
        "usr/share/app: is to be kept by /usr/share/a*",
    ]


def test_the_application_is_kept_whole_but_for_the_rules() -> None:
    parts = _image().add("usr/share/app/data", package="app").add("usr/include/app.h", package="app")
    parts.add("usr/share/other/data", package="other").add("usr/share/doc/app/copyright", package="app")
    kept = files_of(slimmed(parts, packages=["app"]))
    assert kept == [
        "etc/app.conf",
        "usr/share/app/app.py",
        "usr/share/app/data",
        "usr/share/doc/app/copyright",
        "var/lib/app/x",
    ]


def test_plain_data_that_the_application_depends_on() -> None:
    parts = _image().add("usr/share/words/list", package="words").add("usr/share/far/list", package="far")
    parts.add("usr/bin/tool", package="tool", mode=0o755).add("usr/share/tool/x", package="tool")
    depends = {"app": ["words", "tool"], "words": ["far"]}
    kept = files_of(slimmed(parts, packages=["app"], depends=depends))
    assert "usr/share/words/list" in kept
    assert not {"usr/share/far/list", "usr/bin/tool", "usr/share/tool/x"} & set(kept)


def test_modules_of_languages_that_nobody_reads() -> None:
    parts = _image().add("usr/share/nodejs/x/index.js", package="node-x")
    assert "usr/share/nodejs/x/index.js" in files_of(slimmed(parts, packages=["app"]))


@pytest.mark.parametrize(("started", "is_kept"), [(["server"], False), (["python3.11"], True)])
def test_a_script_that_nothing_starts_does_not_bring_its_interpreter(started: list[str], *, is_kept: bool) -> None:
    parts = _image().add("usr/share/app/helper", "#!/usr/bin/python3\n", package="app", mode=0o755)
    result = slimmed(parts, started, packages=["app"])
    assert ("usr/share/app/helper" in result.tree) is is_kept
    assert ("usr/bin/python3.11" in result.tree) is is_kept
    rules = {item.path: item.rule for item in result.dropped}
    assert rules.get("usr/share/app/helper") == (None if is_kept else "scripts whose interpreter nothing else uses")


def test_a_program_of_the_application_brings_its_interpreter() -> None:
    parts = _image().add("usr/bin/app", "#!/usr/bin/python3\n", package="app", mode=0o755)
    assert "usr/bin/python3.11" in slimmed(parts, packages=["app"]).tree


def test_what_a_recipe_adds_is_no_application() -> None:
    parts = _image().add("usr/share/words/list", package="words").add("usr/bin/tool", package="tool", mode=0o755)
    parts.add("usr/bin/other", package="tool", mode=0o755)
    kept = files_of(slimmed(parts, ["tool"], packages=["app"], beside=["words", "tools"]))
    assert "usr/share/words/list" in kept
    assert "usr/bin/tool" in kept
    assert "usr/share/words/list" not in files_of(slimmed(parts, ["tool"], packages=["app"]))
    tested = files_of(slimmed(parts, packages=["app"], tests=[["tool"]]))
    assert "usr/bin/tool" in tested
    assert "usr/bin/other" not in tested


def test_a_library_of_the_same_source_is_kept_for_those_that_load_it() -> None:
    sources = dict.fromkeys(("server-15", "libserver5"), "server")
    library = f"{LIBRARIES}/libserver.so.5"
    assert library not in files_of(slimmed(_image(), packages=["server-15"], sources=sources))
    assert library in files_of(slimmed(_image(), packages=["server-15", "libserver5"], sources=sources))
    parts = _image().elf("usr/bin/client", program("libserver.so.5", "libc.so.6"), package="server-15")
    assert library in files_of(slimmed(parts, packages=["server-15"], sources=sources))
