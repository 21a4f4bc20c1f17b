"""What Python programs refer to."""

from __future__ import annotations

import pytest

from pkg2image.analysis.reach.python import python_references
from pkg2image.analysis.reach.python_library import developer_rule
from pkg2image.analysis.reach.scripts import script_references
from tests.support.parts import Parts, shared
from tests.support.slimming import files_of, found, material_of, slimmed

LIB = "usr/lib/python3.11"
DIST = "usr/lib/python3/dist-packages"
START = "#!/usr/bin/python3\n"


def _python(**files: str) -> Parts:
    parts = Parts().elf("usr/bin/python3.11", shared(""), package="python3.11")
    parts.link("usr/bin/python3", "python3.11", package="python3.11")
    for name in ("os", "site", "json/__init__", "json/decoder", "random", "pydoc", "test/support", "encodings/gbk"):
        parts.add(f"{LIB}/{name}.py", package="libpython")
    parts.add(f"{LIB}/encodings/__init__.py", package="libpython")
    parts.add(f"{LIB}/lib-dynload/_ssl.cpython-311-x86_64-linux-gnu.so", package="libpython")
    return parts


def _reached(parts: Parts, *commands: str) -> set[str]:
    starts = [command.split() for command in commands or ("app",)]
    result = slimmed(parts, *starts, packages=("app",), finders=(python_references, script_references))
    return {path.replace(LIB, "LIB").replace(DIST, "DIST") for path in files_of(result)}


def _app(parts: Parts, program: str) -> Parts:
    return parts.add("usr/bin/app", f"{START}{program}", mode=0o755)


def _module(parts: Parts, path: str, text: str = "", package: str = "python3-lib") -> Parts:
    return parts.add(f"{DIST}/{path}", text, package=package)


def test_a_program_reaches_what_it_imports_and_no_more() -> None:
    parts = _app(_python(), "import json")
    assert _reached(parts) == {
        *("usr/bin/app", "usr/bin/python3", "usr/bin/python3.11", "LIB/json/__init__.py"),
        *("LIB/os.py", "LIB/site.py", "LIB/encodings/__init__.py", "LIB/encodings/gbk.py"),
    }


def test_who_starts_the_interpreter_gets_all_but_what_is_for_developers() -> None:
    reached = _reached(_app(_python(), ""), "python3")
    assert {"LIB/random.py", "LIB/pydoc.py", "LIB/json/decoder.py"} <= reached
    assert "LIB/lib-dynload/_ssl.cpython-311-x86_64-linux-gnu.so" in reached
    assert "LIB/test/support.py" not in reached


def test_a_program_with_python_in_it_may_run_anything() -> None:
    parts = _python().elf("usr/lib/libpython3.11.so.1.0", shared("libpython3.11.so.1.0"))
    assert f"{LIB}/random.py: runs any program" in found(parts, python_references, "usr/lib/libpython3.11.so.1.0")


@pytest.mark.parametrize(
    ("program", "modules"),
    [
        ("import lib.sub.mod", ["__init__", "sub/__init__", "sub/mod"]),
        ("from lib import sub", ["__init__", "sub/__init__"]),
        ("from lib import *", ["__init__", "named"]),
        ("from lib.sub import nothing", ["__init__", "sub/__init__"]),
        ("__import__('lib.named')", ["__init__", "named"]),
        ("import_module('lib.plug_' + x)", ["__init__", "plug_a", "plug_b"]),
        ("import json\nx = {'class': 'lib.named.Class'}", ["__init__", "named"]),
        ("print 'x'\nimport lib.named", ["__init__", "named"]),
        ("import nowhere.at.all", []),
    ],
)
def test_imports(program: str, modules: list[str]) -> None:
    parts = _app(_python(), program)
    for name in ("sub/__init__", "sub/mod", "named", "plug_a", "plug_b", "other", "tests/test_it"):
        _module(parts, f"lib/{name}.py")
    _module(parts, "lib/__init__.py", "__all__ = ['named', 'absent']")
    reached = {path for path in _reached(parts) if path.startswith("DIST/lib")}
    assert reached == {f"DIST/lib/{name}.py" for name in modules}


def test_modules_that_a_distribution_brings_along_lie_in_the_same_name_as_others() -> None:
    parts = _app(_python(), "import lib")
    _module(parts, "lib/__init__.py", "sys.path.extend([vendor_path])\nfrom space.text import words")
    _module(parts, "other/_vendor/space/text/__init__.py", "import space.deep")
    _module(parts, "space/functions.py", package="python3-space")
    _module(parts, "pip/_vendor/space/text/__init__.py", package="python3-pip")
    assert _reached(parts) & {
        f"DIST/{path}/text/__init__.py" for path in ("pip/_vendor/space", "other/_vendor/space")
    } == {"DIST/other/_vendor/space/text/__init__.py"}


