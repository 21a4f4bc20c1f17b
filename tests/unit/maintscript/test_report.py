"""The report says everything a script did, as JSON and in sentences."""

from __future__ import annotations

import json

from pkg2image.maintscript.report import (
    Change,
    Disposition,
    NoOp,
    Overridden,
    PackageReport,
    Problem,
    ScriptReport,
    Withheld,
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
    assert ScriptReport("emulate", (USEFUL, COVERED, ELSEWHERE, LOST)).summary() == (
        "odd: postinst line 12: unknown command foo",
        "redis: not made: /etc/redis.key: keys belong to one installation",
        "db: left to the first start: initdb: data belong to a volume",
    )


def test_a_long_summary_is_cut() -> None:
    lost = [PackageReport(f"p{n}", "1", Disposition.NOT_UNDERSTOOD, problem=LOST.problem) for n in range(20)]
    lines = ScriptReport("emulate", tuple(lost)).summary()
    assert len(lines) == 9
    assert lines[-1] == "and 12 more, see the report"
