"""What counts as a program of an Essential package is one, as the database of this machine's dpkg says."""

from __future__ import annotations

import subprocess

from pkg2image.maintscript.commands import all_commands
from pkg2image.maintscript.presence import ESSENTIAL, LEFT_OUT
from tests.support.tools import needs

DIRECTORIES = ("bin", "sbin", "usr/bin", "usr/sbin")


def query(*arguments: str) -> list[str]:
    done = subprocess.run(["dpkg-query", *arguments], capture_output=True, check=False, text=True, timeout=60)
    return done.stdout.splitlines()


def test_essential_programs_are_those_of_essential_packages() -> None:
    needs("dpkg-query")
    essential = {line.partition(" ")[0] for line in query("-Wf", "${Package} ${Essential}\n") if line.endswith(" yes")}
    owners: dict[str, set[str]] = {}
    patterns = [f"/{directory}/{name}" for name in sorted(all_commands()) for directory in DIRECTORIES]
    for line in query("-S", *patterns):
        names, _, path = line.partition(": ")
        if not line.startswith("diversion "):
            owners.setdefault(path.rpartition("/")[2], set()).update(name.split(":")[0] for name in names.split(", "))
    assert len(owners) > 100
    wrong = {name: owner for name, owner in owners.items() if bool(owner & essential) != (name in ESSENTIAL)}
    assert wrong == {}
    # systemd provides the names that stand for its small replacements.
    known = {name: {*packages, "systemd"} for name, packages in LEFT_OUT.items()}
    assert {name: owner for name, owner in owners.items() if name in known and not owner & known[name]} == {}
