"""What files show that they need, and nobody declared, is added with the evidence for it."""

from __future__ import annotations

import gzip
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from pkg2image.making.shown import Shown, recall, remember
from pkg2image.pipeline import settled
from pkg2image.planning.offer import read_offer
from pkg2image.progress import Silence
from pkg2image.request import make_request
from pkg2image.store import Store
from pkg2image.world import open_world
from tests.support.debs import CONTROL, FileSpec, build_deb, reg
from tests.support.elves import build_elf
from tests.support.repository import Deb, Suite, render, write_repository
from tests.support.world import DATE, Archive, User, base_packages, publish, sha256_of


def _deb(name: str, *entries: FileSpec, **fields: str) -> Deb:
    named = {key.replace("_", "-"): value for key, value in fields.items()}
    control = CONTROL | {"Package": name, "Version": "1", "Architecture": "amd64"} | named
    return Deb(control, build_deb(control, entries, compression="zst"))


def _script(path: str, text: str) -> FileSpec:
    return reg(path, text.encode(), mode=0o755)


PACKAGES = (
    *base_packages("amd64"),
    _deb("dash", _script("bin/sh", "binary"), Installed_Size="200"),
    _deb("bash", _script("bin/bash", "binary"), Installed_Size="7000"),
    _deb("netbase", reg("etc/services"), reg("etc/protocols")),
    _deb("ca-certificates", reg("etc/ssl/certs/ca-certificates.crt")),
    _deb("frob-big", _script("usr/bin/frob", "binary"), Installed_Size="900"),
    _deb("frob-small", _script("usr/bin/frob", "#!/bin/sh\ntrue\n"), Installed_Size="9"),
    _deb("shell-script", _script("usr/bin/shell-script", "#!/bin/sh\ntrue\n")),
    _deb("frobbed", _script("usr/bin/frobbed", "#!/usr/bin/frob\n")),
    _deb("caller", reg("usr/bin/caller", build_elf(imports=("system", "getservbyname")), mode=0o755)),
    _deb("client", reg("usr/bin/client", build_elf(imports=("X509_STORE_set_default_paths",)), mode=0o755)),
    _deb("quarrel", _script("usr/bin/quarrel", "#!/bin/sh\ntrue\n"), Conflicts="dash"),
    _deb(
        "jitted",
        reg("usr/bin/jitted", build_elf(), mode=0o755),
        reg("usr/lib/ld-linux-x86-64.so.2", build_elf(soname="ld-linux-x86-64.so.2")),
        reg("usr/lib/jitted/jit.so", build_elf(needed=("libjit.so.1",))),
        Depends="libjit (>= 1)",
    ),
    _deb("libjit", reg("usr/lib/libjit.so.1", build_elf(soname="libjit.so.1")), Depends="libjit-data"),
    _deb("libjit-data", reg("usr/share/jit/data")),
    _deb("coreutils", *(_script(f"bin/{name}", name) for name in ("cp", "env", "mv")), Installed_Size="18000"),
    _deb("greeter", _script("usr/bin/greeter", "#!/usr/bin/env frob\n")),
    _deb("copier", _script("usr/bin/copier", "#!/bin/sh\ncp a b\nmover\n")),
    _deb("mover", _script("usr/bin/mover", "#!/bin/sh\nmv a b\n")),
    _deb("careful", _script("usr/bin/careful", "#!/bin/sh\ncp a b\n"), Depends="coreutils"),
    _deb("wishful", _script("usr/bin/wishful", "#!/usr/bin/nowhere\n")),
)
CONTENTS = (
    b"usr/bin/frob  misc/frob-big,misc/frob-small\nusr/bin/mover  misc/mover\nusr/bin/sh  shells/dash,shells/posh\n"
)
SUITE = Suite(
    "bookworm",
    suite="stable",
    packages={"main": PACKAGES},
    compressions=("xz",),
    more={"main/Contents-amd64.gz": gzip.compress(CONTENTS, mtime=0)},
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return publish(tmp_path_factory.mktemp("distribution") / "archive", render([SUITE]))


@pytest.fixture
def user(tmp_path: Path, archive: Archive) -> User:
    return User(tmp_path / "home", archive)


def _built(user: User, *words: str) -> tuple[set[str], list[str]]:
    """Build an image, and return what is in it but the skeleton, and the notes about it."""
    done = user.run("build", *words, "--arch", "amd64", "-o", "image.tar")
    assert done.code == 0, done.err
    packages = user.run("inspect", "image.tar", "--json").json["packages"]
    names = {package["name"] for package in packages} - {"base-files", "base-passwd", "libc-bin"}
    return names, [line.removeprefix("note: ") for line in done.err.splitlines() if line.startswith("note: ")]


def test_a_shell_for_a_script(user: User) -> None:
    names, notes = _built(user, "shell-script")
    assert names == {"shell-script", "dash"}
    assert "added: dash for /bin/sh: /usr/bin/shell-script (shell-script): starts with /bin/sh" in notes
    document = user.run("inspect", "image.tar", "--json").json
    reasons = {package["name"]: package["reason"] for package in document["packages"]}
    assert reasons["dash"] == "needed for /bin/sh by /usr/bin/shell-script: starts with /bin/sh"
    assert document["unmet"] == []
    # What was added has no say in what is started.
    assert document["config"]["config"]["Entrypoint"] == ["/usr/bin/shell-script"]


def test_what_imported_functions_work_with(user: User) -> None:
    assert _built(user, "caller")[0] == {"caller", "dash", "netbase"}
    assert _built(user, "client")[0] == {"client", "ca-certificates"}


def test_the_smallest_package_that_has_the_file_and_what_that_needs_in_turn(user: User) -> None:
    names, notes = _built(user, "frobbed")
    assert names == {"frobbed", "frob-small", "dash"}
    assert [note for note in notes if note.startswith("added: ")] == [
        "added: frob-small for /usr/bin/frob: /usr/bin/frobbed (frobbed): starts with /usr/bin/frob",
        "added: dash for /bin/sh: /usr/bin/frob (frob-small): starts with /bin/sh",
    ]


@pytest.mark.parametrize(
    ("words", "programs"),
    [
        (("greeter",), {"env"}),
        (("greeter", "--with", "coreutils"), {"cp", "env", "mv"}),
        (("greeter", "--closure", "full"), {"cp", "env", "mv"}),
        (("copier",), {"cp", "env", "mv"}),
        (("careful",), {"cp", "env", "mv"}),
    ],
)
def test_of_a_collection_only_what_is_called(user: User, words: tuple[str, ...], programs: set[str]) -> None:
    names, _ = _built(user, *words)
    assert "coreutils" in names
    files = {file["path"].lstrip("/") for file in user.run("inspect", "image.tar", "--json").json["files"]}
    assert {name for name in ("cp", "env", "mv") if f"usr/bin/{name}" in files} == programs


def test_why_a_program_of_a_collection_is_not_there(user: User) -> None:
    done = user.run("why", "greeter", "--arch", "amd64", "--", "/usr/bin/cp")
    assert "nothing is known to call this program of coreutils" in done.out
    assert "is in the image" in user.run("why", "greeter", "--arch", "amd64", "--", "/usr/bin/env").out


def test_nothing_is_added_for_what_is_there(user: User) -> None:
    names, notes = _built(user, "frobbed", "--with", "frob-big")
    assert names == {"frobbed", "frob-big"}
    assert not any(note.startswith("added: ") for note in notes)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("caller", "--no-shell"), {"caller", "netbase"}),
        (("client", "--no-ca-certificates"), {"client"}),
        (("frobbed", "--without", "frob-small"), {"frobbed", "frob-big"}),
        (("shell-script", "--without", "dash"), {"shell-script"}),
        (("quarrel",), {"quarrel"}),
        (("wishful",), {"wishful"}),
    ],
)
def test_what_is_refused_or_cannot_be_had(user: User, words: tuple[str, ...], names: set[str]) -> None:
    assert _built(user, *words)[0] == names


