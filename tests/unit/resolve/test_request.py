"""Words of a request: what they mean, and which are refused."""

from __future__ import annotations

import pytest

from pkg2image.errors import RequestError
from pkg2image.resolve.request import Want, find_roots, parse_want
from tests.support.universe import universe


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nginx", Want("nginx")),
        ("g++", Want("g++")),
        ("libstdc++6", Want("libstdc++6")),
        ("nginx=1.22*", Want("nginx", version="1.22*")),
        ("nginx=1:1.22~rc1-2+b1", Want("nginx", version="1:1.22~rc1-2+b1")),
        ("nginx/bookworm-backports", Want("nginx", suite="bookworm-backports")),
        ("nginx:amd64", Want("nginx", architecture="amd64")),
        ("nginx:amd64=1", Want("nginx", architecture="amd64", version="1")),
        ("nginx-", Want("nginx", exclude=True)),
        ("g++-", Want("g++", exclude=True)),
    ],
)
def test_words(text: str, expected: Want) -> None:
    want = parse_want(text)
    assert want.text == str(want) == text
    assert want.reason.kind == "requested"
    assert (want.name, want.architecture, want.version, want.suite, want.exclude) == (
        expected.name,
        expected.architecture,
        expected.version,
        expected.suite,
        expected.exclude,
    )


@pytest.mark.parametrize(
    "text", ["", "-", "Nginx", "a b", "nginx=", "nginx/", "nginx:", "nginx=1/x", "../x", "é", "a\n"]
)
def test_words_that_are_refused(text: str) -> None:
    with pytest.raises(RequestError, match="cannot read the package"):
        parse_want(text)


REPOSITORY = """
nginx 1.22
nginx 1.26 @backports:100
exim4
 Provides: mta
postfix
 Provides: mta
bad @never:-10
"""


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ("ngnix", "cannot install ngnix: no such package", "did you mean nginx?"),
        ("zzz", "cannot install zzz: no such package", "check the name, the suite and the sources"),
        ("ngnix-", "cannot leave out ngnix: no such package", "did you mean nginx?"),
        ("mta", "mta is a virtual package provided by exim4 and postfix", "for example exim4"),
        ("mta exim4- postfix-", "leaves out all that provide it", "allow exim4 or postfix"),
        ("mta=1", "has no versions", "exim4 or postfix"),
        ("nginx=2*", r"not available in version 2\*; available: 1.22 \(bookworm\), 1.26 \(backports\)", "nginx=1.22"),
        ("nginx/sid", r"not available in the suite sid; available: 1.22 \(bookworm\), 1.26 \(backports\)", "nginx=1"),
        ("nginx:i386", "the image is made for amd64", "--arch i386"),
        ("nginx nginx-", "the request also leaves it out", "drop either"),
        ("bad", "pinned below zero", "bad=1"),
    ],
)
def test_requests_that_make_no_sense(words: str, message: str, hint: str) -> None:
    with pytest.raises(RequestError, match=message) as caught:
        find_roots(universe(REPOSITORY), [parse_want(word) for word in words.split()])
    assert hint in str(caught.value.hint)


def test_many_versions_are_not_all_listed() -> None:
    many = universe("\n".join(f"p {number}" for number in range(30)))
    with pytest.raises(RequestError, match=r"available: 29 .*, 25 .* and 25 more") as caught:
        find_roots(many, [parse_want("p=x")])
    assert len(str(caught.value)) < 300


def test_many_providers_are_not_all_listed() -> None:
    many = universe("\n".join(f"p{number:02}\n Provides: v" for number in range(30)))
    with pytest.raises(RequestError, match=r"p00, .*, p09 and 20 more$"):
        find_roots(many, [parse_want("v")])


def test_a_pinned_version_may_have_a_negative_priority() -> None:
    (root,) = find_roots(universe(REPOSITORY), [parse_want("bad=1")]).roots
    assert [package.version for package in root.candidates] == ["1"]
