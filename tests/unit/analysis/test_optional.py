"""What packages call optional, and how the packages of libraries and interpreters are called."""

from __future__ import annotations

import pytest

from pkg2image.analysis.optional import (
    linked_packages,
    optional_names,
    packages_of_interpreter,
    packages_of_library,
    recommended_names,
)
from tests.support.trees import Shelf


def test_what_is_only_recommended_or_suggested() -> None:
    shelf = Shelf()
    fields = {"Depends": "libc6, perl | python3", "Recommends": "libatm1 (>= 2), perl", "Suggests": "doc | doc-html"}
    debs = [shelf.deb("app", fields=fields), shelf.deb("plain", fields={"Depends": "app"})]
    assert optional_names(debs) == {"app": frozenset({"libatm1", "doc", "doc-html"})}


@pytest.mark.parametrize(
    ("depends", "is_linked"),
    [
        ("libx1", True),
        ("libx1, debconf, perl", True),
        ("libgone1 | libx1", True),
        ("liby1", True),
        ("libx1, libgone1", False),
        ("", True),
    ],
)
def test_packages_that_have_the_libraries_they_depend_on(depends: str, *, is_linked: bool) -> None:
    shelf = Shelf()
    debs = [shelf.deb("app", fields={"Depends": depends}), shelf.deb("libx1", fields={"Provides": "liby1"})]
    assert ("app" in linked_packages(debs)) == is_linked


@pytest.mark.parametrize(
    ("soname", "package"),
    [
        ("libatm.so.1", "libatm1"),
        ("libssl.so.3", "libssl3t64"),
        ("libdb-5.3.so", "libdb5.3"),
        ("libSDL2-2.0.so.0", "libsdl2-2.0-0"),
        ("libpython3.11.so.1.0", "libpython3.11-1.0"),
        ("libx264.so.164", "libx264-164"),
        ("libfoo_bar.so.2", "libfoo-bar2"),
    ],
)
def test_packages_of_libraries(soname: str, package: str) -> None:
    assert package in packages_of_library(soname)


def test_a_name_that_is_no_library_has_no_package() -> None:
    assert packages_of_library("plugin") == ()


@pytest.mark.parametrize(
    ("program", "package"),
    [("/usr/bin/python3", "python3"), ("/usr/bin/python3", "python3-minimal"), ("node", "nodejs"), ("bash", "bash")],
)
def test_packages_of_interpreters(program: str, package: str) -> None:
    assert package in packages_of_interpreter(program)


def test_what_is_recommended() -> None:
    shelf = Shelf()
    debs = [shelf.deb("app", fields={"Recommends": "a | b, c", "Suggests": "d"}), shelf.deb("plain")]
    assert recommended_names(debs) == {"app": frozenset({"a", "b", "c"})}
