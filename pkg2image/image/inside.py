"""What files inside an image say about it: packages, what became of their scripts, users and groups.

Nothing of it is believed or judged. What is not of the right form is left out, for the image may be anybody's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pkg2image.deb.control import parse_stanzas
from pkg2image.image.reasons import Reasons, parse_reasons
from pkg2image.lock.making import lock_plan
from pkg2image.lock.model import LOCK_PATH
from pkg2image.lock.reading import LockError, read_lock
from pkg2image.plan import Plan, render_package


@dataclass(frozen=True, slots=True)
class Inside:
    """What files inside an image say.

    Args:
        packages: What dpkg's database says, sorted by name; each as ``plan --json`` shows packages.
        users: Lines of ``/etc/passwd``, in their order: ``name``, ``uid``, ``gid``, ``home``, ``shell``.
        groups: Lines of ``/etc/group``, in their order: ``name``, ``gid``, ``members``.
        needs: What nobody declared and files showed that they need: ``provider``, ``what``, ``path``, ``reason``,
            ``package``.
        scripts: What became of the scripts of the packages: the report that the build has left, empty without one.
        unmet: What its files ask for and do not find: ``path``, ``kind``, ``what``, ``package``; None when it was not
            checked.
        wanted: What else they show that they need and do not find: ``what``, ``path``, ``reason``, ``package``.
        inferred: How it is started and why so: ``values``, ``candidates``, ``notes`` and more; empty when it does not
            say.
        reasons: What was left out of it and why, and of a slim image why the rest was kept; None when it does not say.
    """

    packages: tuple[Mapping[str, object], ...] = ()
    users: tuple[Mapping[str, object], ...] = ()
    groups: tuple[Mapping[str, object], ...] = ()
    needs: tuple[Mapping[str, object], ...] = ()
    scripts: Mapping[str, Any] = field(default_factory=dict)
    unmet: tuple[Mapping[str, object], ...] | None = None
    wanted: tuple[Mapping[str, object], ...] = ()
    inferred: Mapping[str, Any] = field(default_factory=dict)
    reasons: Reasons | None = None


def look_inside(
    *,
    status: bytes,
    lock: bytes,
    scripts: bytes,
    unmet: bytes,
    passwd: bytes,
    group: bytes,
    inferred: bytes = b"",
    reasons: bytes = b"",
) -> Inside:
    """Read what an image says about itself; of a file that is missing the content is empty.

    Args:
        status: Of dpkg's database.
        lock: The lock that the image was made of.
        scripts: The report about scripts.
        unmet: What was found by the check whether everything is there.
        passwd: ``/etc/passwd``.
        group: ``/etc/group``.
        inferred: How the image is started, and why so.
        reasons: What was left out, and why what is there was kept.

    Raises:
        ValueError: When a document is not JSON.
        MalformedPackageError: When the status has no stanzas.
    """
    plan = _plan(lock)
    return Inside(
        packages=_packages(status.decode("utf-8", "replace"), plan),
        users=tuple(
            {"name": name, "uid": int(uid), "gid": int(gid), "home": home, "shell": shell}
            for name, _, uid, gid, _, home, shell in _records(passwd, 7)
            if _is_number(uid) and _is_number(gid)
        ),
        groups=tuple(
            {"name": name, "gid": int(gid), "members": [member for member in members.split(",") if member]}
            for name, _, gid, members in _records(group, 4)
            if _is_number(gid)
        ),
        needs=tuple(need.render() for need in plan.needs) if plan else (),
        scripts=_scripts(_document(scripts)),
        unmet=tuple(_objects(_document(unmet), "unmet")) if unmet else None,
        wanted=tuple(_objects(_document(unmet), "wanted")),
        inferred=_inferred(_document(inferred)),
        reasons=parse_reasons(reasons),
    )


def _document(data: bytes) -> Mapping[str, Any]:
    document = json.loads(data or b"{}")
    return document if isinstance(document, dict) else {}


def _records(data: bytes, width: int) -> Iterator[list[str]]:
    for line in data.decode("utf-8", "replace").split("\n"):
        fields = line.split(":")
        if len(fields) == width:
            yield fields


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 10


def _plan(lock: bytes) -> Plan | None:
    """Return the plan of a lock; none of a lock that was edited, which whoever verifies the image is told."""
    try:
        return lock_plan(read_lock(lock, origin=f"/{LOCK_PATH}")) if lock else None
    except LockError:
        return None


def _packages(status: str, plan: Plan | None) -> tuple[Mapping[str, object], ...]:
    planned = plan.packages if plan else ()
    more = {(each.package.name, each.package.architecture): render_package(each) for each in planned}
    found = [_package(fields) for fields in parse_stanzas(status, origin="/var/lib/dpkg/status")]
    return tuple(
        {**package, **more.get((str(package["name"]), str(package["architecture"])), {})}
        for package in sorted(found, key=lambda package: (str(package["name"]), str(package["architecture"])))
    )


def _package(fields: Mapping[str, str]) -> dict[str, object]:
    source, _, version = fields.get("Source", "").partition(" ")
    return {
        "name": fields.get("Package", ""),
        "version": fields.get("Version", ""),
        "architecture": fields.get("Architecture", ""),
        "source": source or fields.get("Package", ""),
        "source_version": version.strip("()") or fields.get("Version", ""),
        "size": 0,
        "installed_size": int(fields.get("Installed-Size", "0")) * 1024,
        "sha256": "",
        "reason": "",
    }


def _scripts(report: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the report with everything in it that whoever shows it may rely on: lists of objects."""
    if not report:
        return {}
    packages = []
    for package in _objects(report, "packages"):
        lists = {name: _objects(package, name) for name in ("changes", "without_effect", "withheld", "overrides")}
        problem = package.get("problem")
        known = {name: value for name, value in package.items() if name not in {"problem", *lists}}
        known |= {name: value for name, value in lists.items() if value}
        packages.append(known | ({"problem": problem} if isinstance(problem, dict) else {}))
    counts = report.get("counts")
    return {**report, "counts": counts if isinstance(counts, dict) else {}, "packages": packages}


def _inferred(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the explanation with everything in it that whoever shows it may rely on."""
    if not document:
        return {}
    values, notes = document.get("values"), document.get("notes")
    fields = values.items() if isinstance(values, dict) else ()
    return {
        **document,
        "values": {name: value for name, value in fields if isinstance(value, dict)},
        "candidates": _objects(document, "candidates"),
        "notes": [note for note in notes if isinstance(note, str)] if isinstance(notes, list) else [],
    }


def _objects(document: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    value = document.get(name)
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
