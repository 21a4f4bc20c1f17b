"""A bill of materials as SPDX 2.3 in JSON.

Spec: SPDX 2.3, https://spdx.github.io/spdx-spec/v2.3/; its JSON schema.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from itertools import chain

from pkg2image.sbom.bill import MAKER, MAKER_URL, Bill, BuiltWith, Component, Contact, File, SourcePackage
from pkg2image.sbom.licences import NOASSERTION
from pkg2image.sbom.text import COMPLETE, CUT, LICENCE_LIST, PART, compact, lines, public_url, quoted, utc

_DOCUMENT = "SPDXRef-DOCUMENT"
_IMAGE = "SPDXRef-Image"


def render_spdx2(bill: Bill) -> bytes:
    """Return a bill as an SPDX 2.3 document."""
    head = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": _DOCUMENT,
        "name": bill.title,
        "documentNamespace": f"{MAKER_URL}spdx/{bill.title.replace('+', '%2B')}/{bill.uuid}",
        "creationInfo": {
            "created": utc(bill.epoch),
            "creators": [f"Tool: {MAKER}-{bill.tool}", f"Organization: {MAKER}"],
            "licenseListVersion": LICENCE_LIST,
        },
        "comment": COMPLETE,
    }
    packages = [_image(bill), *map(_package, bill.components), *(_source(bill, source) for source in bill.sources)]
    texts = [{"licenseId": name, "extractedText": text} for name, text in sorted(bill.texts.items())]
    parts = {
        "packages": map(compact, packages),
        "files": chain(_files(bill.generated), *(_files(component.files) for component in bill.components)),
        "hasExtractedLicensingInfos": map(compact, texts),
        "relationships": _relationships(bill),
    }
    rest = "".join(f",\n{quoted(name)}: {lines(items)}" for name, items in parts.items())
    return f"{compact(head)[:-1]}{rest}}}\n".encode("utf-8", "backslashreplace")


def _image(bill: Bill) -> dict[str, object]:
    files = [*bill.generated, *(file for component in bill.components for file in component.files)]
    return {
        "SPDXID": _IMAGE,
        "name": bill.name,
        "versionInfo": bill.version,
        "supplier": f"Organization: {MAKER}",
        "downloadLocation": NOASSERTION,
        "filesAnalyzed": True,
        "packageVerificationCode": {"packageVerificationCodeValue": _verification(files)},
        "licenseConcluded": bill.licence,
        "licenseDeclared": NOASSERTION,
        "copyrightText": NOASSERTION,
        "primaryPackagePurpose": "CONTAINER",
        "comment": f"{bill.description} It was made from the lock {bill.lock}.",
    }


def _package(component: Component) -> dict[str, object]:
    licence = component.licence
    url = public_url(component.url)
    source = f"built from the source package {component.source.name} {component.source.version}"
    notes = [
        *([PART] if component.is_part else []),
        *([] if component.is_whole else [CUT]),
        *([f"The SHA-256 of its copyright file is {licence.sha256}."] if licence.sha256 else []),
        *([f"It was downloaded from {component.url}."] if component.url and not url else []),
    ]
    found: dict[str, object] = {
        "SPDXID": _id(component),
        "name": component.name,
        "versionInfo": component.version,
        "packageFileName": component.filename,
        "supplier": _actor(component.maintainer),
        "downloadLocation": url or NOASSERTION,
        "filesAnalyzed": bool(component.files),
        "checksums": [
            {"algorithm": "SHA256", "checksumValue": component.sha256},
            {"algorithm": "SHA512", "checksumValue": component.sha512},
        ],
        "sourceInfo": source,
        "licenseConcluded": licence.concluded,
        "licenseDeclared": licence.declared,
        "copyrightText": licence.notices,
        "summary": component.summary,
        "externalRefs": [_purl(component.purl)],
        "comment": " ".join(notes),
    }
    if component.files:
        found["packageVerificationCode"] = {"packageVerificationCodeValue": _verification(component.files)}
    if component.homepage:
        found["homepage"] = component.homepage
    return {name: value for name, value in found.items() if value != ""}


def _source(bill: Bill, source: SourcePackage) -> dict[str, object]:
    maintainer = next((each.maintainer for each in bill.components if each.source.purl == source.purl), None)
    return {
        "SPDXID": _source_id(source),
        "name": source.name,
        "versionInfo": source.version,
        "packageFileName": source.dsc,
        "supplier": _actor(maintainer) if maintainer else f"Organization: {bill.distribution.capitalize()}",
        "downloadLocation": public_url(source.url) or NOASSERTION,
        "filesAnalyzed": False,
        "licenseConcluded": NOASSERTION,
        "licenseDeclared": NOASSERTION,
        "copyrightText": NOASSERTION,
        "primaryPackagePurpose": "SOURCE",
        "externalRefs": [_purl(source.purl)],
    }


def _purl(purl: str) -> dict[str, str]:
    return {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}


def _actor(contact: Contact) -> str:
    # Parentheses are around the address, so there can be none in the name.
    name = contact.name.translate({ord("("): "[", ord(")"): "]"})
    address = f" ({contact.email})" if contact.email else ""
    return f"{'Organization' if contact.is_group else 'Person'}: {name}{address}"


def _verification(files: Iterable[File]) -> str:
    """Return the package verification code (SPDX 2.3, 7.9)."""
    hashes = "".join(sorted(file.sha1 for file in files))
    return hashlib.sha1(hashes.encode(), usedforsecurity=False).hexdigest()


def _files(files: Iterable[File]) -> Iterator[str]:
    for file in files:
        comment = f',"comment":{quoted(_made(file))}' if file.origin else ""
        yield (
            f'{{"SPDXID":"{_file_id(file)}","fileName":{quoted(f"./{file.path}")},"checksums":['
            f'{{"algorithm":"SHA1","checksumValue":"{file.sha1}"}},'
            f'{{"algorithm":"SHA256","checksumValue":"{file.sha256}"}}]{comment}}}'
        )


def _made(file: File) -> str:
    return f"made or changed by: {file.origin}"


def _relationships(bill: Bill) -> Iterator[str]:
    yield _relationship(_DOCUMENT, "DESCRIBES", _IMAGE)
    known = {component.name: _id(component) for component in bill.components}
    for component in bill.components:
        identifier = _id(component)
        yield _relationship(_IMAGE, "CONTAINS", identifier)
        for name in component.depends:
            yield _relationship(identifier, "DEPENDS_ON", known[name])
        yield _relationship(identifier, "GENERATED_FROM", _source_id(component.source))
        for built in component.built_with:
            yield _built_with(identifier, built)
        for file in component.files:
            yield _relationship(identifier, "CONTAINS", _file_id(file))
    for file in bill.generated:
        yield _relationship(_IMAGE, "CONTAINS", _file_id(file))


def _built_with(identifier: str, built: BuiltWith) -> str:
    kind = "STATIC_LINK" if built.is_static else "GENERATED_FROM"
    return f'{_relationship(identifier, kind, _source_id(built.source))[:-1]},"comment":"{built.field}"}}'


def _relationship(one: str, kind: str, other: str) -> str:
    return f'{{"spdxElementId":"{one}","relationshipType":"{kind}","relatedSpdxElement":"{other}"}}'


def _id(component: Component) -> str:
    return f"SPDXRef-Package-{_word(component.name)}-{component.architecture}"


def _source_id(source: SourcePackage) -> str:
    # A version may hold what an identifier may not, and two versions of a source can be there.
    return f"SPDXRef-Source-{_word(source.name)}-{hashlib.sha256(source.version.encode()).hexdigest()[:8]}"


def _file_id(file: File) -> str:
    return f"SPDXRef-File-{hashlib.sha256(file.path.encode()).hexdigest()[:20]}"


def _word(name: str) -> str:
    return name.replace("+", ".2B")
