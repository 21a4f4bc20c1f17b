"""What does not work without a package that the user does without."""

from __future__ import annotations

import pytest

from pkg2image.analysis.completeness import Unmet
from pkg2image.analysis.leftout import consequences, owing


def _library(path: str, package: str = "app", what: str = "libx.so.1", kind: str = "library") -> Unmet:
    return Unmet(path, kind, what, package)


@pytest.mark.parametrize(
    ("unmet", "missed", "sentences"),
    [
        ([], {"app": {"libx1"}}, []),
        ([_library("a")], {}, []),
        ([_library("a")], {"app": set()}, []),
        ([_library("a")], {"other": {"libx1"}}, []),
        ([Unmet("a", "user", "web", "app")], {"app": {"libx1"}}, []),
        ([_library("a")], {"app": {"libx1"}}, ["without libx1, which has libx.so.1, this will not load: /a (app)"]),
        (
            [_library("a"), _library("a", what="X_1 of libx.so.1", kind="version")],
            {"app": {"libx1"}},
            ["without libx1, which has libx.so.1, X_1 of libx.so.1, this will not load: /a (app)"],
        ),
        (
            [_library("a", kind="interpreter", what="perl")],
            {"app": {"perl"}},
            ["without perl, which has perl, this will not start: /a (app)"],
        ),
        (
            [_library(f"a{number}") for number in range(7)],
            {"app": {"libx1"}},
            [
                "without libx1, which has libx.so.1, this will not load: "
                + ", ".join(f"/a{number} (app)" for number in range(5))
                + " and 2 more files"
            ],
        ),
        (
            [_library("a"), _library("b", "tool", "liby.so.2")],
            {"app": {"libx1"}, "tool": {"liby2", "libz3"}},
            [
                "without libx1, which has libx.so.1, this will not load: /a (app)",
                "without liby2 and libz3, which has liby.so.2, this will not load: /b (tool)",
            ],
        ),
    ],
)
def test_files_that_do_not_work(unmet: list[Unmet], missed: dict[str, set[str]], sentences: list[str]) -> None:
    assert list(consequences(owing(unmet, missed))) == sentences