def test_what_is_left_unmet_names_the_file(user: User) -> None:
    sentence = "the interpreter /bin/sh is not in the image: /usr/bin/shell-script of shell-script asks for it"
    assert sentence in _built(user, "shell-script", "--no-shell")[1]
    assert user.run("build", "shell-script", "--no-shell", "--strict", "--arch", "amd64").code == 4
    assert user.run("build", "shell-script", "--strict", "--arch", "amd64").code == 0


def test_functions_that_lack_what_they_work_with_are_told(user: User) -> None:
    evidence = "/usr/bin/caller (caller): the shell starts commands for system"
    said = f"/bin/sh is not in the image, because --no-shell is given: {evidence}"
    assert said in _built(user, "caller", "--no-shell")[1]
    inspected = user.run("inspect", "image.tar", "--json").json
    assert (inspected["unmet"], [item["what"] for item in inspected["wanted"]]) == ([], ["/bin/sh"])
    assert f"missing: /bin/sh: {evidence}" in user.run("inspect", "image.tar").out.splitlines()


def test_what_an_image_says_was_added(user: User) -> None:
    _built(user, "caller")
    needs = user.run("inspect", "image.tar", "--json").json["needs"]
    found = sorted((need["provider"], need["what"]) for need in needs)
    assert found == [("dash", "/bin/sh"), ("netbase", "/etc/services")]
    line = "added: dash for /bin/sh: /usr/bin/caller (caller): the shell starts commands for system"
    assert line in user.run("inspect", "image.tar").out.splitlines()


