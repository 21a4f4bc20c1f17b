"""What slim images miss, the probes that do no harm, and what is drawn."""

from __future__ import annotations

import re

import pytest

from benchmarks.slimstarts import Probe, SlimStart, drawn, known_probes, missed, recipe_packages, show
from benchmarks.traced import Asked
from tests.support.parts import Parts

PROBE = Probe(("/usr/share/doc/*",), "nobody reads it")


def _parts(*paths: str) -> Parts:
    parts = Parts()
    for path in paths:
        parts.add(path)
    return parts.link("usr/lib/plugins/now.so", "b.so") if "usr/lib/plugins/b.so" in paths else parts


WHOLE = _parts(
    "usr/bin/app", "usr/lib/plugins/a.so", "usr/lib/plugins/b.so", "var/lib/app/x", "usr/share/doc/app/words"
)
SLIM = _parts("usr/bin/app")


@pytest.mark.parametrize(
    ("path", "found", "makes", "why"),
    [
        ("/usr/lib/plugins/a.so", False, False, "/usr/lib/plugins/a.so: /bin/x asks for it in vain (open "),
        ("/usr/lib/plugins/now.so", False, False, "/usr/lib/plugins/b.so: /bin/x asks for it in vain (open "),
        ("/usr/lib/plugins/a.so", True, False, "/usr/lib/plugins/a.so: /bin/x opens it in the whole image (open "),
        ("/var/lib/app/new", False, True, "/var/lib/app: /bin/x asks for it in vain (open "),
        ("/var/lib/app/new", False, False, None),
        ("/usr/bin/app", True, False, None),
        ("/usr/bin/other", False, False, None),
        ("/usr/bin/new", False, True, None),
        ("/usr/share/doc/app/words", False, False, None),
    ],
)
def test_what_is_missed(path: str, why: str | None, *, found: bool, makes: bool) -> None:
    asked = [Asked(path, "open", "/bin/x", found, makes)]
    by = (asked, []) if found else ([], asked)
    told = list(missed(WHOLE.tree, SLIM.tree, *by, [PROBE]))
    assert told == ([f"{why}{path})"] if why else [])


def test_what_was_not_found_in_the_whole_image_is_not_missed() -> None:
    asked = [Asked("/usr/lib/plugins/a.so", "open", "", found=False)]
    assert list(missed(WHOLE.tree, SLIM.tree, asked, [], [])) == []


def test_who_lists_a_directory_misses_nothing() -> None:
    asked = [Asked("/usr/lib/plugins/a.so", "newfstatat", "", found=True)]
    assert list(missed(WHOLE.tree, SLIM.tree, asked, [], [])) == []


def test_every_probe_has_a_reason_and_a_place() -> None:
    for probe in known_probes():
        assert probe.why
        assert probe.paths
        assert all(path.startswith("/") for path in probe.paths)


def test_applications_that_have_recipes_are_not_drawn() -> None:
    names = ["nginx", "caddy", "hugo", "git", "mpd"]
    found = list(drawn(names, ["bookworm", "trixie"]))
    assert sorted(name for name, _ in found) == ["caddy", "hugo", "mpd"]
    assert [suite for _, suite in found] == ["bookworm", "trixie", "bookworm"]
    assert found == list(drawn(names[::-1], ["bookworm", "trixie"]))
    assert {"nginx", "postgresql", "redis"} <= set(recipe_packages())


def test_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    good = SlimStart("good", "trixie", proof="stays up", size=1_000_000, whole=4_000_000)
    lacking = SlimStart("lacking", "trixie", proof="stays up", size=1, whole=2, missed=("/x: it asks",))
    failing = SlimStart("failing", "trixie", problem="it ended", log=("a line",), size=1, whole=2)
    unfit = SlimStart("unfit", "trixie", unfit="it needs a key")
    assert re.fullmatch(r"good +trixie +1\.0 of +4\.0 MB +25% none missed +stays up", good.line())
    assert unfit.line().endswith("not counted: it needs a key")
    assert [each.passes for each in (good, lacking, failing)] == [True, False, False]
    show([good, lacking, failing, unfit])
    said = capsys.readouterr().out
    assert "3 applications: 2 slim images pass their test, 1 miss nothing; median 50% of the bytes" in said
    assert "\nfailing (trixie): it ended\n  | a line\n" in said
    assert "\nlacking (trixie): stays up\n  /x: it asks\n" in said
