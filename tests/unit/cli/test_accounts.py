"""What was left out and what the rest takes, as people and programs read it."""

from __future__ import annotations

from dataclasses import replace

from pkg2image.cli.accounts import (
    dropped_json,
    dropped_lines,
    left_out_line,
    left_out_sentence,
    sizes_json,
    sizes_lines,
)
from pkg2image.image.account import account_of
from pkg2image.image.reasons import Left
from tests.support.accounts import SLIM

ACCOUNT = account_of(SLIM)


def test_what_was_left_out_by_rule_package_and_path() -> None:
    assert list(dropped_lines(ACCOUNT, SLIM)) == [
        "development files (by --slim): 2 files, 4.0 kB",
        "  libx1: 1 file, 4.0 kB",
        "       4.0 kB  /usr/include/x.h",
        "  app: 1 file, 20 B",
        "         20 B  /usr/include/app.h",
        "manual pages (by the closure): 1 file, 300 B",
        "  app: 1 file, 300 B",
        "        300 B  /usr/share/man/man1/app.1.gz",
        "not reached (by --slim): 1 file, 1 B",
        "  libx1: 1 file, 1 B",
        "          1 B  /usr/lib/gone",
        "left out: 4 files, 4.3 kB",
    ]


def test_an_image_that_says_nothing_of_it() -> None:
    assert list(dropped_lines(replace(ACCOUNT, left_out=()), SLIM)) == [
        "the image does not say that anything was left out of it"
    ]


def test_sizes_by_package_by_reason_and_by_layer() -> None:
    assert list(sizes_lines(ACCOUNT, SLIM)) == [
        "by package:",
        "    90.0 kB        2 files  libx1",
        "     5.0 kB        2 files  app",
        "       70 B        1 file   made for the image",
        "by reason:",
        "    90.0 kB        2 files  libraries programs are linked with",
        "     5.0 kB        1 file   the application itself",
        "       70 B        2 files  in every image, or made for this one",
        "left out:",
        "     4.0 kB        2 files  development files (by --slim)",
        "      300 B        1 file   manual pages (by the closure)",
        "        1 B        1 file   not reached (by --slim)",
        "by layer, compressed and not:",
        "     1.0 kB     3.0 kB  app",
        "5 files, 95.1 kB",
    ]


def test_the_same_as_json() -> None:
    found = sizes_json(ACCOUNT, SLIM)
    assert found["total"] == {"files": 5, "size": 95_070}
    assert found["packages"] == [
        {"package": "libx1", "files": 2, "size": 90_000, "left_out": {"files": 2, "size": 4001}},
        {"package": "app", "files": 2, "size": 5000, "left_out": {"files": 2, "size": 320}},
        {"package": "", "files": 1, "size": 70, "left_out": {"files": 0, "size": 0}},
    ]
    assert found["layers"] == [{"layer": "app", "size": 1000, "uncompressed_size": 3000}]
    assert dropped_json(ACCOUNT, SLIM)[0] == {
        "path": "/usr/share/man/man1/app.1.gz",
        "size": 300,
        "package": "app",
        "rule": "manual pages",
        "by": "closure",
    }


def test_a_package_of_which_nothing_is_left_is_told_as_well() -> None:
    gone = Left("usr/bin/z", 9, "z", "not reached", "slim")
    found = sizes_json(replace(ACCOUNT, left_out=(gone,)), SLIM)
    assert {"package": "z", "files": 0, "size": 0, "left_out": {"files": 1, "size": 9}} in found["packages"]  # type: ignore[operator]


def test_sentences() -> None:
    assert left_out_line(ACCOUNT.left_out) == "left out: 4 files, 4.3 kB"
    assert (
        left_out_sentence(ACCOUNT.left_out[0])
        == "/usr/share/man/man1/app.1.gz is not in the image: in the package app, 300 B, "
        "left out: manual pages (by the closure)"
    )
    made = Left("usr/bin/z", 9, "", "not reached", "slim")
    assert left_out_sentence(made) == "/usr/bin/z is not in the image: 9 B, left out: not reached (by --slim)"