def test_relative_imports_and_cycles() -> None:
    parts = _app(_python(), "import lib.a")
    _module(parts, "lib/__init__.py")
    _module(parts, "lib/a.py", "from . import b\nfrom .b import x")
    _module(parts, "lib/b.py", "from .a import y\nfrom ..above import z")
    assert {"DIST/lib/a.py", "DIST/lib/b.py"} <= _reached(parts)


def test_a_package_that_imports_what_nobody_can_tell_is_kept_but_for_its_tests() -> None:
    parts = _app(_python(), "import lib")
    _module(parts, "lib/__init__.py", "importlib.import_module(name)")
    for name in ("a", "deep/__init__", "deep/b", "tests/test_a"):
        _module(parts, f"lib/{name}.py")
    reached = _reached(parts)
    assert {"DIST/lib/a.py", "DIST/lib/deep/b.py"} <= reached
    assert "DIST/lib/tests/test_a.py" not in reached


def test_what_does_not_parse_keeps_its_package() -> None:
    parts = _app(_python(), "import lib")
    _module(parts, "lib/__init__.py", "print 'two'")
    _module(parts, "lib/other.py")
    assert "DIST/lib/other.py" in _reached(parts)
    why = found(parts, python_references, f"{DIST}/lib/__init__.py")
    assert f"{DIST}/lib/other.py: does not parse, so that its whole package is kept" in why


def test_a_module_of_the_standard_library_that_loads_by_name_keeps_nothing_else() -> None:
    parts = _app(_python(), "import pydoc")
    parts.add(f"{LIB}/pydoc.py", "__import__(name)\nx = 'random'", package="libpython")
    assert "LIB/random.py" not in _reached(parts)


def test_what_comes_with_a_module() -> None:
    parts = _app(_python(), "import lib.a")
    files = ("__init__.py", "a.py", "data.json", "templates/x.html", "fast.cpython-311-x86_64-linux-gnu.so")
    for name in (*files, "sub/__init__.py", "sub/own.txt"):
        _module(parts, f"lib/{name}")
    for name in ("lib-1.0.dist-info/METADATA", "lib.pth", "lib-1.0.egg-info"):
        _module(parts, name)
    _module(parts, "other-1.0.dist-info/METADATA", package="python3-other")
    reached = {path for path in _reached(parts) if path.startswith("DIST")}
    assert reached == {
        *("DIST/lib/__init__.py", "DIST/lib/a.py", "DIST/lib/data.json", "DIST/lib/templates/x.html"),
        *("DIST/lib-1.0.dist-info/METADATA", "DIST/lib.pth", "DIST/lib-1.0.egg-info"),
    }


def test_a_path_file_is_run_as_the_interpreter_starts() -> None:
    parts = _app(_python(), "import lib")
    _module(_module(parts, "lib.py"), "lib.pth", "import hook")
    _module(parts, "hook.py", package="python3-hook")
    assert "DIST/hook.py" in _reached(parts)


def test_entry_points_of_whoever_offers_them() -> None:
    parts = _app(_python(), "entry_points(group='app.plugins')")
    _module(parts, "one.py", package="python3-one")
    _module(parts, "two.py", package="python3-two")
    _module(parts, "one-1.dist-info/entry_points.txt", "[app.plugins]\nx = one:X\n", package="python3-one")
    _module(parts, "two-1.dist-info/entry_points.txt", "[else]\nx = two:X\n", package="python3-two")
    reached = _reached(parts)
    assert "DIST/one.py" in reached
    assert "DIST/two.py" not in reached


def test_places_of_ones_own() -> None:
    parts = _app(_python(), "sys.path.insert(0, '/usr/share/there')\nimport mod, apart")
    parts.add("usr/share/there/mod.py", "import beside", package="data")
    parts.add("usr/share/there/beside.py", package="data")
    parts.add("usr/share/app/lib/apart.py")
    reached = _reached(parts)
    assert {"usr/share/there/mod.py", "usr/share/there/beside.py", "usr/share/app/lib/apart.py"} <= reached