@pytest.mark.parametrize("package", ["caller", "frobbed", "quarrel", "wishful"])
def test_a_plan_is_that_of_a_build(user: User, archive: Archive, package: str) -> None:
    words = ("--arch", "amd64", "--json")
    first = user.run("plan", package, *words).json
    assert user.run("plan", package, *words).json == first
    built = user.run("build", package, *words, "-o", "image.tar").json[0]
    inspected = user.run("inspect", "image.tar", "--json").json
    assert sorted(first["packages"], key=lambda each: each["name"]) == inspected["packages"]
    assert first["needs"] == inspected["needs"]
    assert first["started"] == inspected["inferred"]
    # Whatever has been done before: somebody who only builds gets the same.
    other = User(user.home / "other", archive)
    assert other.run("build", package, *words, "-o", "image.tar").json[0]["lock"] == built["lock"]
    assert sha256_of(other.work / "image.tar") == sha256_of(user.work / "image.tar")
    assert other.run("plan", package, *words).json == first


def test_a_plan_for_people_shows_what_was_added_and_what_is_started(user: User) -> None:
    lines = user.run("plan", "shell-script", "--arch", "amd64", "-q").out.splitlines()
    assert "added: dash for /bin/sh: /usr/bin/shell-script (shell-script): starts with /bin/sh" in lines
    start = lines.index("how it is started:")
    assert lines[start + 1].startswith("  entrypoint: /usr/bin/shell-script: ")


def test_what_is_declared_needs_no_package(user: User) -> None:
    done = user.run("plan", "shell-script", "--arch", "amd64", "--declared", "--json")
    assert "dash" not in [package["name"] for package in done.json["packages"]]
    assert (done.json["declared_only"], done.json["needs"]) == (True, [])
    assert not list(user.store.glob("records/facts-*"))
    lines = user.run("plan", "shell-script", "--arch", "amd64", "--declared", "-q").out.splitlines()
    assert any(line.startswith("only what packages declare: ") for line in lines)


def test_why_a_package_was_added(user: User) -> None:
    done = user.run("why", "frobbed", "--arch", "amd64", "--", "dash", "frob-small", "bash")
    assert done.out.splitlines() == [
        "dash is in the image",
        "  dash: needed for /bin/sh by /usr/bin/frob: starts with /bin/sh",
        "frob-small is in the image",
        "  frob-small: needed for /usr/bin/frob by /usr/bin/frobbed: starts with /usr/bin/frob",
        "bash is not in the image",
        "  no package of the image refers to bash",
    ]


