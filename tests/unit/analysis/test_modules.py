"""The modules that programs load first."""

from __future__ import annotations

import pytest

from pkg2image.analysis.evidence import Wanted
from pkg2image.analysis.modules import shown_by_modules
from tests.support.parts import LIBRARIES, Parts


def _shown(parts: Parts, interpreter: str, text: str) -> list[Wanted]:
    return list(
        shown_by_modules(
            parts.tree,
            "usr/share/app/main",
            interpreter=interpreter,
            data=text.encode("utf-8", "surrogateescape"),
            package="app",
            architecture="amd64",
        )
    )


@pytest.mark.parametrize(
    ("text", "modules"),
    [
        ("import yaml", ["yaml"]),
        ("import yaml, requests.auth as a", ["requests", "yaml"]),
        ("from yaml.loader import Loader", ["yaml"]),
        ("from . import own\nfrom .own import x", []),
        ("from __future__ import annotations\nimport sys, time", []),
        ("try:\n    import yaml\nexcept ImportError:\n    yaml = None", []),
        ("def f():\n    import yaml", []),
        ("if True:\n    import yaml", []),
        ("import os, json, installed, beside", []),
        ("import yaml\nimport yaml", ["yaml"]),
        ("print 'Python 2'", []),
        ("x = '\\d'\nimport yaml", ["yaml"]),
        ("\0", []),
        ("import \udcff", []),
        ("(" * 5000, []),
    ],
)
def test_python(text: str, modules: list[str]) -> None:
    parts = Parts().add("usr/lib/python3.11/os.py").add("usr/lib/python3.11/json/__init__.py")
    parts.add("usr/lib/python3/dist-packages/installed.py").add("usr/share/app/beside.py")
    assert [item.what for item in _shown(parts, "/usr/bin/python3", text)] == [f"Python module {x}" for x in modules]


def test_a_python_module_in_machine_code() -> None:
    parts = Parts().add("usr/lib/python3.11/os.py")
    parts.add("usr/lib/python3/dist-packages/lxml.cpython-311-x86_64-linux-gnu.so")
    parts.add("usr/lib/python3.11/lib-dynload/_ssl.cpython-311-x86_64-linux-gnu.so")
    assert _shown(parts, "python3.11", "import lxml, _ssl") == []


@pytest.mark.parametrize(
    ("text", "modules"),
    [
        ("use Try::Tiny;", ["Try::Tiny"]),
        ("use strict;\nuse warnings;\nuse 5.010;\nuse utf8;", []),
        ("use DBI qw(:sql_types);\nrequire Foo::Bar;", ["DBI", "Foo::Bar"]),
        ("  use Foo;", []),
        ("eval { require Foo; };", []),
        ("=head1 NAME\n\nuse Foo;\n\n=cut\n\nuse Bar;", ["Bar"]),
        ("use Bar;\n__END__\nuse Foo;", ["Bar"]),
        ("use POSIX;\nuse Core;\nuse Installed;\nuse Binary;", []),
    ],
)
def test_perl(text: str, modules: list[str]) -> None:
    parts = Parts().add("usr/bin/perl5.36.0", mode=0o755).add(f"{LIBRARIES}/perl-base/POSIX.pm")
    parts.add("usr/share/perl/5.36/Core.pm").add("usr/share/perl5/Installed.pm")
    parts.add(f"{LIBRARIES}/perl5/5.36/Binary.pm")
    assert [item.what for item in _shown(parts, "/usr/bin/perl", text)] == [f"Perl module {name}" for name in modules]


@pytest.mark.parametrize(
    ("text", "modules"),
    [
        ("require 'rack'", ["rack"]),
        ('require "rack/version"', ["rack/version"]),
        ("require('rack')", ["rack"]),
        ("require_relative 'own'\n  require 'inner'", []),
        ("require 'json'\nrequire 'there.rb'", []),
        ("require 'rack'\n__END__\nrequire 'data'", ["rack"]),
    ],
)
def test_ruby(text: str, modules: list[str]) -> None:
    parts = Parts().add("usr/lib/ruby/3.1.0/json.rb").add("usr/lib/ruby/vendor_ruby/there.rb")
    assert [item.what for item in _shown(parts, "ruby3.1", text)] == [f"Ruby module {name}" for name in modules]


def test_where_it_may_be_and_who_loads_it() -> None:
    (found,) = _shown(Parts(), "/usr/bin/python3", "import yaml")
    assert "usr/lib/python3/dist-packages/yaml/__init__.py" in found.files
    assert str(found.evidence) == "/usr/share/app/main (app): loads yaml"


def test_other_languages_show_nothing() -> None:
    assert _shown(Parts(), "/usr/bin/awk", "import yaml\nuse Foo;\nrequire 'x'") == []
