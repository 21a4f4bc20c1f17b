"""Bills of materials read again, by programs that share nothing with those that write them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from ntia_conformance_checker.sbom_checker import SbomChecker
from packageurl import PackageURL

from tests.support.tools import needs

FORMS = {"spdx": ".spdx.json", "spdx3": ".spdx3.json", "cyclonedx": ".cdx.json"}


class Named(NamedTuple):
    """What a scanner knows a package by."""

    name: str
    version: str
    architecture: str


def messages(bill: Path) -> list[str]:
    """Return what validators and checkers of conformance find wrong with a bill; its name tells the form."""
    if bill.name.endswith(FORMS["cyclonedx"]):
        found = JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill.read_text())
        return [] if found is None else [str(found)]
    if bill.name.endswith(FORMS["spdx"]):
        return _conformance(bill, "spdx2", "ntia")
    return [each for standard in ("ntia", "fsct3-min", "bsi") for each in _conformance(bill, "spdx3", standard)]


def _conformance(bill: Path, form: str, standard: str) -> list[str]:
    checker = SbomChecker(str(bill), validate=True, compliance=standard, sbom_spec=form)
    found = [*checker.parsing_errors, *(message.validation_message for message in checker.validation_messages)]
    if form == "spdx3":
        found += [f"floating: {name}" for name in checker.floating_component_ids]
    return [*found, *([] if checker.compliant else [f"not as {standard} wants it"])]


def named_in(bill: Path) -> set[Named]:
    """Return the packages that are listed in a bill; each has a package URL."""
    document = json.loads(bill.read_bytes())
    if bill.name.endswith(FORMS["cyclonedx"]):
        purls = [part["purl"] for part in document["components"] if part["type"] != "file"]
    elif bill.name.endswith(FORMS["spdx"]):
        own = [part for part in document["packages"] if part["SPDXID"].startswith("SPDXRef-Package-")]
        purls = [part["externalRefs"][0]["referenceLocator"] for part in own]
    else:
        packages = [part for part in document["@graph"] if part["type"] == "software_Package"]
        purls = [part["software_packageUrl"] for part in packages if part.get("software_primaryPurpose") != "container"]
    return set(map(_named, purls))


def _named(purl: str) -> Named:
    parsed = PackageURL.from_string(purl)
    assert (parsed.type, parsed.namespace) == ("deb", "debian")
    assert isinstance(parsed.qualifiers, dict)
    return Named(parsed.name, parsed.version or "", parsed.qualifiers["arch"])


def seen_by_syft(image: Path) -> set[Named]:
    """Return the Debian packages that syft finds in an OCI archive or a directory."""
    syft = Path(sys.executable).with_name("syft")
    needs(str(syft))
    place = f"dir:{image}" if image.is_dir() else f"oci-archive:{image}"
    done = subprocess.run(
        [syft, "scan", "--quiet", place, "--output", "json"],
        env={**os.environ, "SYFT_CHECK_FOR_APP_UPDATE": "false"},
        capture_output=True,
        check=True,
        timeout=300,
    )
    found: Iterable[Any] = json.loads(done.stdout)["artifacts"]
    return {_named(item["purl"]) for item in found if item["type"] == "deb"}


def seen_by_dpkg(root: Path) -> set[Named]:
    """Return the packages that dpkg finds in a root filesystem."""
    done = subprocess.run(
        [
            "dpkg-query",
            "--admindir",
            root / "var/lib/dpkg",
            "--show",
            "--showformat=${Package} ${Version} ${Architecture}\n",
        ],
        capture_output=True,
        check=True,
        text=True,
        timeout=60,
    )
    return {Named(*line.split()) for line in done.stdout.splitlines()}
