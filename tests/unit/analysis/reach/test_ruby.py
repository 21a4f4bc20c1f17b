"""What Ruby programs and libraries refer to."""

from __future__ import annotations

import pytest

from pkg2image.analysis.reach.ruby import ruby_references
from pkg2image.analysis.reach.ruby_source import gem_dependencies, ruby_machine_code, ruby_source
from pkg2image.analysis.reach.scripts import script_references
from tests.support.parts import LIBRARIES, Parts, program
from tests.support.slimming import files_of, slimmed

LIB = "usr/lib/ruby/3.1.0"
VENDOR = "usr/lib/ruby/vendor_ruby"
GEMS = "usr/share/rubygems-integration/all"


def _ruby() -> Parts:
    parts = Parts().elf("usr/bin/ruby3.1", program("libruby-3.1.so.3.1"), package="ruby3.1")
    parts.link("usr/bin/ruby", "ruby3.1", package="ruby")
    for path in (f"{LIB}/json.rb", f"{LIB}/set.rb", f"{LIB}/rdoc/ri.rb", f"{LIBRARIES}/ruby/3.1.0/enc/encdb.so"):
        parts.add(path, package="libruby3.1")
    parts.add("usr/lib/ruby/gems/3.1.0/specifications/default/json-2.gemspec", package="libruby3.1")
    return parts.add(f"{LIB}/rubygems.rb", package="libruby3.1").add(f"{VENDOR}/rubygems.rb", package="ruby-rubygems")


def _app(parts: Parts, text: str) -> Parts:
    return parts.add("usr/bin/app", f"#!/usr/bin/ruby\n{text}\n", mode=0o755)


def _reached(parts: Parts, *commands: str) -> set[str]:
    starts = [command.split() for command in commands or ("app",)]
    return set(files_of(slimmed(parts, *starts, packages=("app",), finders=(ruby_references, script_references))))


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("require 'a/b'", ["feature:a/b"]),
        ('require("a")', ["feature:a"]),
        ("require_relative '../a'", ["beside:../a"]),
        ("autoload :A, 'lib/a'", ["feature:lib/a"]),
        ("autoload :FooBar", ["class:FooBar"]),
        ('require "a/b/#{x}"', ["begin:a/b/"]),
        ('require_relative "a/#{x}"', ["begin-beside:a/"]),
        ("require name", ["any:"]),
        ("gem 'rack'", ["gem:rack"]),
        ("# require 'a'\n=begin\nrequire 'b'\n=end\nrequire 'c'\n__END__\nrequire 'd'", ["feature:c"]),
        ("=begin\nrequire 'b'", []),
        ("File.expand_path('../lib/x', __FILE__)", ["beside:../lib/x"]),
    ],
)
def test_sources(text: str, findings: list[str]) -> None:
    assert list(ruby_source(text.encode())) == findings


@pytest.mark.parametrize(
    "data", [b"\0\xff" * 50_000, b"=begin\n" * 30_000, b"autoload :a, " * 20_000, b"require " * 20_000]
)
def test_hostile_sources(data: bytes) -> None:
    assert all(":" in finding for finding in ruby_source(data))
    assert gem_dependencies(data) == ()
    assert all(name.isascii() for name in ruby_machine_code(data))


def test_a_program_reaches_what_it_requires() -> None:
    assert _reached(_app(_ruby(), "require 'json'")) == {
        *("usr/bin/app", "usr/bin/ruby", "usr/bin/ruby3.1", f"{LIB}/json.rb", f"{LIB}/set.rb", f"{VENDOR}/rubygems.rb"),
        f"{LIBRARIES}/ruby/3.1.0/enc/encdb.so",
        "usr/lib/ruby/gems/3.1.0/specifications/default/json-2.gemspec",
    }


def test_who_starts_ruby_gets_its_library_without_what_is_for_developers() -> None:
    parts = _ruby().add(f"{LIB}/csv.rb", package="libruby3.1")
    reached = _reached(_app(parts, ""), "ruby")
    assert {f"{LIB}/csv.rb", f"{VENDOR}/rubygems.rb"} <= reached
    assert not {f"{LIB}/rdoc/ri.rb", f"{LIB}/rubygems.rb"} & reached


def test_a_gem_brings_its_specification_its_data_and_those_of_its_dependencies() -> None:
    parts = _app(_ruby(), "require 'one'")
    parts.add(f"{GEMS}/gems/one-1.0/lib/one.rb", "require_relative 'one/x'", package="ruby-one")
    for name in ("gems/one-1.0/lib/one/x.rb", "gems/one-1.0/lib/one/x.yml", "gems/one-1.0/lib/one/y.rb"):
        parts.add(f"{GEMS}/{name}", package="ruby-one")
    parts.add(
        f"{GEMS}/specifications/one-1.0.gemspec", 's.add_runtime_dependency(%q<two>, [">= 1"])', package="ruby-one"
    )
    parts.add(f"{GEMS}/specifications/two-2.0.gemspec", package="ruby-two")
    parts.add(f"{GEMS}/specifications/two-more-2.0.gemspec", package="ruby-two")
    reached = {path.removeprefix(f"{GEMS}/") for path in _reached(parts) if path.startswith(GEMS)}
    assert reached == {
        *("gems/one-1.0/lib/one.rb", "gems/one-1.0/lib/one/x.rb", "gems/one-1.0/lib/one/x.yml"),
        *("specifications/one-1.0.gemspec", "specifications/two-2.0.gemspec"),
    }


def test_features_that_nobody_can_tell_and_those_that_are_put_together() -> None:
    parts = _app(_ruby(), "require 'one'\nrequire \"many/#{x}\"\nrequire 'apart'")
    parts.add(f"{VENDOR}/one.rb", "require name", package="ruby-one").add(f"{VENDOR}/one/x.rb", package="ruby-one")
    parts.add(f"{VENDOR}/many/a.rb", package="ruby-many").add(f"{VENDOR}/other.rb", package="ruby-many")
    parts.add("usr/share/apart/lib/apart.rb", package="data")
    reached = _reached(parts)
    assert {f"{VENDOR}/one/x.rb", f"{VENDOR}/many/a.rb", "usr/share/apart/lib/apart.rb"} <= reached
    assert f"{VENDOR}/other.rb" not in reached