def test_a_package_without_init_and_a_link() -> None:
    parts = _app(_python(), "import space.mod, linked")
    _module(parts, "space/mod.py")
    parts.link(f"{DIST}/linked", "/usr/share/linked", package="python3-lib")
    parts.add("usr/share/linked/__init__.py", package="python3-lib")
    assert {"DIST/space/mod.py", "DIST/linked", "usr/share/linked/__init__.py"} <= _reached(parts)


def test_what_only_runs_as_a_program() -> None:
    parts = _app(_python(), "import json")
    parts.add(f"{LIB}/json/__init__.py", "if __name__ == '__main__':\n  import random", package="libpython")
    assert "LIB/random.py" not in _reached(parts)
    parts.add("usr/bin/app", "#!/bin/sh\npython3 -m json\n", mode=0o755)
    assert {"LIB/random.py", "LIB/json/__init__.py"} <= _reached(parts)


def test_the_library_is_not_followed_to_its_tests_and_to_what_only_a_prompt_needs() -> None:
    parts = _app(_python(), "import random, _sitebuiltins")
    parts.add(f"{LIB}/random.py", "def clean():\n  import test.support", package="libpython")
    parts.add(f"{LIB}/_sitebuiltins.py", "import pydoc", package="libpython")
    assert not {"LIB/test/support.py", "LIB/pydoc.py"} & _reached(parts)


def test_names_of_configuration_that_are_put_together() -> None:
    parts = _app(_python(), "import sysconfig")
    parts.add(f"{LIB}/sysconfig.py", package="libpython").add(f"{LIB}/_sysconfigdata__x.py", package="libpython")
    assert "LIB/_sysconfigdata__x.py" in _reached(parts)


def test_machine_code_imports_by_its_constants_and_keeps_its_package() -> None:
    parts = _app(_python(), "import lib.fast")
    _module(_module(parts, "lib/__init__.py"), "lib/slow.py")
    path = f"{DIST}/lib/fast.cpython-311-x86_64-linux-gnu.so"
    parts.elf(path, shared("\0random\0test.support\0"), package="python3-lib")
    said = found(parts, python_references, path)
    assert f"{LIB}/random.py: imports random" not in said  # the constants of the stand-in are escaped
    assert f"{DIST}/lib/slow.py: is in machine code, so that its whole package is kept" in said


def test_only_the_application_calls_a_debugger() -> None:
    parts = _app(_python(), "import lib")
    parts.add(f"{LIB}/pdb.py", package="libpython")
    _module(parts, "lib.py", "def f():\n  import pdb")
    assert "LIB/pdb.py" not in _reached(parts)
    assert "LIB/pdb.py" in _reached(_app(parts, "def f():\n  import pdb"))


def test_libraries_that_are_loaded() -> None:
    parts = _app(_python(), "CDLL('libz.so.1')\nfind_library('ssl')")
    for name in ("libz.so.1", "libssl.so.3", "libsslx.so.1"):
        parts.add(f"usr/lib/x86_64-linux-gnu/{name}", package="lib")
    reached = {path.rpartition("/")[2] for path in _reached(parts) if ".so" in path}
    assert reached == {"libz.so.1", "libssl.so.3"}


def test_a_packed_program_may_import_anything() -> None:
    parts = _python().add("usr/bin/app", f"{START}PK\x03\x04", mode=0o755)
    assert "LIB/random.py" in _reached(parts)


def test_an_image_without_python() -> None:
    assert found(Parts().add("usr/bin/app", "#!/bin/sh\n"), python_references, "usr/bin/app") == []


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("test/support/__init__.py", "test suites"),
        ("ctypes/test/x.py", "test suites"),
        ("_testcapi.cpython-311-x86_64-linux-gnu.so", "test suites"),
        ("idlelib/run.py", "editors and demonstrations"),
        ("ensurepip/__init__.py", "the installer of pip"),
        ("pydoc_data/topics.py", "help texts of the prompt"),
        ("tkinter/__init__.py", "windows without Tk"),
        ("json/__init__.py", ""),
        ("unittest/case.py", ""),
    ],
)
def test_what_of_the_library_is_for_developers(name: str, rule: str) -> None:
    assert developer_rule(name, has_toolkit=False) == rule
    assert developer_rule("tkinter/__init__.py", has_toolkit=True) == ""


def test_a_package_is_kept_whole_once_however_many_of_its_files_ask() -> None:
    parts = _python()
    for name in ("__init__", "a", "b"):
        _module(parts, f"lib/{name}.py", "importlib.import_module(name)\n")
    find = python_references(material_of(parts))
    asked = [sum("nobody can tell" in item.why for item in find(f"{DIST}/lib/{name}.py")) for name in ("a", "b")]
    assert asked == [3, 0]
