"""The report says everything a script did, as JSON and in sentences."""

from __future__ import annotations

import json

import pytest

from pkg2image.maintscript.report import (
    Change,
    Disposition,
    NoOp,
    Overridden,
    PackageReport,
    Problem,
    ScriptReport,
    Withheld,
    merge_changes,
)

QUIET = PackageReport("libc6", "1", Disposition.NO_SCRIPT)
USEFUL = PackageReport(
    "redis",
    "2",
    Disposition.INTERPRETED,
    scripts=("postinst",),
    changes=(Change("var/lib/redis", "made", "postinst:7"),),
    noops=(NoOp("systemctl daemon-reload", "postinst:9"),),
    withheld=(Withheld("/etc/redis.key", "keys belong to one installation", "postinst:8"),),
    notes=("app.conf: line 3 is not followed",),
)
COVERED = PackageReport(
    "db", "3", Disposition.OVERRIDDEN, overrides=(Overridden("initdb", "first start", "data belong to a volume"),)
)
ELSEWHERE = PackageReport(
    "loaders", "5", Disposition.OVERRIDDEN, overrides=(Overridden("q", "made elsewhere", "cache"),)
)
LOST = PackageReport("odd", "4", Disposition.NOT_UNDERSTOOD, problem=Problem("postinst", 12, "unknown command foo"))


def test_counts_are_by_disposition() -> None:
    report = ScriptReport("emulate", (QUIET, QUIET, USEFUL, COVERED, LOST))
    assert report.counts == {"no script": 2, "interpreted": 1, "overridden": 1, "not understood": 1}
    assert report.not_understood == (LOST,)


def test_json_has_everything_but_packages_without_scripts() -> None:
    document = json.loads(json.dumps(ScriptReport("emulate", (QUIET, USEFUL, LOST)).render()))
    assert document["policy"] == "emulate"
    assert [item["package"] for item in document["packages"]] == ["redis", "odd"]
    assert document["packages"][0] == {
        "package": "redis",
        "version": "2",
        "disposition": "interpreted",
        "scripts": ["postinst"],
        "changes": [{"path": "/var/lib/redis", "action": "made", "by": "postinst:7"}],
        "without_effect": [{"command": "systemctl daemon-reload", "by": "postinst:9"}],
        "notes": ["app.conf: line 3 is not followed"],
        "withheld": [{"what": "/etc/redis.key", "why": "keys belong to one installation", "by": "postinst:8"}],
    }
    assert document["packages"][1]["problem"] == {"script": "postinst", "line": 12, "reason": "unknown command foo"}


def test_a_problem_is_one_sentence() -> None:
    assert str(Problem("config", None, "exited with 1")) == "config: exited with 1"
    assert (
        str(Problem("postinst", 3, "no such file", "/usr/share/x")) == "postinst line 3 of /usr/share/x: no such file"
    )


def test_the_summary_has_what_a_user_should_know() -> None:
    assert ScriptReport("emulate", (QUIET,)).summary() == ()
    (left,) = ScriptReport("none").summary()
    assert "users" in left
    assert ScriptReport("emulate", (USEFUL, COVERED, ELSEWHERE, LOST)).summary() == (
        "odd is not configured: postinst line 12: unknown command foo",
        "redis: not made: /etc/redis.key: keys belong to one installation",
        "db: left to the first start: initdb: data belong to a volume",
        "what is not made is for the first start of a container to make, or for you to mount",
        "scripts of 4 packages: 1 interpreted, 2 overridden, 1 not understood; pkg2image inspect tells more",
    )


def test_every_package_that_is_not_understood_has_its_line() -> None:
    lost = [PackageReport(f"p{n}", "1", Disposition.NOT_UNDERSTOOD, problem=LOST.problem) for n in range(20)]
    *lines, last = ScriptReport("emulate", tuple(lost)).summary()
    assert lines == [f"p{n} is not configured: postinst line 12: unknown command foo" for n in range(20)]
    assert last == "scripts of 20 packages: 20 not understood; pkg2image inspect tells more"


def test_a_long_list_of_what_is_not_made_is_cut() -> None:
    keys = tuple(Withheld(f"/etc/key{n}", "a key", "postinst:1") for n in range(20))
    lines = ScriptReport("emulate", (PackageReport("p", "1", Disposition.INTERPRETED, withheld=keys),)).summary()
    assert lines[7:9] == ("p: not made: /etc/key7: a key", "and 12 more, see pkg2image inspect")
    assert len(lines) == 11


@pytest.mark.parametrize(
    ("first", "then", "together"),
    [
        ("made", "changed", "made"),
        ("made", "removed", ""),
        ("changed", "changed", "changed"),
        ("changed", "removed", "removed"),
        ("removed", "made", "changed"),
    ],
)
def test_changes_of_two_scripts_are_told_together(first: str, then: str, together: str) -> None:
    other = Change("srv/b", "made", "preinst:4")
    earlier = (other, Change("srv/a", first, "preinst:3"))
    merged = merge_changes(earlier, (Change("srv/a", then, "postinst:5"), Change("srv/c", "made", "postinst:6")))
    expected = [Change("srv/a", together, "postinst:5")] if together else []
    assert merged == (*expected, other, Change("srv/c", "made", "postinst:6"))
