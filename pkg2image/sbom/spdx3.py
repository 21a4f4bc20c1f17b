"""A bill of materials as SPDX 3.0.1 in JSON-LD.

Of the ways to say a thing this takes the one that the BSI's guideline has: a package has a file as its distribution
artifact, and what a package was built from is a file as well, its source package's description.

Spec: SPDX 3.0.1, https://spdx.github.io/spdx-spec/v3.0.1/; BSI TR-03183-2 2.1.0.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pkg2image.sbom.bill import MAKER, MAKER_URL, Bill, Component, Contact, File, SourcePackage
from pkg2image.sbom.licences import NOASSERTION
from pkg2image.sbom.text import COMPLETE, CUT, LICENCE_LIST, PART, compact, lines, quoted, utc

_CONTEXT = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
_CREATION = "_:creation"
_NO_LICENCE = "expandedlicensing_NoAssertionLicense"


def render_spdx3(bill: Bill) -> bytes:
    """Return a bill as an SPDX 3.0.1 document."""
    graph = lines(_Writer(bill, f"{MAKER_URL}spdx/{bill.uuid}#").graph())
    return f'{{"@context": {quoted(_CONTEXT)},\n"@graph": {graph}}}\n'.encode("utf-8", "backslashreplace")


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes the elements of one bill.

    Args:
        bill: The bill.
        base: What all identifiers of the document begin with.
    """

    bill: Bill
    base: str

    def graph(self) -> Iterator[str]:
        """Yield all elements and what relates them."""
        yield from self._head()
        contacts = dict.fromkeys(component.maintainer for component in self.bill.components)
        yield from (self._contact(contact) for contact in sorted(contacts, key=lambda each: (each.name, each.email)))
        yield from self._licences()
        yield from self._image()
        known = {each.name: self._package_id(each) for each in self.bill.components}
        for component in self.bill.components:
            yield from self._component(component, known)
        for source in self.bill.sources:
            yield from self._source(source)

    def _id(self, kind: str, name: str) -> str:
        return f"{self.base}{kind}-{name.replace('+', '%2B')}"

    def _element(self, kind: str, identifier: str, **fields: object) -> str:
        given = {name: value for name, value in fields.items() if value not in ("", [], None)}
        return compact({"type": kind, "spdxId": identifier, "creationInfo": _CREATION, **given})

    def _related(
        self, one: str, kind: str, others: Sequence[str], *, completeness: str = "", comment: str = ""
    ) -> Iterator[str]:
        if others:
            identifier = f"{self.base}Relationship-{_short(f'{one} {kind} {comment} {others[0]}')}"
            related = {"from": one, "relationshipType": kind, "to": list(others)}
            yield self._element("Relationship", identifier, **related, completeness=completeness, comment=comment)

    def _head(self) -> Iterator[str]:
        bill = self.bill
        maker, tool = self._id("Agent", MAKER), self._id("Tool", MAKER)
        yield compact(
            {
                "type": "CreationInfo",
                "@id": _CREATION,
                "specVersion": "3.0.1",
                "created": utc(bill.epoch),
                "createdBy": [maker],
                "createdUsing": [tool],
            }
        )
        url = {"type": "ExternalIdentifier", "externalIdentifierType": "urlScheme", "identifier": MAKER_URL}
        yield self._element("Organization", maker, name=MAKER, externalIdentifier=[url])
        yield self._element("Tool", tool, name=f"{MAKER} {bill.tool}")
        profiles = ["core", "software", "simpleLicensing"]
        document, sbom = f"{self.base}Document", f"{self.base}Sbom"
        yield self._element(
            "SpdxDocument",
            document,
            name=bill.title,
            comment=COMPLETE,
            profileConformance=profiles,
            rootElement=[sbom],
        )
        yield self._element(
            "software_Sbom",
            sbom,
            name=bill.title,
            profileConformance=profiles,
            rootElement=[self._root],
            software_sbomType=["build"],
        )

    @property
    def _root(self) -> str:
        return self._id("Image", self.bill.name)

    def _contact(self, contact: Contact) -> str:
        address = {"type": "ExternalIdentifier", "externalIdentifierType": "email", "identifier": contact.email}
        return self._element(
            "Organization" if contact.is_group else "Person",
            self._contact_id(contact),
            name=contact.name,
            externalIdentifier=[address] if contact.email else [],
        )

    def _contact_id(self, contact: Contact) -> str:
        return self._id("Agent", _short(f"{contact.name} <{contact.email}>"))

    def _licences(self) -> Iterator[str]:
        bill = self.bill
        for name, text in sorted(bill.texts.items()):
            yield self._element(
                "simplelicensing_SimpleLicensingText",
                self._id("Text", name),
                name=name,
                simplelicensing_licenseText=text,
            )
        used = {each for part in bill.components for each in (part.licence.declared, part.licence.concluded)}
        for expression in sorted({*used, bill.licence} - {NOASSERTION}):
            words = expression.replace("(", "").replace(")", "").split()
            texts = [
                {"type": "DictionaryEntry", "key": name, "value": self._id("Text", name)}
                for name in sorted({word for word in words if word in bill.texts})
            ]
            yield self._element(
                "simplelicensing_LicenseExpression",
                self._licence_id(expression),
                simplelicensing_licenseExpression=expression,
                simplelicensing_licenseListVersion=f"{LICENCE_LIST}.0",
                simplelicensing_customIdToUri=texts,
            )

    def _licence_id(self, expression: str) -> str:
        return _NO_LICENCE if expression == NOASSERTION else self._id("Licence", _short(expression))

    def _image(self) -> Iterator[str]:
        bill = self.bill
        maker = self._id("Agent", MAKER)
        yield self._element(
            "software_Package",
            self._root,
            name=bill.name,
            comment=f"{bill.description} It was made from the lock {bill.lock}.",
            software_packageVersion=bill.version,
            software_primaryPurpose="container",
            software_copyrightText="that of the packages in it",
            suppliedBy=maker,
            originatedBy=[maker],
        )
        listing = f"{self.base}Listing"
        yield self._element(
            "software_File",
            listing,
            name=f"{bill.title}.sha256sums",
            comment="What sha256sum prints for all files of the image in the byte order of their paths: however the "
            "image is packed, this stays the same.",
            software_primaryPurpose="manifest",
            software_additionalPurpose=["container"],
            verifiedUsing=_hashes(*bill.sums),
        )
        yield from self._related(self._root, "hasDistributionArtifact", [listing])
        yield from self._related(self._root, "hasConcludedLicense", [self._licence_id(bill.licence)])
        yield from self._related(self._root, "hasDeclaredLicense", [self._licence_id(bill.licence)])
        packages = [self._package_id(component) for component in bill.components]
        yield from self._related(self._root, "contains", packages, completeness="complete", comment="packages")
        yield from self._contained(self._root, bill.generated)

    def _package_id(self, component: Component) -> str:
        return self._id("Package", f"{component.name}-{component.architecture}")

    def _component(self, component: Component, known: Mapping[str, str]) -> Iterator[str]:
        identifier = self._package_id(component)
        agent = self._contact_id(component.maintainer)
        purl = {"type": "ExternalIdentifier", "externalIdentifierType": "packageUrl", "identifier": component.purl}
        yield self._element(
            "software_Package",
            identifier,
            name=component.name,
            summary=component.summary,
            comment=" ".join([*([PART] if component.is_part else []), *([] if component.is_whole else [CUT])]),
            software_packageVersion=component.version,
            software_packageUrl=component.purl,
            software_downloadLocation=component.url,
            software_homePage=component.homepage,
            software_copyrightText=component.licence.notices,
            externalIdentifier=[purl],
            suppliedBy=agent,
            originatedBy=[agent],
        )
        yield from self._artifact(component, identifier)
        for kind, expression in (
            ("hasConcludedLicense", component.licence.concluded),
            ("hasDeclaredLicense", component.licence.declared),
        ):
            yield from self._related(identifier, kind, [self._licence_id(expression)])
        depends = [known[name] for name in component.depends]
        completeness = "complete" if component.is_whole else "incomplete"
        yield from self._related(identifier, "dependsOn", depends, completeness=completeness)
        for built in component.built_with:
            source = self._source_id(built.source)
            if built.is_static:
                yield from self._related(identifier, "hasStaticLink", [source], comment=built.field)
            else:
                yield from self._related(source, "generates", [identifier], comment=built.field)
        yield from self._contained(identifier, component.files)

    def _artifact(self, component: Component, identifier: str) -> Iterator[str]:
        """Yield the .deb of a package."""
        deb = self._id("Deb", f"{component.name}-{component.architecture}")
        place = {"type": "ExternalRef", "externalRefType": "binaryArtifact", "locator": [component.url]}
        yield self._element(
            "software_File",
            deb,
            name=component.filename,
            software_primaryPurpose="archive",
            software_additionalPurpose=["container"],
            externalRef=[place] if component.url else [],
            verifiedUsing=_hashes(component.sha256, component.sha512),
        )
        yield from self._related(identifier, "hasDistributionArtifact", [deb], completeness="complete")

    def _source(self, source: SourcePackage) -> Iterator[str]:
        identifier = self._source_id(source)
        purl = {"type": "ExternalIdentifier", "externalIdentifierType": "packageUrl", "identifier": source.purl}
        place = {"type": "ExternalRef", "externalRefType": "sourceArtifact", "locator": [source.url]}
        yield self._element(
            "software_File",
            identifier,
            name=source.dsc,
            software_primaryPurpose="source",
            externalIdentifier=[purl],
            externalRef=[place] if source.url else [],
        )
        made = [self._package_id(each) for each in self.bill.components if each.source.purl == source.purl]
        yield from self._related(identifier, "generates", made)

    def _source_id(self, source: SourcePackage) -> str:
        return self._id("Source", f"{source.name}-{_short(source.version)}")

    def _contained(self, identifier: str, files: Sequence[File]) -> Iterator[str]:
        """Yield files, and that they are all that a package or the image has."""
        identifiers = [f"{self.base}File-{_short(file.path)}" for file in files]
        yield from (self._file(file, each) for file, each in zip(files, identifiers, strict=True))
        yield from self._related(identifier, "contains", identifiers, completeness="complete", comment="files")

    def _file(self, file: File, identifier: str) -> str:
        comment = f',"comment":{quoted(f"made or changed by: {file.origin}")}' if file.origin else ""
        return (
            f'{{"type":"software_File","spdxId":"{identifier}","creationInfo":"{_CREATION}",'
            f'"name":{quoted(f"/{file.path}")}{comment},"verifiedUsing":[{{"type":"Hash","algorithm":"sha256",'
            f'"hashValue":"{file.sha256}"}}]}}'
        )


def _hashes(sha256: str, sha512: str) -> list[dict[str, str]]:
    pairs = (("sha256", sha256), ("sha512", sha512))
    return [{"type": "Hash", "algorithm": name, "hashValue": value} for name, value in pairs]


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:20]
