"""Syntax trees survive being kept, and what is kept is read only when it fits."""

from __future__ import annotations

import ast
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from pkg2image.maintscript import parsed
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.parsed import GRAMMAR, ParsedScripts
from pkg2image.maintscript.parser import parse
from pkg2image.maintscript.storage import dump_script, load_script
from pkg2image.maintscript.syntax import Script

EVERYTHING = r"""
set -e; a=1 b=$a c= d='q' e=~user:~ f="x $a ${a:-"w"} `echo $(b)` $((1 + $a))" cmd 'x'"y"\z *.d
if test -e /x; then :; elif ! a | b; then c & else d; fi > /out 2>&1 < in
for x in 1 "$@"; do echo ${x%%.*} ${#x} ${x+set}; done
for y do :; done
while read -r line; do continue; done <<EOF
text $line
EOF
until false; do break; done <<-'EOF'
	quoted $line
	EOF
case "$1" in (a|b*) ;; *) exit 0;; esac
f() { (sub; shell) >> log; }
g() if :; then :; fi && h || i
echo first \
  second
"""


def plain(value: object) -> object:
    """Return a tree as nested tuples, whatever classes its scripts are of."""
    if is_dataclass(value):
        name = "Script" if isinstance(value, Script) else type(value).__name__
        shape = fields(Script) if isinstance(value, Script) else fields(value)
        return (name, *(plain(getattr(value, field.name)) for field in shape))
    return tuple(map(plain, value)) if isinstance(value, tuple) else value


class Shelf:
    """Records in memory."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], bytes] = {}

    def record(self, kind: str, key: str) -> bytes | None:
        return self.kept.get((kind, key))

    def put_record(self, kind: str, key: str, value: bytes) -> None:
        self.kept[kind, key] = value


@pytest.mark.parametrize("text", [EVERYTHING, "", "echo \udcff 'ä'\n", "if a\nthen b\nfi"])
def test_a_tree_is_the_same_after_it_was_kept(text: str) -> None:
    script = parse(text, origin="test")
    data = dump_script(script)
    loaded = load_script(data)
    assert loaded is not None
    assert plain(loaded) == plain(script)
    assert dump_script(loaded) == data


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[]", b"[0,1]", b'[0,"x",1]', b"[99]", b"7", b"null", b"[22]"])
def test_what_is_no_tree_is_not_loaded(data: bytes) -> None:
    assert load_script(data) is None


SCRIPT = b"#!/bin/sh -e\necho hello\n"


def test_a_script_is_parsed_once_for_all_runs() -> None:
    shelf = Shelf()
    first = ParsedScripts(shelf).script(SCRIPT, "app postinst")
    ((place, data),) = shelf.kept.items()
    assert plain(ParsedScripts(shelf).script(SCRIPT, "app postinst")) == plain(first)
    # Proof that the second run did not parse: it believes what is kept.
    shelf.kept[place] = data.replace(b"hello", b"HELLO")
    assert "HELLO" in repr(plain(ParsedScripts(shelf).script(SCRIPT, "app postinst")))


def test_a_kept_tree_that_is_damaged_is_made_anew() -> None:
    shelf = Shelf()
    first = ParsedScripts(shelf).script(SCRIPT, "app postinst")
    ((place, data),) = shelf.kept.items()
    shelf.kept[place] = b"junk"
    assert plain(ParsedScripts(shelf).script(SCRIPT, "app postinst")) == plain(first)
    assert shelf.kept[place] == data


def test_a_tree_of_another_parser_is_not_read() -> None:
    shelf = Shelf()
    first = ParsedScripts(shelf).script(SCRIPT, "app postinst")
    (((kind, key), data),) = shelf.kept.items()
    shelf.kept = {(f"{kind[:-1]}x", key): data.replace(b"hello", b"HELLO")}
    assert plain(ParsedScripts(shelf).script(SCRIPT, "app postinst")) == plain(first)
    assert set(shelf.kept) == {(f"{kind[:-1]}x", key), (kind, key)}


def test_every_module_that_shapes_a_tree_is_named() -> None:
    directory = Path(parsed.__file__).parent
    found, pending = set(), ["parser", "storage"]
    while pending:
        name = pending.pop()
        found.add(name)
        for node in ast.walk(ast.parse((directory / f"{name}.py").read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pkg2image.maintscript."):
                module = str(node.module).rpartition(".")[2]
                pending += [module] if module not in found else []
    assert found - {"failure"} == set(GRAMMAR)


def test_a_wrong_script_is_refused_each_time_and_not_kept() -> None:
    shelf = Shelf()
    scripts = ParsedScripts(shelf)
    for _ in range(2):
        with pytest.raises(NotUnderstoodError):
            scripts.script(b"#!/bin/sh\nif true; then\n", "app postinst")
    assert shelf.kept == {}