@pytest.mark.parametrize(
    ("words", "name", "why"),
    [
        (("caller", "--no-shell"), "dash", "--no-shell is given"),
        (("client", "--no-ca-certificates"), "ca-certificates", "--no-ca-certificates is given"),
        (("client", "--without", "ca-certificates"), "ca-certificates", "the request does without ca-certificates"),
        (("quarrel",), "dash", "dash cannot be had with the rest"),
        (("wishful",), "/usr/bin/nowhere", "no package is known to have it"),
        (("caller", "--no-shell"), "/bin/sh", "--no-shell is given"),
    ],
)
def test_why_something_that_is_needed_is_not_there(user: User, words: tuple[str, ...], name: str, why: str) -> None:
    for _ in range(2):  # the second time from memory
        lines = user.run("why", *words, "--arch", "amd64", "--", name).out.splitlines()
        assert lines[0] == f"{name} is not in the image"
        reason = f" is not in the image, because {why}: /usr/bin/{words[0]} ({words[0]}): "
        assert any(reason in line for line in lines[1:])


# What was found out is remembered


def _records(user: User) -> list[Path]:
    return sorted(path for path in user.store.glob("records/shown-*/*/*") if path.is_file())


def test_what_is_known_is_not_looked_for_again(user: User) -> None:
    words = ("plan", "frobbed", "--arch", "amd64", "--json")
    first = user.run(*words).json
    assert len(_records(user)) == 1
    # Nothing of the packages themselves is left.
    for record in user.store.glob("records/facts-*"):
        shutil.rmtree(record)
    assert user.run(*words, "--offline").json == first
    (record,) = _records(user)
    record.unlink()
    assert user.run(*words).json == first


def test_a_damaged_record_is_made_again(user: User) -> None:
    words = ("plan", "frobbed", "--arch", "amd64", "--json")
    first = user.run(*words).json
    (record,) = _records(user)
    good = record.read_bytes()
    for bad in (b"", b"junk", good[:-1], good[:40]):
        record.write_bytes(bad)
        assert user.run(*words).json == first
        assert _records(user)[0].read_bytes() == good


def test_other_requests_have_other_records(user: User) -> None:
    for words in ((), ("--no-shell",), ("--without", "dash"), ("--closure", "full")):
        user.run("plan", "caller", "--arch", "amd64", *words)
    assert len(_records(user)) == 4
    names, _ = _built(user, "caller", "--entrypoint", "/usr/bin/other")
    assert names == {"caller", "dash", "netbase"}
    assert len(_records(user)) == 5
    # What an image is called or how it is written says nothing about its files.
    _built(user, "caller", "--tag", "a:1", "--label", "b=c", "--format", "docker", "--layers", "3", "--force")
    assert len(_records(user)) == 5


def test_a_recipe_that_changed(user: User) -> None:
    recipe = user.work / "own.yaml"
    text = "name: own\ndescription: d\napplies_to: [caller]\nentrypoint: [{}]\n"
    found = []
    for program in ("/usr/bin/caller", "/usr/bin/other"):
        recipe.write_text(text.format(program))
        document = user.run("plan", "caller", "--arch", "amd64", "--recipe", "./own.yaml", "--json").json
        found.append(document["started"]["values"]["entrypoint"]["value"])
    assert found == [["/usr/bin/caller"], ["/usr/bin/other"]]


def test_a_script_of_a_recipe_that_changed(user: User) -> None:
    (user.work / "own.yaml").write_text(
        "name: own\ndescription: d\napplies_to: [caller]\nentrypoint: [/usr/bin/start]\n"
        "files: {/usr/bin/start: {script: start.sh, mode: '0755'}}\n"
    )
    found = []
    for text in ("#!/bin/sh\n", "#!/usr/bin/frob\n"):
        (user.work / "start.sh").write_text(text)
        document = user.run("plan", "caller", "--arch", "amd64", "--recipe", "./own.yaml", "--json").json
        found.append("frob-small" in [need["provider"] for need in document["needs"]])
    assert found == [False, True]


def test_a_local_package_that_changed(user: User) -> None:
    control = CONTROL | {"Package": "own", "Version": "1", "Architecture": "amd64"}
    found = []
    for text in ("#!/bin/sh\n", "#!/usr/bin/frob\n"):
        (user.work / "own.deb").write_bytes(build_deb(control, [_script("usr/bin/own", text)]))
        document = user.run("plan", "./own.deb", "--arch", "amd64", "--json").json
        found.append([need["provider"] for need in document["needs"]])
    assert found == [["dash"], ["frob-small", "dash"]]


