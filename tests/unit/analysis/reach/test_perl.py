"""What Perl programs and modules refer to."""

from __future__ import annotations

import pytest

from pkg2image.analysis.reach.perl import perl_references
from pkg2image.analysis.reach.perl_source import perl_source
from pkg2image.analysis.reach.scripts import script_references
from tests.support.parts import LIBRARIES, Parts, shared
from tests.support.slimming import files_of, found, slimmed

BASE = f"{LIBRARIES}/perl-base"
ARCH = f"{LIBRARIES}/perl/5.36"
CORE = "usr/share/perl/5.36"
MORE = "usr/share/perl5"


def _perl() -> Parts:
    parts = Parts().elf("usr/bin/perl5.36.0", shared(""), package="perl-base")
    parts.link("usr/bin/perl", "perl5.36.0", package="perl-base")
    for path in (f"{BASE}/strict.pm", f"{BASE}/unicore/To/Gc.pl", f"{CORE}/unicore/To/Gc.pl", f"{CORE}/Carp.pm"):
        parts.add(path, package="perl")
    for path in (f"{CORE}/Text/Wrap.pm", f"{CORE}/pod/perldiag.pod", f"{CORE}/unicore/Name.pl", f"{ARCH}/Encode/JP.pm"):
        parts.add(path, package="perl")
    parts.add(f"{CORE}/_charnames.pm", 'do "unicore/Name.pl";', package="perl")
    return parts.add(f"{ARCH}/auto/Encode/JP/JP.so", package="perl")


def _app(parts: Parts, program: str) -> Parts:
    return parts.add("usr/bin/app", f"#!/usr/bin/perl\n{program}\n", mode=0o755)


def _reached(parts: Parts, *commands: str) -> set[str]:
    starts = [command.split() for command in commands or ("app",)]
    return set(files_of(slimmed(parts, *starts, packages=("app",), finders=(perl_references, script_references))))


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("use Foo::Bar qw(x);", ["module:Foo::Bar", "name:Foo::Bar"]),
        ("no Foo; require Bar;", ["module:Bar", "module:Foo"]),
        ("eval { require Foo::Bar };", ["module:Foo::Bar", "name:Foo::Bar"]),
        (
            "use parent qw(Foo Bar::Baz);",
            ["module:parent", "name:Bar::Baz", "parent:Bar::Baz", "parent:Foo", "parent:qw"],
        ),
        ("our @ISA = ('Foo');", ["parent:Foo"]),
        ("require 'foo/bar.pl'; do \"x.pl\";", ["file:foo/bar.pl", "file:x.pl"]),
        ('require "Foo/Bar/$name.pm";', ["begin:Foo/Bar/"]),
        ('my $x = "Foo::Bar::$name";', ["begin:Foo/Bar/"]),
        ('eval "require $name";', ["any:"]),
        ("Foo::Bar->new; x('A::B');", ["name:A::B", "name:Foo::Bar"]),
        ("# use Foo;\n=head1 x\n\nuse Bar;\n\n=cut\nuse Baz;", ["module:Baz"]),
        ("use Foo;\n__END__\nuse Bar;", ["module:Foo"]),
        ("use SelfLoader;\n__DATA__\nuse Bar;", ["module:Bar", "module:SelfLoader"]),
        ('"\\N{LATIN SMALL LETTER A}"', ["module:_charnames"]),
        ("open F, '<:encoding(utf-8)', $x;", ["module:PerlIO::encoding"]),
        ("decode($charset, $x);", ["encodings:"]),
        ("", []),
    ],
)
def test_sources(text: str, findings: list[str]) -> None:
    assert list(perl_source(text.encode())) == findings


@pytest.mark.parametrize("data", [b"\0\xff" * 50_000, b"=a\n" * 50_000, b"use A::" * 30_000, b"@ISA=" * 10_000])
def test_hostile_sources(data: bytes) -> None:
    assert all(":" in finding for finding in perl_source(data))


def test_a_program_reaches_what_it_loads_and_perl_base() -> None:
    parts = _app(_perl(), "use Text::Wrap;")
    assert _reached(parts) == {
        *("usr/bin/app", "usr/bin/perl", "usr/bin/perl5.36.0", f"{BASE}/strict.pm", f"{CORE}/Text/Wrap.pm"),
    }


def test_who_starts_perl_gets_its_modules_once_and_no_documentation() -> None:
    reached = _reached(_app(_perl(), ""), "perl")
    assert {f"{CORE}/Carp.pm", f"{BASE}/unicore/To/Gc.pl", f"{ARCH}/auto/Encode/JP/JP.so"} <= reached
    assert not {f"{CORE}/unicore/To/Gc.pl", f"{CORE}/pod/perldiag.pod"} & reached


def test_a_program_with_perl_in_it_may_run_anything() -> None:
    parts = _perl().elf(f"{LIBRARIES}/libperl.so.5.36", shared("libperl.so.5.36"))
    assert f"{CORE}/Text/Wrap.pm: runs any program" in found(parts, perl_references, f"{LIBRARIES}/libperl.so.5.36")


def test_names_of_characters_and_encodings() -> None:
    assert f"{CORE}/unicore/Name.pl" in _reached(_app(_perl(), '"\\N{LATIN SMALL LETTER A}"'))
    assert f"{ARCH}/auto/Encode/JP/JP.so" in _reached(_app(_perl(), "decode($charset, $x)"))


def test_what_comes_with_a_module() -> None:
    parts = _app(_perl(), "use Foo::Bar;")
    for name in ("Foo/Bar.pm", "Foo/Other.pm", "Foo/data.txt", "Foo/Bar.pod"):
        parts.add(f"{MORE}/{name}", package="libfoo-perl")
    for name in ("Bar.so", "autosplit.ix", "part.al"):
        parts.add(f"{LIBRARIES}/perl5/5.36/auto/Foo/Bar/{name}", package="libfoo-perl")
    reached = {path for path in _reached(parts) if "Foo" in path}
    auto = {f"{LIBRARIES}/perl5/5.36/auto/Foo/Bar/{name}" for name in ("Bar.so", "autosplit.ix", "part.al")}
    assert reached == auto | {f"{MORE}/Foo/Bar.pm", f"{MORE}/Foo/data.txt"}


def test_modules_by_names_that_nobody_can_tell() -> None:
    parts = _app(_perl(), "use Foo;")
    parts.add(f"{MORE}/Foo.pm", 'eval "require $x";', package="libfoo-perl")
    parts.add(f"{MORE}/Foo/Plugin.pm", package="libfoo-perl")
    parts.add(f"{MORE}/Other.pm", package="libother-perl")
    reached = _reached(parts)
    assert f"{MORE}/Foo/Plugin.pm" in reached
    assert f"{MORE}/Other.pm" not in reached


def test_names_put_together_and_places_of_ones_own() -> None:
    parts = _app(_perl(), 'require "Foo/$x.pm"; use App::Own;')
    parts.add(f"{MORE}/Foo/A.pm", package="libfoo-perl").add(f"{MORE}/Bar/B.pm", package="libfoo-perl")
    parts.add("usr/share/elsewhere/lib/App/Own.pm", package="data")
    reached = _reached(parts)
    assert {f"{MORE}/Foo/A.pm", "usr/share/elsewhere/lib/App/Own.pm"} <= reached
    assert f"{MORE}/Bar/B.pm" not in reached
