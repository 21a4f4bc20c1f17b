"""Our shell parser sees what dash's own parser sees: in real maintainer scripts, and in soups of tokens."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import pytest

from pkg2image.maintscript.failure import ShellSyntaxError
from pkg2image.maintscript.parser import parse
from tests.support.dashtree import common_form, dash_trees, without_lines, without_marks
from tests.support.shellscripts import archive_scripts, installed_scripts, soup
from tests.support.shelltext import render
from tests.support.shelltrees import random_script

# The closures of 239 applications, as far as their packages have scripts, and the Essential packages.
_PACKAGES = (Path(__file__).parent / "script_packages.txt").read_text(encoding="ascii").split()

# What dash takes and we refuse to guess about.
_DELIBERATE = re.compile(
    r"here-document without|file descriptors above 9|not of the POSIX shell|quotes after a dollar sign"
    r"|arithmetic in brackets|expansion in the delimiter|unexpected "
)


@pytest.fixture(autouse=True)
def _oracle() -> None:
    if find_spec("libdash") is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("not installed: libdash")


def _compare(scripts: Mapping[str, bytes], directory: Path) -> None:
    texts = {name: without_marks(text) for name, text in scripts.items()}
    for (name, text), theirs in zip(texts.items(), dash_trees(list(texts.values()), directory), strict=True):
        assert common_form(parse(text.decode("latin-1"), origin=name)) == theirs, name


def test_scripts_of_this_machine(tmp_path: Path) -> None:
    # What is for bash may be what dash does not know.
    scripts = {name: text for name, text in installed_scripts().items() if b"bash" not in text.partition(b"\n")[0]}
    assert len(scripts) > 20
    _compare(scripts, tmp_path)


@pytest.mark.network
def test_scripts_of_the_archive(tmp_path: Path) -> None:
    scripts, missing = archive_scripts(_PACKAGES, tmp_path, suite="bookworm")
    assert missing == []
    assert len(scripts) > 1500
    (tmp_path / "scripts").mkdir()
    _compare(scripts, tmp_path / "scripts")


def test_soups_of_tokens(tmp_path: Path) -> None:
    texts = [soup(seed, ingredients=1 + seed % 8) for seed in range(300)]
    seen = 0
    for text, theirs in zip(texts, dash_trees([text.encode() for text in texts], tmp_path), strict=True):
        try:
            ours = common_form(parse(text, origin="soup"))
        except ShellSyntaxError as error:
            assert theirs is None or _DELIBERATE.match(error.reason), (text, error.reason)  # noqa: PT017
        else:
            assert without_lines(ours) == without_lines(theirs), text
            seen += 1
    assert seen > 30


def test_random_trees(tmp_path: Path) -> None:
    texts = [render(random_script(seed)).encode() for seed in range(100)]
    for text, theirs in zip(texts, dash_trees(texts, tmp_path), strict=True):
        ours = common_form(parse(text.decode("latin-1"), origin="tree"))
        assert without_lines(ours) == without_lines(theirs), text


RARE = [
    "a\\\n  b\\\nc &\\\n& d",
    "i\\\nf a; th\\\nen b; fi",
    'echo "${x:-"a b"}" "${x#"}"}" "${x%\'}\'}" "${x:-\'}" ${x:-a \'}\' b}',
    'echo "${x:-\\}\\"\\a}" ${x:-\\}} "$(echo "$(echo ")")")"',
    'echo `echo \\`echo \\\\\\`a\\\\\\`\\`` "`echo \\"a  b\\"`"',
    'cat <<A <<-\'B\' | tee 2>&1 3<>x\n$x ${y:-"z"} "q" \\$ \\a \\\nA\nA\n\t$b\n\tB\necho',
    "x=$(cat <<A\n)\nA\n) echo",
    "a <<E\n$x\\\nE\n${x}\\\nE\n\\\\\nE\n",
    "case $x in esac",
    "case a\nin\n(esac|if) ;; b) c ;;\n* ) d; esac >x",
    "for i do a; done; for i\ndo a; done; for i; do a; done; for i in; do a; done",
    "f() { a; } >b; g()\n\n( c )",
    "! a | b && c || ! { d; } & e",
    "while until a; do b; done; do c; done <<E\n$(d)\nE",
    "a=b c=$d e f=g >h i <j",
    "if a; then b; elif c; then d; elif e; then f; else g; fi",
    "echo $((1 + (2 * $x) / ${y:-3} - $(z))) $(( ( 1 ) ))",
    'echo ${#} ${##} ${#x} ${#-} ${#:-x} ${##x} ${#%x} $10 ${10} $$ $! $@ "$*"',
    "echo a#b #c\n#d\ne;#f",
    "echo '' \"\" a'' ''b \"$@\" $ a$ \"$\"",
    "{ a; }; (b); ((c); d)",
    "echo \u00e9 '\u00e9' \"\u00e9\" \\\u00e9",
]


def test_what_is_rare(tmp_path: Path) -> None:
    texts = [text.encode() for text in RARE]
    for text, theirs in zip(texts, dash_trees(texts, tmp_path), strict=True):
        ours = common_form(parse(text.decode("latin-1"), origin="rare"))
        assert without_lines(ours) == without_lines(theirs), text