def test_a_record_that_says_too_little_is_made_up_for(user: User, archive: Archive) -> None:
    request = make_request({"packages": ("frobbed",), "sources": (archive.source(),)}, None)
    world = open_world(
        store=Store(user.store),
        state=user.home / "state",
        environment={},
        now=DATE,
        jobs=1,
        offline=False,
        reporter=Silence(),
    )
    offer = read_offer(request, "amd64", world)
    right = settled(request, "amd64", world).shown
    for known in (Shown(), replace(right, needs=right.needs[:1])):
        remember(world.store, offer.key, known)
        done = settled(request, "amd64", world)
        assert [need.provider for need in done.planned.plan.needs] == ["frob-small", "dash"]
        assert recall(world.store, offer.key) == right


# Lists of files that cannot be had


def _published(directory: Path) -> tuple[Archive, list[Path]]:
    """Publish the distribution, and return the lists of files, too."""
    files = render([SUITE])
    contents = files["dists/bookworm/main/Contents-amd64.gz"]
    archive = publish(directory, files)
    return archive, [directory / name for name, data in files.items() if data == contents]


def test_a_mirror_without_lists_of_files(tmp_path: Path) -> None:
    archive, lists = _published(tmp_path / "archive")
    for path in lists:
        path.unlink()
    user = User(tmp_path / "home", archive)
    for _ in range(2):  # the second time from memory
        names, notes = _built(user, "frobbed", "--force")
        assert names == {"frobbed"}
        assert any("bookworm has no lists of files: cannot download" in note for note in notes)
        assert not any(note.startswith("/usr/bin/frob is not in") for note in notes)  # the check says it already
    assert len(_records(user)) == 1
    assert _built(user, "shell-script", "--force")[0] == {"shell-script", "dash"}


def test_lists_of_files_that_are_others_are_not_believed(tmp_path: Path) -> None:
    archive, lists = _published(tmp_path / "archive")
    for path in lists:
        path.write_bytes(gzip.compress(b"usr/bin/frob  misc/evil\n", mtime=0))
    user = User(tmp_path / "home", archive)
    names, notes = _built(user, "frobbed", "--force")
    assert names == {"frobbed"}
    assert any("has no lists of files: cannot trust" in note for note in notes)
    # Another Release is another beginning.
    write_repository(render([replace(SUITE, date=SUITE.date + 1)]), tmp_path / "archive")
    assert _built(user, "frobbed", "--force")[0] == {"frobbed", "frob-small", "dash"}


def test_offline_without_lists_of_files(user: User) -> None:
    _built(user, "frobbed", "--with", "frob-small")  # for which no list had to be read
    known = _records(user)
    names, notes = _built(user, "frobbed", "--offline", "--force")
    assert names == {"frobbed"}
    assert any("has no lists of files: cannot read" in note for note in notes)
    # With a network another time comes to something else, so this is not remembered.
    assert _records(user) == known
    assert _built(user, "frobbed", "--force")[0] == {"frobbed", "frob-small", "dash"}


def test_doing_without_a_dependency(user: User) -> None:
    names, notes = _built(user, "jitted", "--without", "libjit")
    assert names == {"jitted"}
    assert "without libjit, which has libjit.so.1, this will not load: /usr/lib/jitted/jit.so (jitted)" in notes
    assert not any("libjit.so.1 is not in the image" in note for note in notes)
    done = user.run("why", "jitted", "--without", "libjit", "--arch", "amd64", "--", "libjit", "libjit-data")
    assert done.out.splitlines() == [
        "libjit is not in the image",
        "  jitted Depends libjit (>= 1), left out: the request does without libjit",
        "libjit-data is not in the image",
        "  no package of the image refers to libjit-data",
    ]
    assert _built(user, "jitted", "--force")[0] == {"jitted", "libjit", "libjit-data"}
    # What apt would install is what packages declare.
    refused = user.run("build", "jitted", "--without", "libjit", "--closure", "full", "--arch", "amd64")
    assert refused.code == 4
    strict = user.run("build", "jitted", "--without", "libjit", "--strict", "--arch", "amd64")
    assert strict.code == 4


def test_why_something_was_added(user: User) -> None:
    done = user.run("why", "shell-script", "--arch", "amd64", "--", "/bin/sh")
    assert "needed for /bin/sh by /usr/bin/shell-script: starts with /bin/sh" in done.out
