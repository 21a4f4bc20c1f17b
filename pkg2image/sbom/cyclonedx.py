"""A bill of materials as CycloneDX 1.6 in JSON.

Spec: CycloneDX 1.6, https://cyclonedx.org/docs/1.6/json/ (ECMA-424).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pkg2image.sbom.bill import MAKER, MAKER_URL, Bill, Component, Contact, File
from pkg2image.sbom.licences import NOASSERTION, Licence
from pkg2image.sbom.spdx_list import LICENCES
from pkg2image.sbom.text import COMPLETE, CUT, PART, compact, lines, quoted, utc

_IMAGE = "image"


def render_cyclonedx(bill: Bill) -> bytes:
    """Return a bill as a CycloneDX 1.6 document."""
    head = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{bill.uuid}",
        "version": 1,
        "metadata": _metadata(bill),
    }
    parts = {
        "components": [*map(_component, bill.components), *_files(bill.generated)],
        "dependencies": map(compact, _dependencies(bill)),
        "compositions": map(compact, _compositions(bill)),
    }
    rest = "".join(f",\n{quoted(name)}: {lines(items)}" for name, items in parts.items())
    return f"{compact(head)[:-1]}{rest}}}\n".encode("utf-8", "backslashreplace")


def _metadata(bill: Bill) -> dict[str, object]:
    tool = {
        "type": "application",
        "name": MAKER,
        "version": bill.tool,
        "externalReferences": [{"type": "website", "url": MAKER_URL}],
    }
    return {
        "timestamp": utc(bill.epoch),
        "lifecycles": [{"phase": "build"}],
        "tools": {"components": [tool]},
        "component": {
            "type": "container",
            "bom-ref": _IMAGE,
            "name": bill.name,
            "version": bill.version,
            "description": f"{bill.description} {COMPLETE}",
            "properties": _properties([("lock", str(bill.lock)), ("sha256sums", bill.sums[0])]),
        },
    }


def _component(component: Component) -> str:
    licence = component.licence
    references: list[tuple[str, dict[str, object]]] = [
        (component.homepage, {"type": "website"}),
        (component.url, {"type": "distribution", "hashes": _hashes(component)}),
        (component.source.url, {"type": "source-distribution"}),
    ]
    texts = [{"license": {"name": name, "text": {"content": text}}} for name, text in licence.texts]
    note = " ".join([*([PART] if component.is_part else []), *([] if component.is_whole else [CUT])])
    built = [(each.field.lower(), f"{each.source.name} {each.source.version}") for each in component.built_with]
    found: dict[str, object] = {
        "type": "library",
        "bom-ref": component.purl,
        "supplier": _supplier(component.maintainer),
        "name": component.name,
        "version": component.version,
        "description": component.summary,
        "hashes": _hashes(component),
        "licenses": _licences(licence),
        "copyright": licence.notices,
        "purl": component.purl,
        "externalReferences": [{**what, "url": url} for url, what in references if url],
        "pedigree": {"ancestors": list(_ancestors(component))},
        "evidence": {"licenses": texts} if texts else {},
        "properties": _properties([("copyright-file", licence.sha256), ("note", note), *built]),
    }
    head = compact({name: value for name, value in found.items() if value not in ("", [], {})})
    return f'{head[:-1]},"components":{lines(_files(component.files))}}}' if component.files else head


def _ancestors(component: Component) -> Iterator[dict[str, str]]:
    """Yield the sources that a package was built from and with."""
    sources = dict.fromkeys((component.source, *(built.source for built in component.built_with)))
    for source in sources:
        yield {"type": "library", "name": source.name, "version": source.version, "purl": source.purl}


def _supplier(contact: Contact) -> dict[str, object]:
    contacts = {"contact": [{"email": contact.email}]} if contact.email else {}
    return {"name": contact.name, **contacts}


def _licences(licence: Licence) -> list[dict[str, object]]:
    if licence.concluded == NOASSERTION:
        return []
    if licence.concluded.lower() in LICENCES:
        return [{"license": {"id": licence.concluded}}]
    return [{"expression": licence.concluded}]


def _hashes(component: Component) -> list[dict[str, str]]:
    return [{"alg": "SHA-256", "content": component.sha256}, {"alg": "SHA-512", "content": component.sha512}]


def _properties(values: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": f"{MAKER}:{name}", "value": value} for name, value in values if value]


def _files(files: Iterable[File]) -> Iterator[str]:
    for file in files:
        origin = f',"properties":{compact(_properties([("made-or-changed-by", file.origin)]))}' if file.origin else ""
        yield (
            f'{{"type":"file","name":{quoted(f"/{file.path}")},"hashes":[{{"alg":"SHA-1","content":"{file.sha1}"}},'
            f'{{"alg":"SHA-256","content":"{file.sha256}"}}]{origin}}}'
        )


def _dependencies(bill: Bill) -> Iterator[dict[str, object]]:
    purls = {component.name: component.purl for component in bill.components}
    yield {"ref": _IMAGE, "dependsOn": [component.purl for component in bill.components]}
    for component in bill.components:
        yield {"ref": component.purl, "dependsOn": [purls[name] for name in component.depends]}


def _compositions(bill: Bill) -> Iterator[dict[str, object]]:
    """Yield what is complete: all that is in the image, and what its packages need, but for what was left out."""

    def purls(*, whole: bool) -> Sequence[str]:
        return [component.purl for component in bill.components if component.is_whole is whole]

    yield {"aggregate": "complete", "assemblies": [_IMAGE], "dependencies": [_IMAGE, *purls(whole=True)]}
    if cut := purls(whole=False):
        yield {"aggregate": "incomplete", "dependencies": cut}
