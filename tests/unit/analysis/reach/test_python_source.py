"""What a Python file loads and names."""

from __future__ import annotations

import pytest

from pkg2image.analysis.reach.python_machine import python_machine_code
from pkg2image.analysis.reach.python_source import exported_names, python_source
from pkg2image.analysis.reach.python_texts import entry_points, path_file, python_in_shell


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("import a.b, c as d", ["import:a.b", "import:c"]),
        ("from a.b import c, d as e", ["from:a.b:c", "from:a.b:d"]),
        ("from . import a\nfrom ..b import c", ["from:..b:c", "from:.:a"]),
        ("from a import *", ["from:a:*"]),
        ("def f():\n  class C:\n    import a", ["import:a"]),
        ("try:\n  import a\nexcept E:\n  import b\nelse:\n  import c\nfinally:\n  import d", list("abcd")),
        ("with x:\n  import a\nfor x in y:\n  import b\nelse:\n  import c\nwhile x:\n  import d", list("abcd")),
        ("match x:\n  case 1:\n    import a", ["import:a"]),
        ("async def f():\n  async with x:\n    import a", ["import:a"]),
        ("if x:\n  import a\nelif y:\n  import b", ["import:a", "import:b"]),
        ("if TYPE_CHECKING:\n  import a\nelse:\n  import b", ["import:b"]),
        ("if not typing.TYPE_CHECKING:\n  import a\nelse:\n  import b", ["import:a"]),
        ("if sys.platform == 'win32':\n  import a\nelse:\n  import b", ["import:b"]),
        ("if os.name != 'nt':\n  import a\nelse:\n  import b", ["import:a"]),
        ("if False:\n  import a", []),
        ("if __name__ == '__main__':\n  import a\n  from b import c", ["main-from:b:c", "main-import:a"]),
        ("def main():\n  import a\nclass C:\n  def main(self):\n    import b", ["import:b", "main-import:a"]),
        ("def f():\n  import pdb", ["debugger:pdb"]),
        ("import pdb", ["import:pdb"]),
        ("x = __import__('a.b')\ny = importlib.import_module(\"c\", p)", ["import:a.b", "import:c", "name:a.b"]),
        ("import_module('.c', __package__)", ["import:.c"]),
        ("import_module('a.b.' + x)\nimport_module(f'c_{x}')", ["some:a.b.", "some:c_"]),
        ("from importlib import import_module\ndef import_module(name): ...", ["from:importlib:import_module"]),
        ("# __import__(x)", []),
        ("x = __import__", ["any:"]),
        ("pkgutil.iter_modules(p)", ["any:"]),
        ("def find_spec(self): ...", []),
        ("x = ['a.b', 'a.b:c', 'd', 'not a name', 'e.f ']", ["name:a.b"]),
        ("entry_points(group='a.b')\nx = 'c-d'", ["name:a.b", "word:a.b", "word:c-d"]),
        ("sys.path.insert(0, '/usr/share/app')", ["place:/usr/share/app"]),
        ("open('/usr/share/app')", []),
        ("CDLL('libz.so.1')\nfind_library('ssl')", ["library:libz.so.1", "linked:ssl"]),
        ("print 'two'\nimport a\nfrom b import (c,\n  d)", ["from:b:c", "from:b:d", "import:a", "unread:"]),
        ("import \udcff", ["unread:"]),
        ("import é", []),
        ("", []),
    ],
)
def test_sources(text: str, findings: list[str]) -> None:
    expected = [f if ":" in f else f"import:{f}" for f in findings]
    assert list(python_source(text.encode("utf-8", "surrogateescape"))) == sorted(expected)


def test_a_zipped_or_compiled_program_says_nothing() -> None:
    assert python_source(b"#!/usr/bin/python3\nPK\x03\x04rest") == ("foreign:",)
    assert python_source(b"\xa7\x0d\r\n\0\0") == ("foreign:",)


@pytest.mark.parametrize(
    "data",
    [
        *(b"(" * 50_000, b"-" * 200_000 + b"1", b"a." * 200_000 + b"b", b"x = " + b"[" * 90 + b"]" * 90),
        *(b"\0import a", b"\xff\xfe", b"if x:\n" * 3000, b"def f():" + b"lambda:" * 50_000, b"# coding: nonsense\n"),
        *(b"import " + b"a." * 100_000, b"from a import (" + b"b," * 100_000, b"'" * 300_000, b"__import__(" * 20_000),
        b"x = 1\n" * 400_000,
    ],
)
def test_hostile_sources(data: bytes) -> None:
    assert all(":" in finding and len(finding) < 1 << 20 for finding in python_source(data))
    python_in_shell(b"python3 -c '" + data)
    path_file(data)
    entry_points(data)
    exported_names(data)
    python_machine_code(data)


def test_what_a_shell_script_has_python_run() -> None:
    data = b'exec python3 -Es -m app.cli "$@"\npython3 -c "import json; from a.b import c"\n'
    assert python_in_shell(data) == ("from:a.b:c", "import:json", "program:app.cli")
    assert python_in_shell(b"echo import x") == ()


def test_a_path_file() -> None:
    assert path_file(b"/usr/share/x\nimport a; __import__('b')\n# import c\n") == ("import:a", "import:b")


def test_entry_points() -> None:
    data = b"[console_scripts]\napp = app.cli:main\n\n[app.plugins]\none = app_one\ntwo.x = two.x:Y [extra]\n"
    assert entry_points(data) == ("app.plugins:app_one", "app.plugins:two.x", "console_scripts:app.cli")


def test_constants_of_machine_code() -> None:
    assert python_machine_code(b"\x7fELF\0json\0not a name\0ab.c.d\0\xff\0") == ("ab.c.d", "json")
    assert {"datetime", "ipaddress"} <= set(python_machine_code(b"pyo3 ... ipaddressdatetime"))
    assert python_machine_code(b"ipaddressdatetime") == ()
