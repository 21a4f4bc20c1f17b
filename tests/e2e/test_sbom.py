"""Bills of materials: beside the image, in it, of it; they are true, the same every time, and others can read them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from pkg2image.image.read import read_image
from tests.e2e.conftest import Workshop
from tests.support.bills import FORMS, messages, named_in, seen_by_dpkg, seen_by_syft
from tests.support.debs import CONTROL, build_deb, reg, symlink
from tests.support.world import User

FORMATS = {"oci": ".oci.tar", "docker": ".docker.tar", "aci": ".aci", "rootfs": ".rootfs.tar.gz", "dir": ".dir"}
EVERY_FORMAT = tuple(word for name in FORMATS for word in ("--format", name))
EVERY_FORM = tuple(word for name in FORMS for word in ("--sbom", name))
INSIDE = "usr/share/pkg2image/sbom.spdx.json"


def spdx(user: User, *words: str) -> dict[str, Any]:
    """Build a root filesystem as ``root`` and return its bill."""
    done = user.run(*words, "--format", "dir", "-o", "root", "-q")
    assert done.code == 0, done.err
    document: dict[str, Any] = json.loads((user.work / "root.spdx.json").read_bytes())
    return document


def files_of(bill: dict[str, Any]) -> dict[str, tuple[str, str, str]]:
    """Return path -> owner, SHA-256 and what made or changed it."""
    names = {part["SPDXID"]: part["name"] for part in bill["packages"]}
    owners = {
        each["relatedSpdxElement"]: "" if each["spdxElementId"] == "SPDXRef-Image" else names[each["spdxElementId"]]
        for each in bill["relationships"]
        if each["relationshipType"] == "CONTAINS"
    }
    return {
        file["fileName"].removeprefix("./"): (
            owners[file["SPDXID"]],
            file["checksums"][1]["checksumValue"],
            file.get("comment", ""),
        )
        for file in bill["files"]
    }


def package(bill: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = (part for part in bill["packages"] if part["SPDXID"].startswith(f"SPDXRef-Package-{name}-"))
    return dict(found)


@pytest.mark.parametrize("words", [["hello"], ["service", "--slim"], ["hello", "--closure", "full", "--sbom-inside"]])
def test_of_an_image_it_is_what_the_build_wrote(user: User, words: list[str]) -> None:
    assert user.run(*words, *EVERY_FORMAT, *EVERY_FORM, "-o", "out", "-q").code == 0
    assert user.made()
    for name, suffix in FORMS.items():
        beside = (user.work / "out" / f"{words[0]}{suffix}").read_text()
        for end in FORMATS.values():
            done = user.run("sbom", f"out/{words[0]}{end}", "--format", name)
            assert done.out == beside, (end, done.err)


def test_every_architecture_has_its_own(user: User) -> None:
    results = user.run("hello", "--arch", "amd64", "--arch", "arm64", *EVERY_FORM, "-o", "out", "--json").json
    for result in results:
        for bill in result["sboms"]:
            path = user.work / bill["path"]
            assert path.name == f"hello-{result['architecture']}{FORMS[bill['format']]}"
            assert bill["digest"] == f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
            assert {item.architecture for item in named_in(path)} == {"all", result["architecture"]}


def test_every_file_is_there_with_its_hash_and_who_it_is_from(user: User) -> None:
    found = files_of(spdx(user, "service", "oddly-named"))
    root = user.work / "root"
    there = {path.relative_to(root): path for path in root.rglob("*") if path.is_file() and not path.is_symlink()}
    hashes = {str(name): hashlib.sha256(path.read_bytes()).hexdigest() for name, path in there.items()}
    assert {name.replace("\\udce9", "\udce9"): file[1] for name, file in found.items()} == hashes
    assert found["usr/sbin/service"][0::2] == ("service", "")
    assert found["etc/service.conf"][0::2] == ("service", "made or changed by: service postinst:5")
    assert found["etc/service.made"][0::2] == ("", "made or changed by: service postinst:7")
    assert found["etc/nsswitch.conf"][0::2] == ("", "made or changed by: skeleton")
    assert found["var/lib/dpkg/status"][0::2] == ("", "made or changed by: dpkg database")
    assert all(owner or origin for owner, _, origin in found.values())


def test_what_is_said_about_a_package(user: User) -> None:
    bill = spdx(user, "hello")
    found = package(bill, "libgreet1")
    assert found["versionInfo"] == "1.2-1"
    assert found["sourceInfo"] == "built from the source package greet 1.2"
    assert found["packageFileName"] == "libgreet1_1.2-1_amd64.deb"
    assert [item["algorithm"] for item in found["checksums"]] == ["SHA256", "SHA512"]
    related = {
        (each["spdxElementId"], each["relationshipType"], each["relatedSpdxElement"]) for each in bill["relationships"]
    }
    assert (found["SPDXID"], "DEPENDS_ON", package(bill, "greet-data")["SPDXID"]) in related
    assert (package(bill, "hello")["SPDXID"], "DEPENDS_ON", found["SPDXID"]) in related
    # debconf is only for scripts, and not in the image.
    assert "not in the image" in package(bill, "hello")["comment"]


def test_inside_of_an_image_it_is_the_same(user: User) -> None:
    bill = spdx(user, "hello", "--sbom-inside")
    assert (user.work / "root" / INSIDE).read_bytes() == (user.work / "root.spdx.json").read_bytes()
    assert INSIDE not in files_of(bill)
    plain = spdx(user, "hello")
    assert not (user.work / "root" / INSIDE).exists()
    assert files_of(plain).keys() == files_of(bill).keys()


def test_a_lock_says_that_it_is_inside(user: User) -> None:
    assert user.run("hello", "--sbom-inside", "-o", "one.tar", "--sbom", "none", "-q").code == 0
    assert user.made() == ["one.tar"]
    assert user.run("lock", "hello", "--sbom-inside", "-o", "hello.lock", "-q").code == 0
    built = user.run("build", "--lock", "hello.lock", "--frozen", "-o", "two.tar", "--sbom", "none", "-q")
    assert built.code == 0, built.err
    assert read_image(user.work / "one.tar").digest == read_image(user.work / "two.tar").digest


def test_an_image_file_asks_for_it_in_the_same_words(user: User) -> None:
    (user.work / "image.yaml").write_text("packages: hello\nsbom: cyclonedx\nsbom_inside: true\nformats: [dir]\n")
    assert user.run("build", "-f", "image.yaml", "-o", "root", "-q").code == 0
    assert (user.work / "root" / INSIDE).is_file()
    assert [name for name in user.made() if "/" not in name] == ["image.yaml", "root", "root.cdx.json"]


def test_what_is_not_ours_is_not_replaced(user: User) -> None:
    (user.work / "hello.spdx.json").write_text('{"spdxVersion": "SPDX-2.3", "name": "of somebody else"}')
    refused = user.run("hello")
    assert refused.code == 9
    assert refused.error.startswith("cannot write hello.spdx.json: it exists and is not")
    assert user.made() == ["hello.spdx.json"]
    assert user.run("hello", "--force", "-q").code == 0
    assert user.run("hello", "-q").code == 0
    assert messages(user.work / "hello.spdx.json") == []


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (("hello", "--sbom", "none", "--sbom", "spdx"), 3, "no bill of materials is wanted, and one is"),
        (("sbom", "nothing.tar"), 3, "there is no such file"),
        (("sbom", "foreign.tar"), 3, "the image carries no lock"),
        (("legal", "./foreign.tar", "-o", "legal"), 3, "the image carries no lock"),
        (("legal", "hello", "-o", "work.txt"), 9, "it exists and is not a directory"),
    ],
)
def test_what_cannot_be(user: User, words: tuple[str, ...], code: int, reason: str) -> None:
    (user.work / "work.txt").write_text("mine")
    if "foreign" in " ".join(words):
        assert user.run("hello", "--format", "rootfs", "--compression", "none", "-o", "foreign.tar", "-q").code == 0
        data = (user.work / "foreign.tar").read_bytes()
        (user.work / "foreign.tar").write_bytes(data.replace(b"usr/share/pkg2image/lock", b"usr/share/pkg2image/luck"))
    done = user.run(*words)
    assert done.code == code, done.err
    assert reason in done.error
    assert not (user.work / "legal").exists()


def test_copyright_files_of_all_kinds(user: User, tmp_path: Path) -> None:
    """Nothing that a copyright file can be is in the way, and nothing wrong is said because of it."""
    texts = {
        "latin": "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\n"
        "Copyright: J\xf6rg\nLicense: Expat\n".encode("latin-1"),
        "endless": b"Copyright (c) 1999 somebody\n" * 400_000,
        "empty": b"",
        "machine": b"Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\n"
        b"Copyright: me\nLicense: Expat and odd\n\nLicense: odd\n the odd text\n",
    }
    packages = {name: (reg(f"usr/share/doc/{name}/copyright", text),) for name, text in texts.items()}
    packages |= {
        "shared": (symlink("usr/share/doc/shared", "machine"),),
        "linked": (symlink("usr/share/doc/linked/copyright", "../machine/copyright"),),
        "astray": (symlink("usr/share/doc/astray/copyright", "../../../../etc/shadow"),),
        "circling": (symlink("usr/share/doc/circling/copyright", "copyright"),),
        "missing": (reg("usr/share/missing"),),
    }
    for name, entries in packages.items():
        control = CONTROL | {"Package": name, "Version": "1", "Architecture": "all", "Depends": ""}
        (user.work / f"{name}.deb").write_bytes(build_deb(control, entries))
    bill = spdx(user, *(f"./{name}.deb" for name in packages))
    licences = {name: package(bill, name)["licenseDeclared"] for name in packages}
    known = licences["machine"]
    assert known.startswith("MIT AND LicenseRef-deb-odd-")
    assert licences == dict.fromkeys(packages, "NOASSERTION") | dict.fromkeys(("machine", "shared", "linked"), known)
    assert "J\ufffdrg" in json.dumps(bill["hasExtractedLicensingInfos"], ensure_ascii=False)
    assert "longer than 4 MiB" in package(bill, "endless")["copyrightText"]
    for name in ("astray", "circling"):
        assert package(bill, name)["licenseConcluded"] == "NOASSERTION"
    assert package(bill, "missing")["copyrightText"] == "the package has no copyright file in the image"
    assert user.run("sbom", "root").out == (user.work / "root.spdx.json").read_text()


def test_legal(user: User) -> None:
    assert user.run("hello", "-o", "hello.tar", "-q").code == 0
    assert user.run("legal", "hello.tar", "-o", "of-image", "-q").out == "of-image\n"
    assert user.run("legal", "hello", "-o", "of-packages", "-q").out == "of-packages\n"
    made = {path.relative_to(user.work): path.read_bytes() for path in user.work.rglob("*/**/*") if path.is_file()}
    image = {path.relative_to("of-image"): data for path, data in made.items() if path.is_relative_to("of-image")}
    assert image == {
        path.relative_to("of-packages"): data for path, data in made.items() if path.is_relative_to("of-packages")
    }
    assert image[Path("copyright/hello")] == b"free\n"
    assert b"greet,1.2," in image[Path("sources.csv")]
    lines = image[Path("packages.csv")].decode().splitlines()
    assert lines[0].startswith("package,version,architecture,licence,copyright_file,source,source_version,source_url")
    assert [line.split(",")[0] for line in lines[1:]] == sorted(item.name for item in seen(user, "hello.tar"))
    # It may be written again, but nothing else is replaced.
    assert user.run("legal", "hello.tar", "-o", "of-image", "-q").code == 0
    (user.work / "of-image/mine").write_text("mine")
    assert user.run("legal", "hello.tar", "-o", "of-image").code == 9


def seen(user: User, image: str) -> set[Any]:
    path = user.work / "seen.spdx.json"
    path.write_text(user.run("sbom", image).out)
    return named_in(path)


@pytest.mark.network
@pytest.mark.parametrize(("name", "suite", "words"), [("netbase", "bookworm", []), ("nginx", "trixie", ["--slim"])])
def test_others_agree_about_images_of_debian(
    workshop: Workshop, tmp_path: Path, name: str, suite: str, words: list[str]
) -> None:
    workshop.run(
        *(name, "--suite", suite, *words, *EVERY_FORM, "--format", "oci", "--format", "dir"), "-o", str(tmp_path), "-q"
    )
    _agree(tmp_path / f"{name}.oci.tar", tmp_path / f"{name}.dir", [tmp_path / (name + end) for end in FORMS.values()])


def _agree(image: Path, root: Path, bills: list[Path]) -> None:
    expected = seen_by_dpkg(root)
    assert seen_by_syft(image) == expected
    for bill in bills:
        assert messages(bill) == []
        assert named_in(bill) == expected
