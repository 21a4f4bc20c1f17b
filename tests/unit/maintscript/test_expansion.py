"""What words become, beyond what the comparison with dash covers: the files and users of the image."""

from __future__ import annotations

import pytest

from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.limits import Limits
from pkg2image.maintscript.patterns import has_wildcards, matches, without_prefix, without_suffix
from tests.support.scripts import run_script

FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nwww:x:33:33::/var/www:/bin/sh\n",
    "etc/php/8.2/mods/a.ini": "",
    "etc/php/8.2/mods/b.ini": "",
    "etc/php/8.3/mods/c.ini": "",
    "etc/php/current": "-> 8.3",
}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            "/etc/php/*/mods/*.ini",
            "/etc/php/8.2/mods/a.ini /etc/php/8.2/mods/b.ini /etc/php/8.3/mods/c.ini /etc/php/current/mods/c.ini",
        ),
        ("/etc/php/*/", "/etc/php/8.2/ /etc/php/8.3/ /etc/php/current/"),
        ("/etc/php/8.[0-2]/mods/[!b]*", "/etc/php/8.2/mods/a.ini"),
        ("/none/*", "/none/*"),
        ('"/etc/"*', "/etc/passwd /etc/php"),
        ('"/etc/*"', "/etc/*"),
        ("~www/x ~root ~none", "/var/www/x /root ~none"),
        ("~/x", "/root/x"),
        ("$$ $PPID $0", "4242 1 sh"),
        ("${HOME}${UNSET-none}${#HOME}", "/rootnone5"),
        ("$(echo /etc/pass*)", "/etc/passwd"),
        ("`cd /etc; echo pass*`", "passwd"),
        ("$((1 + 2 * 3))", "7"),
    ],
)
def test_words(words: str, expected: str) -> None:
    ran = run_script(f"echo {words}", files=FILES, environment={"HOME": "/root"})
    assert ran.stdout == f"{expected}\n"


@pytest.mark.parametrize(
    "script",
    [
        "x=a; while :; do x=$x$x; done",
        'set -- a; while :; do set -- "$@" "$@"; done',
        "x=$(while :; do echo a; done)",
        "echo ${*%x}",
    ],
)
def test_too_much_and_too_odd(script: str) -> None:
    with pytest.raises(NotUnderstoodError):
        run_script(script, limits=Limits(steps=20_000, characters=4_000_000, text=100_000))


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("a*c", "abc", True),
        ("a*c", "abd", False),
        ("*", "", True),
        ("?", "", False),
        ("??", "é", True),
        ("[é]", "x", False),
        ("[[:digit:]-]*", "-1", True),
        ("[!a-c]", "d", True),
        ("[^a]", "^", True),
        ("[c-a]", "b", False),
        ("[]a]", "]", True),
        ("[a", "[a", True),
        ("[\\]]", "]", True),
        (r"\*", "*", True),
        (r"\*", "x", False),
        ("a\nb*", "a\nbc", True),
        ("*a*a*a*a*a*a*a*a*b", "a" * 5000, False),
    ],
)
def test_patterns(pattern: str, text: str, expected: bool) -> None:  # noqa: FBT001
    assert matches(pattern, text) is expected


@pytest.mark.parametrize(
    ("pattern", "text", "prefixes", "suffixes"),
    [
        ("*/", "a/b/c/", ("b/c/", ""), ("a/b/c", "")),
        ("a*", "aXa", ("Xa", ""), ("aX", "")),
        ("", "abc", ("abc", "abc"), ("abc", "abc")),
        ("x", "abc", ("abc", "abc"), ("abc", "abc")),
        ("?", "éa", ("\udca9a", "\udca9a"), ("é", "é")),
        ("*b*", "abcb", ("cb", ""), ("abc", "")),
        (".[a-z]*", "f.tar.gz", ("f.tar.gz", "f.tar.gz"), ("f.tar", "f")),
    ],
)
def test_trimming(pattern: str, text: str, prefixes: tuple[str, str], suffixes: tuple[str, str]) -> None:
    assert (without_prefix(pattern, text, longest=False), without_prefix(pattern, text, longest=True)) == prefixes
    assert (without_suffix(pattern, text, longest=False), without_suffix(pattern, text, longest=True)) == suffixes


def test_wildcards_are_what_is_not_quoted() -> None:
    found = {pattern: has_wildcards(pattern) for pattern in ("a", "a*", r"a\*", "[ab]", "[a", r"\[a]", "?")}
    assert [pattern for pattern, wild in found.items() if wild] == ["a*", "[ab]", "?"]
