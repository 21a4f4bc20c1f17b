"""The command line as people and scripts use it, on a distribution of our own."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from pkg2image.image.lint import lint
from pkg2image.image.read import read_image
from pkg2image.lock.model import LOCK_PATH
from pkg2image.lock.reading import load_lock
from pkg2image.recipes.load import load_recipe
from tests.support.debs import CONTROL, build_deb, reg
from tests.support.keys import signing_key
from tests.support.world import Archive, User, publish, release, suites, write_keyring

SKELETON = ["base-files", "base-passwd", "libc-bin"]
CLOSURE = ["greet-data", "hello", "libgreet1"]
SUITES = ("bookworm", "bookworm-updates", "bookworm-backports")
FORMATS = ("oci", "docker", "aci", "rootfs", "dir")
KEY = "a private key that is in an image belongs to everybody who has the image"
PACKAGE_KEYS = {"name", "version", "architecture", "source", "size", "installed_size", "reason"}


def names(document: dict[str, Any]) -> list[str]:
    return sorted(package["name"] for package in document["packages"])


def versions(document: dict[str, Any]) -> dict[str, str]:
    return {package["name"]: package["version"] for package in document["packages"]}


def oci_config(user: User, *words: str) -> dict[str, Any]:
    """Build an image and return its configuration without what every image has."""
    assert user.run("build", *words, "-o", "image.tar", "-q").code == 0
    config: dict[str, Any] = dict(read_image(user.work / "image.tar").config["config"])
    config["Labels"] = {
        name: value
        for name, value in config["Labels"].items()
        if not name.startswith(("org.opencontainers.image.", "dev.pkg2image."))
    }
    return config


# build


def test_build_is_the_default_command(user: User) -> None:
    built, short = user.run("build", "hello", "-o", "one.tar"), user.run("hello", "-o", "two.tar")
    assert built.digests == short.digests
    assert built.out.startswith("one.tar sha256:")
    sizes = [f"{(user.work / name).stat().st_size / 1000:.1f} kB" for name in ("one.tar", "one.tar.spdx.json")]
    assert built.err.splitlines()[-3:] == [
        f"one.tar: {sizes[0]}, 6 packages from bookworm (amd64)",
        f"one.tar.spdx.json: {sizes[1]}, what is in it as SPDX 2.3",
        "podman load -i one.tar && podman run --rm localhost/hello:latest",
    ]


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["hello"], "hello.oci.tar"),
        (["hello=2.10*", "--format", "docker"], "hello.docker.tar"),
        (["hello:amd64", "--format", "aci"], "hello.aci"),
        (["hello/bookworm", "--format", "rootfs", "--compression", "zstd"], "hello.rootfs.tar.zst"),
        (["greet-data-", "only-provider", "--format", "dir"], "only-provider.dir"),
        (["lonely", "--arch", "arm64"], "lonely.oci.tar"),
        (["hello", "--arch", "amd64", "--arch", "arm64"], "hello-amd64.oci.tar hello-arm64.oci.tar"),
    ],
)
def test_names_of_outputs(user: User, words: list[str], name: str) -> None:
    done = user.run("build", *words)
    assert done.code == 0, done.err
    assert [line.split()[0] for line in done.out.splitlines()] == name.split()
    bills = [f"{each.partition('.')[0]}.spdx.json" for each in name.split()]
    assert sorted(path.name for path in user.work.iterdir()) == sorted([*name.split(), *bills])


def test_every_format_of_every_architecture_holds_the_same_and_is_sound(user: User) -> None:
    formats = [word for name in FORMATS for word in ("--format", name)]
    done = user.run("build", "hello", "--arch", "amd64", "--arch", "arm64", *formats, "-o", "out", "--json")
    assert [result["architecture"] for result in done.json] == ["amd64", "arm64"]
    for result in done.json:
        assert set(result) == {"architecture", "suite", "lock", "packages", "slim", "outputs", "sboms", "notes", "run"}
        assert (result["suite"], result["packages"], len(result["run"])) == ("bookworm", 6, 5)
        listings = []
        for output in result["outputs"]:
            contents = read_image(user.work / output["path"])
            assert contents.format == output["format"]
            assert lint(contents) == ()
            assert sorted({str(package["architecture"]) for package in contents.packages}) == [
                "all",
                result["architecture"],
            ]
            if output["format"] != "dir":
                assert output["digest"] == str(contents.digest)
                assert output["size"] == (user.work / output["path"]).stat().st_size
            listings.append([(file.path, file.kind, file.size, file.target) for file in contents.files])
        assert all(listing == listings[0] for listing in listings)
        assert [output["format"] for output in result["outputs"]] == list(FORMATS)


def test_an_earlier_output_is_replaced(user: User) -> None:
    assert user.run("hello", "-o", "image.tar", "-q").code == 0
    old = (user.work / "image.tar").read_bytes()
    assert user.run("only-provider", "-o", "image.tar", "-q").code == 0
    assert (user.work / "image.tar").read_bytes() != old
    assert user.made() == ["image.tar", "image.tar.spdx.json"]


def test_force_replaces_what_is_not_ours(user: User) -> None:
    (user.work / "image.tar").write_text("a letter")
    assert user.run("hello", "-o", "image.tar", "--force").code == 0
    assert read_image(user.work / "image.tar").format == "oci"


def test_source_date_epoch(user: User) -> None:
    done = user.run("hello", "-o", "image.tar", environment={"SOURCE_DATE_EPOCH": "1600000001"})
    assert done.code == 0, done.err
    assert read_image(user.work / "image.tar").config["created"] == "2020-09-13T12:26:41Z"


# What goes in


@pytest.mark.parametrize(
    ("words", "more"),
    [
        (["hello"], CLOSURE),
        (["hello", "hello"], CLOSURE),
        (["hello", "debconf-"], CLOSURE),
        (["hello", "--closure", "full"], [*CLOSURE, "debconf"]),
        (["hello", "--recommends"], [*CLOSURE, "hello-extras"]),
        (["hello", "--recommends", "hello-extras-"], CLOSURE),
        (["hello", "--recommends", "--without", "hello-extras"], CLOSURE),
        (["hello", "--with", "debconf", "--with", "nullmailer"], [*CLOSURE, "debconf", "nullmailer"]),
        (["lonely"], ["only-provider"]),
        (["nullmailer", "mail-transport-agent"], ["nullmailer"]),
        (["mail-transport-agent", "exim4-"], ["nullmailer"]),
        (["base-files"], []),
        (["greet-data:amd64"], ["greet-data"]),
    ],
    ids=" ".join,
)
def test_what_is_in_a_plan(user: User, words: list[str], more: list[str]) -> None:
    assert names(user.run("plan", *words, "--json").json) == sorted([*SKELETON, *more])


@pytest.mark.parametrize(
    ("word", "version"),
    [
        ("hello", "2.10-3+deb12u1"),
        ("hello=2.10-3", "2.10-3"),
        ("hello=2.10-?", "2.10-3"),
        ("hello=2.*", "2.10-3+deb12u1"),
        ("hello=3*", "3.0-1~bpo12+1"),
        ("hello/bookworm-backports", "3.0-1~bpo12+1"),
        ("hello/stable-backports", "3.0-1~bpo12+1"),
        ("hello/bookworm", "2.10-3"),
        ("hello:amd64=3*", "3.0-1~bpo12+1"),
    ],
)
def test_which_version_a_word_means(user: User, archive: Archive, word: str, version: str) -> None:
    document = user.run("plan", word, "--json", "--source", archive.source(*SUITES)).json
    assert versions(document)["hello"] == version
    assert names(document) == sorted([*SKELETON, *CLOSURE])


def test_sources_as_lines_files_and_beside_each_other(user: User, archive: Archive, tmp_path: Path) -> None:
    line = f"deb [signed-by={archive.keyring}] {archive.uri} bookworm main"
    file = tmp_path / "updates.sources"
    file.write_text(archive.source("bookworm-updates"))
    for words in (["--source", line, "--source", str(file)], ["--source", line, "--extra-source", str(file)]):
        document = user.run("plan", "hello", "--json", *words).json
        assert versions(document)["hello"] == "2.10-3+deb12u1"
        assert [source["suite"] for source in document["sources"]] == ["bookworm", "bookworm-updates"]


def test_a_mirror_and_a_keyring_by_name(user: User, archive: Archive) -> None:
    anyone = User(user.home)
    document = anyone.run(
        *("plan", "hello", "--suite", "bookworm-updates", "--keyring", str(archive.keyring), "--json"),
        environment={"PKG2IMAGE_MIRROR": archive.uri, "XDG_CACHE_HOME": user.environment["XDG_CACHE_HOME"]},
    ).json
    assert versions(document)["hello"] == "2.10-3+deb12u1"


def test_a_package_file_takes_part_in_the_resolution(user: User) -> None:
    control = CONTROL | {"Package": "hello", "Version": "9", "Depends": "libgreet1, exim4 | nullmailer"}
    local = user.work / "hello_9_amd64.deb"
    local.write_bytes(build_deb(control, [reg("usr/bin/hello", b"#!/bin/sh\n", mode=0o755)]))
    document = user.run("plan", "./hello_9_amd64.deb", "--json").json
    assert names(document) == sorted([*SKELETON, *CLOSURE, "exim4"])
    assert versions(document)["hello"] == "9"
    reasons = {package["name"]: package["reason"] for package in document["packages"]}
    assert reasons["hello"] == "requested as hello_9_amd64.deb"
    assert user.run("build", str(local), "-q").out.startswith("hello.oci.tar sha256:")
    assert user.run("build", "./hello_9_amd64.deb", "-q", "-o", "again.tar").digests == [
        str(read_image(user.work / "hello.oci.tar").digest)
    ]


def test_the_runtime_closure_leaves_out_what_nobody_reads(user: User) -> None:
    files = {}
    for closure in ("runtime", "full"):
        assert user.run("hello", "--closure", closure, "-o", f"{closure}.tar").code == 0
        files[closure] = {file.path for file in read_image(user.work / f"{closure}.tar").files}
    only_full = {path for path in files["full"] - files["runtime"] if path.endswith((".gz", ".mo"))}
    assert only_full == {"usr/share/man/man1/hello.1.gz", "usr/share/locale/de/LC_MESSAGES/hello.mo"}
    assert "usr/share/doc/hello/copyright" in files["runtime"]


# How it is started


def test_words_about_the_configuration(user: User) -> None:
    config = oci_config(
        user,
        "hello",
        *("--env", "LANG=de_DE.UTF-8", "--env", "GREETING=a = b", "--user", "1000:1000", "--workdir", "/srv"),
        *("--port", "80", "--port", "53/udp", "--volume", "/data", "--label", "team=web", "--stop-signal", "SIGINT"),
        *("--entrypoint", "/usr/bin/hello --name 'a b'", "--cmd", "x y", "--tag", "example.org/team/hello:1"),
    )
    assert config == {
        "Cmd": ["x", "y"],
        "Entrypoint": ["/usr/bin/hello", "--name", "a b"],
        "Env": [
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG=de_DE.UTF-8",
            "GREETING=a = b",
        ],
        "ExposedPorts": {"80/tcp": {}, "53/udp": {}},
        "Labels": {"team": "web"},
        "StopSignal": "SIGINT",
        "User": "1000:1000",
        "Volumes": {"/data": {}},
        "WorkingDir": "/srv",
    }
    assert read_image(user.work / "image.tar").reference == "example.org/team/hello:1"


def test_an_image_file_says_what_options_say_and_options_win(user: User) -> None:
    (user.work / "image.yaml").write_text(
        yaml.safe_dump(
            {
                "packages": "hello",
                "with": ["nullmailer"],
                "environment": {"GREETING": "file", "PORT": 80},
                "labels": {"team": "file"},
                "ports": [80],
                "entrypoint": ["/usr/bin/hello", "a b"],
                "user": 1000,
                "tag": "file:1",
            }
        )
    )
    config = oci_config(user, "-f", "image.yaml", "--env", "GREETING=option", "--tag", "option:2")
    assert config["Env"][2:] == ["GREETING=option", "PORT=80"]
    assert config["Entrypoint"] == ["/usr/bin/hello", "a b"]
    assert (config["User"], config["ExposedPorts"], config["Labels"]) == ("1000", {"80/tcp": {}}, {"team": "file"})
    contents = read_image(user.work / "image.tar")
    assert contents.reference == "localhost/option:2"
    assert "nullmailer" in [package["name"] for package in contents.packages]


def test_a_recipe_of_the_user(user: User) -> None:
    (user.work / "hello.yaml").write_text(
        yaml.safe_dump(
            {
                "name": "hello",
                "description": "greets",
                "applies_to": ["hello"],
                "packages": ["nullmailer"],
                "entrypoint": ["/usr/bin/hello", "--serve"],
                "ports": {"greeting": "7/tcp"},
            }
        )
    )
    config = oci_config(user, "hello", "--recipe", "./hello.yaml", "--cmd", "x")
    assert (config["Entrypoint"], config["Cmd"]) == (["/usr/bin/hello", "--serve"], ["x"])
    assert config["ExposedPorts"] == {"7/tcp": {}}
    document = user.run("plan", "hello", "--recipe", "./hello.yaml", "--json").json
    assert "wanted by the recipe hello: nullmailer" in [package["reason"] for package in document["packages"]]


# plan and why


def test_plan_as_json(user: User) -> None:
    document = user.run("plan", "hello", "--json").json
    assert (document["suite"], document["architecture"], document["distribution"]) == ("bookworm", "amd64", "debian")
    assert (document["closure"], document["roots"]) == ("runtime", ["hello"])
    for package in document["packages"]:
        assert set(package) >= PACKAGE_KEYS
        assert all(isinstance(package[key], int) and package[key] > 0 for key in ("size", "installed_size"))
    (libgreet1,) = (package for package in document["packages"] if package["name"] == "libgreet1")
    assert (libgreet1["source"], libgreet1["source_version"]) == ("greet", "1.2")
    assert libgreet1["reason"] == "hello Depends libgreet1 (>= 1.2)"
    assert [(cut["package"], cut["relation"]) for cut in document["cut"]] == [
        ("hello", "debconf (>= 0.5) | debconf-2.0")
    ]
    several = user.run("plan", "hello", "--json", "--arch", "arm64", "--arch", "amd64").json
    assert [one["architecture"] for one in several] == ["arm64", "amd64"]
    assert several[1] == document


def test_plan_for_people(user: User) -> None:
    lines = user.run("plan", "hello", "-q").out.splitlines()
    assert lines[3].split(maxsplit=4) == ["hello", "2.10-3", "41.0", "kB", "requested as hello"]
    assert "cut: hello Depends debconf (>= 0.5) | debconf-2.0: asks questions while packages are configured" in lines
    start = lines.index("how it is started:")
    assert lines[start + 1] == "  entrypoint: /usr/bin/hello: the program that has the name of the package hello"
    assert lines[-1].startswith("6 packages from bookworm (amd64), closure runtime: ")


def test_a_plan_tells_how_the_image_would_be_started_by_the_users_words(user: User) -> None:
    values = user.run("plan", "hello", "--entrypoint", "/usr/bin/hello --again", "--user", "7", "--json").json
    told = {name: value["value"] for name, value in values["started"]["values"].items()}
    assert (told["entrypoint"], told["user"]) == (["/usr/bin/hello", "--again"], "7")


def test_a_plan_is_what_the_image_says_of_itself(user: User) -> None:
    planned = user.run("plan", "hello", "--json").json
    built = user.run("hello", "-o", "image.tar", "--json").json[0]
    inspected = user.run("inspect", "image.tar", "--json").json
    assert inspected["packages"] == sorted(planned["packages"], key=lambda package: package["name"])
    assert inspected["config"]["config"]["Labels"]["dev.pkg2image.lock"] == built["lock"]


@pytest.mark.parametrize(
    ("words", "included", "chain"),
    [
        (
            ["hello", "--", "greet-data"],
            True,
            [
                "hello: requested as hello",
                "libgreet1: hello Depends libgreet1 (>= 1.2)",
                "greet-data: libgreet1 Depends greet-data",
            ],
        ),
        (["hello", "hello"], True, ["hello: requested as hello"]),
        (
            ["hello", "--", "libc-bin"],
            True,
            ["libc-bin: part of every image: accounts, directories, os-release, C.UTF-8"],
        ),
        (
            ["hello", "--", "debconf"],
            False,
            [
                "hello Depends debconf (>= 0.5) | debconf-2.0, left out: asks questions while packages are configured",
            ],
        ),
        (["hello", "--", "nullmailer"], False, ["no package of the image refers to nullmailer"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_why(user: User, words: list[str], included: bool, chain: list[str]) -> None:  # noqa: FBT001
    (answer,) = user.run("why", "--json", *words).json
    assert answer == {"name": words[-1], "architecture": "amd64", "in": included, "chain": chain}
    lines = user.run("why", *words).out.splitlines()
    assert lines == [f"{words[-1]} is {'in' if included else 'not in'} the image", *(f"  {line}" for line in chain)]


def test_why_about_several(user: User) -> None:
    answers = user.run("why", "--json", "hello", "nullmailer", "--", "libgreet1", "exim4").json
    assert [(answer["name"], answer["in"]) for answer in answers] == [("libgreet1", True), ("exim4", False)]


def test_why_for_several_architectures(user: User) -> None:
    question = ("why", "hello", "--arch", "arm64", "--arch", "amd64", "--", "libgreet1", "/usr/bin/hello")
    lines = [line for line in user.run(*question).out.splitlines() if not line.startswith(" ")]
    assert lines == [
        f"{name} is in the image for {architecture}"
        for architecture in ("arm64", "amd64")
        for name in ("libgreet1", "/usr/bin/hello")
    ]
    packages = ("why", "hello", "--arch", "arm64", "--arch", "amd64", "--json", "--", "libgreet1", "nullmailer")
    assert [(answer["architecture"], answer["name"], answer["in"]) for answer in user.run(*packages).json] == [
        *(("arm64", "libgreet1", True), ("arm64", "nullmailer", False)),
        *(("amd64", "libgreet1", True), ("amd64", "nullmailer", False)),
    ]


@pytest.mark.parametrize(
    ("packages", "path", "included", "chain"),
    [
        (
            "hello",
            "/usr/lib/libgreet.so.1",
            True,
            [
                "a symlink to libgreet.so.1.2",
                "in the package libgreet1",
                "hello: requested as hello",
                "libgreet1: hello Depends libgreet1 (>= 1.2)",
            ],
        ),
        (
            "hello",
            "/lib/libgreet.so.1.2",
            True,
            [
                "/lib/libgreet.so.1.2 is /usr/lib/libgreet.so.1.2: there is a symlink on the way",
                "in the package libgreet1",
                "hello: requested as hello",
                "libgreet1: hello Depends libgreet1 (>= 1.2)",
            ],
        ),
        (
            "service",
            "/etc/service.conf",
            True,
            ["in the package service", "service: requested as service", "changed by service postinst:5"],
        ),
        (
            "service",
            "/etc/passwd",
            True,
            ["made by the skeleton, which every image has", "changed by service postinst:4"],
        ),
        (
            "service",
            "/usr/share",
            True,
            [
                "in the package base-files",
                "base-files: part of every image: accounts, directories, os-release, C.UTF-8",
                "in the package base-passwd",
                "base-passwd: part of every image: accounts, directories, os-release, C.UTF-8",
                "in the package libc-bin",
                "libc-bin: part of every image: accounts, directories, os-release, C.UTF-8",
                "and in 1 more packages",
            ],
        ),
        (
            "service",
            "/usr/sbin/ldconfig",
            False,
            ["in the package libc-bin, of which every image has only a few files; --with libc-bin adds all"],
        ),
        (
            "diverting hello",
            "/usr/share/greet/words",
            False,
            ["in the package greet-data, diverted to /usr/share/greet/words.plain for diverting"],
        ),
        ("service", "/etc/service.made", True, ["made by service postinst:7"]),
        ("service", "/var/lib/service", True, ["made by service postinst:4"]),
        ("service", "/etc/nsswitch.conf", True, ["made by the skeleton, which every image has"]),
        ("service", "/usr/share/pkg2image/lock", True, ["written by pkg2image: exactly what the image is made of"]),
        ("service", "/usr/share/service/sample", False, ["removed by service postinst:8"]),
        (
            "service",
            "/etc/service.key",
            False,
            [f"not made by service postinst:9: {KEY}"],
        ),
        (
            "hello",
            "/usr/share/man/man1/hello.1.gz",
            False,
            ["in the package hello, left out by the closure runtime: manual pages; --closure full keeps it"],
        ),
        (
            "hello",
            "/usr/bin/debconf",
            False,
            [
                "no package of the image has it, and no script or recipe made it",
                "packages that were left out may have it: debconf (>= 0.5) | debconf-2.0",
            ],
        ),
    ],
)
def test_why_about_files(user: User, packages: str, path: str, included: bool, chain: list[str]) -> None:  # noqa: FBT001
    answer = user.run("why", "--json", *packages.split(), "--", path).json
    assert answer == [{"name": path, "architecture": "amd64", "in": included, "chain": chain}]


def test_why_about_files_for_people(user: User) -> None:
    done = user.run("why", "service", "--", "service", "/etc/service.conf")
    assert done.out.splitlines() == [
        "service is in the image",
        "  service: requested as service",
        "/etc/service.conf is in the image",
        "  in the package service",
        "    service: requested as service",
        "  changed by service postinst:5",
    ]
    assert "unpacking and configuring" in done.err


# how it is started


def test_how_an_image_is_started_is_told_and_shown(user: User) -> None:
    done = user.run("hello", "-o", "image.tar", "--user", "mail")
    assert "note: starts /usr/bin/hello: the program that has the name of the package hello" in done.err.splitlines()
    lines = user.run("inspect", "image.tar").out.splitlines()
    start = lines.index("how it is started:")
    assert lines[start + 1 : start + 5] == [
        "  entrypoint: the program that has the name of the package hello",
        "  environment: what every image has",
        "  user: the request",
        "  note: starts /usr/bin/hello: the program that has the name of the package hello",
    ]
    inferred = user.run("inspect", "image.tar", "--json").json["inferred"]
    assert inferred["values"]["user"] == {"value": "mail", "source": "the request"}
    assert inferred["values"]["entrypoint"]["value"] == ["/usr/bin/hello"]


def test_a_package_without_a_program_still_makes_an_image(user: User) -> None:
    done = user.run("libgreet1", "-o", "image.tar")
    assert done.code == 0
    assert "note: libgreet1 has no program to start" in done.err.splitlines()
    assert "--entrypoint" in done.err
    told = user.run("libgreet1", "-o", "other.tar", "--entrypoint", "/bin/greet")
    assert "has no program" not in told.err


# scripts and accounts


def test_what_scripts_did_is_told_and_shown(user: User) -> None:
    done = user.run("service", "puzzling", "-o", "image.tar")
    assert done.code == 0, done.err
    notes = [line.removeprefix("note: ") for line in done.err.splitlines() if line.startswith("note: ")]
    begin = next(number for number, note in enumerate(notes) if note.startswith("puzzling "))
    assert notes[begin : begin + 4] == [
        "puzzling is not configured: postinst line 3: unknown command frobnicate",
        f"service: not made: /etc/service.key: {KEY}",
        "what is not made is for the first start of a container to make, or for you to mount",
        "scripts of 2 packages: 1 interpreted, 1 not understood; pkg2image inspect tells more",
    ]
    lines = user.run("inspect", "image.tar").out.splitlines()
    start = lines.index("scripts (emulate): 1 interpreted, 1 not understood")
    assert lines[start + 1 : start + 5] == [
        "  commands that mean nothing in an image (starting services and the like), counted as done: 1",
        "  not understood: puzzling: postinst line 3: unknown command frobnicate",
        f"  not made: /etc/service.key of service (postinst:9): {KEY}",
        "  what is not made is for the first start to make, or for you to mount: no two copies may share it",
    ]
    assert [line for line in lines if line.startswith("users: ")] == ["users: root=0 mail=8 service=100"]
    document = user.run("inspect", "image.tar", "--json").json
    assert document["scripts"]["counts"] == {"interpreted": 1, "not understood": 1}
    assert {"name": "service", "gid": 101, "members": []} in document["groups"]
    shown = user.run("inspect", "image.tar", "--path", "/etc/service.conf").out.splitlines()
    assert shown[0].startswith("file      0640 100:101 ")
    assert shown[-1] == "  changed by service postinst:5"
    assert user.run("inspect", "image.tar", "--json", "--path", "etc/passwd").json[0]["scripts"] == [
        {"package": "service", "action": "changed", "by": "postinst:4"}
    ]
    assert "the image has no such path" in user.run("inspect", "image.tar", "--path", "/nowhere").error


def test_numbers_that_are_given(user: User) -> None:
    (user.work / "image.yaml").write_text("packages: service\nids: {users: {service: 999}, groups: {service: 26}}\n")
    built = user.run("build", "-f", "image.yaml", "--uid", "service=26", "-o", "image.tar", "--json").json[0]
    document = user.run("inspect", "image.tar", "--json").json
    assert document["users"][-1]["uid"] == document["groups"][-1]["gid"] == 26
    (conf,) = (file for file in document["files"] if file["path"] == "/etc/service.conf")
    assert (conf["uid"], conf["gid"]) == (26, 26)
    planned = user.run("plan", "service", "--gid", "service=26", "--uid", "service=26", "--json").json
    assert planned["ids"] == {"users": {"service": 26}, "groups": {"service": 26}}
    options = ("--gid", "b=27", "--gid", "a=28", "--uid", "a=29")
    assert user.run("plan", "service", *options).code == 3  # as a build, which knows the accounts
    lines = user.run("plan", "service", "--declared", *options).out.splitlines()
    assert [line for line in lines if "=" in line and line.startswith(("users: ", "groups: "))] == [
        "users: a=29",
        "groups: a=28 b=27",
    ]
    assert built["lock"] != user.run("build", "service", "-o", "other.tar", "--json").json[0]["lock"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--uid mail=9", "cannot give the user mail the number 9: it is 8 in every such system"),
        ("--uid service=8", "cannot give the user service the number 8: mail has it in every such system"),
        ("--uid servant=500", "cannot give the user servant the number 500: the image has no such user"),
        ("--gid a=5 --gid b=5", "cannot give the group 'b' the number 5: 'a' is to have it"),
        ("--scripts none --uid service=500", "cannot give the user service the number 500: the image has no such user"),
        ("--uid service=65535", "cannot give the user 'service' the number 65535: not the number of a user"),
    ],
)
def test_numbers_that_cannot_be_given(user: User, words: str, message: str) -> None:
    done = user.run("service", *words.split(), "-o", "image.tar")
    assert (done.code, done.error) == (3, message)
    assert done.hint
    assert not (user.work / "image.tar").exists()


@pytest.mark.parametrize("word", ["service", "service=", "=5", "service=five", "service=-1", "service=12345678901"])
def test_numbers_that_are_none(user: User, word: str) -> None:
    done = user.run("service", "--uid", word)
    assert (done.code, "--uid" in done.error) == (2, True)


# inspect


def test_inspect_as_json(user: User) -> None:
    assert user.run("oddly-named", "hello", "-o", "image.tar", "-q").code == 0
    document = user.run("inspect", "image.tar", "--json").json
    assert set(document) >= {"packages", "config", "layers", "files", "format", "digest", "size", "findings"}
    assert (document["format"], document["findings"]) == ("oci", [])
    assert document["size"] == (user.work / "image.tar").stat().st_size
    assert names(document) == sorted([*SKELETON, *CLOSURE, "oddly-named"])
    assert all(set(package) >= PACKAGE_KEYS for package in document["packages"])
    assert [layer["diff_id"] for layer in document["layers"]] == document["config"]["rootfs"]["diff_ids"]
    paths = [file["path"] for file in document["files"]]
    assert "/usr/bin/hello" in paths
    assert any(path.startswith("/usr/share/odd/caf") for path in paths)


@pytest.mark.parametrize("file_format", FORMATS)
def test_inspect_for_people(user: User, file_format: str) -> None:
    built = user.run("oddly-named", "--format", file_format, "-o", "image", "-q")
    done = user.run("inspect", "--files", "image", environment={"PYTHONIOENCODING": "ascii"})
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0].startswith(f"image: {file_format}, ")
    assert lines[0].endswith(built.digests[0]) or file_format == "dir"
    assert "4 packages:" in lines
    assert "  oddly-named 1 amd64" in lines
    assert "sound" in lines
    assert [line.rpartition("/")[2] for line in lines if "/usr/share/odd/" in line] == ["caf\\udce9"]


# cache, recipes, completion


def test_the_cache_is_shown_pruned_and_cleared(tmp_path: Path, archive: Archive) -> None:
    user = User(tmp_path / "home", archive)
    empty = user.run("cache", "info", "--json").json
    assert (empty["path"], empty["blobs"]) == (str(user.store), {"count": 0, "size": 0})
    first = user.run("bulky", "-q").digests
    full = user.run("cache", "info", "--json").json
    assert set(full) == {"path", "blobs", "records", "quarantined", "temporary"}
    assert full["blobs"]["size"] > 6 << 20
    assert user.run("cache", "info").out.splitlines()[0] == str(user.store)
    left = user.run("cache", "prune", "--keep", "1M")
    assert left.code == 0, left.err
    assert re.fullmatch(r"[0-9.]+ k?B left\n", left.out)
    pruned = user.run("cache", "info", "--json").json
    assert sum(pruned[part]["size"] for part in ("blobs", "records")) <= 10**6
    assert user.run("cache", "info", "--json").json["blobs"]["size"] <= 1_000_000
    assert user.run("bulky", "-q").digests == first
    assert user.run("cache", "clear").out.startswith("freed ")
    assert user.run("cache", "info", "--json").json["blobs"]["count"] == 0
    assert user.run("bulky", "-q").digests == first


def test_recipes_are_listed_and_shown(user: User, tmp_path: Path) -> None:
    listed = user.run("recipes", "list").out.splitlines()
    documents = user.run("recipes", "list", "--json").json
    assert [line.split()[0] for line in listed] == [recipe["name"] for recipe in documents]
    assert {"postgresql", "nginx", "redis", "curl"} <= {recipe["name"] for recipe in documents}
    for document in documents:
        shown = user.run("recipes", "show", document["name"])
        assert yaml.safe_load(shown.out) == document
        path = tmp_path / "recipe.yaml"
        path.write_text(shown.out)
        assert load_recipe(path).dump() == document
    assert user.run("recipes", "show", "nginx", "--json").json["name"] == "nginx"


def test_recipes_of_the_user_come_first(user: User) -> None:
    (user.work / "recipes").mkdir()
    for name in ("nginx", "hello"):
        text = f"name: {name}\ndescription: {name} of ours\napplies_to: [{name}]\npackages: [nullmailer]\n"
        (user.work / "recipes" / f"{name}.yaml").write_text(text)
    listed = user.run("recipes", "list", "recipes").out.splitlines()
    assert [line.split() for line in listed[:2]] == [
        ["hello", "hello", "of", "ours", "(recipes/hello.yaml)"],
        ["nginx", "nginx", "of", "ours", "(recipes/nginx.yaml)"],
    ]
    assert listed[2:] == [line for line in user.run("recipes", "list").out.splitlines() if line]
    for words in (("nginx", "recipes"), ("recipes/nginx.yaml",)):
        assert user.run("recipes", "show", *words, "--json").json["description"] == "nginx of ours"
    assert user.run("recipes", "show", "redis", "recipes", "--json").json["name"] == "redis"
    unknown = user.run("recipes", "show", "nope", "recipes")
    assert (unknown.code, unknown.err.splitlines()[0]) == (
        3,
        "error: cannot show the recipe 'nope': it is neither in recipes nor built in",
    )
    document = user.run("plan", "hello", "--recipe", "./recipes", "--json").json
    assert "wanted by the recipe hello: nullmailer" in [package["reason"] for package in document["packages"]]
    (user.work / "recipes/bad.yaml").write_text("name: bad\n")
    for line in ("recipes list recipes", "hello --recipe recipes/ -q"):
        bad = user.run(*line.split())
        assert (bad.code, bad.err.splitlines()[0]) == (
            3,
            "error: cannot use recipe recipes/bad.yaml: description: field required",
        )


@pytest.mark.parametrize(
    ("shell", "check"), [("bash", ["bash", "-n"]), ("zsh", None), ("fish", None)], ids=["bash", "zsh", "fish"]
)
def test_completion_script(user: User, shell: str, check: list[str] | None) -> None:
    done = user.run("completion", shell)
    assert done.code == 0, done.err
    assert f"_PKG2IMAGE_COMPLETE={shell}_complete" in done.out
    if check:
        assert subprocess.run(check, input=done.out, text=True, check=False).returncode == 0


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("pkg2image pl", {"plan"}),
        ("pkg2image plan --su", {"--suite"}),
        ("pkg2image postgresql --form", {"--format"}),
        ("pkg2image build hello --format d", {"docker", "dir"}),
        ("pkg2image cache ", {"info", "prune", "clear"}),
        ("pkg2image completion f", {"fish"}),
    ],
)
def test_what_is_completed(user: User, line: str, expected: set[str]) -> None:
    done = user.run(
        environment={
            "_PKG2IMAGE_COMPLETE": "bash_complete",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(line.split(" ")) - 1),
        }
    )
    assert (done.code, done.err) == (0, "")
    assert {found.partition(",")[2] for found in done.out.splitlines()} == expected


# Unsigned sources


def test_an_unsigned_source_is_noted_in_every_output(tmp_path: Path) -> None:
    archive = publish(tmp_path / "archive", release(suites()[0], keys=()))
    user = User(tmp_path / "home", archive)
    line = f"deb [trusted=yes] {archive.uri} bookworm main"
    uri = archive.uri.replace("file:", "file://")
    planned = user.run("plan", "hello", "--source", line)
    for text in (planned.out, planned.err):
        assert any(note.startswith("note: ") and uri in note and "signature" in note for note in text.splitlines())
    document = user.run("plan", "hello", "--source", line, "--json").json
    assert document["sources"][0]["signers"] == []
    assert any("signature" in note for note in document["notes"])
    formats = [word for name in FORMATS for word in ("--format", name)]
    (result,) = user.run("hello", "--source", line, *formats, "-o", "out", "--json").json
    assert any("signature" in note for note in result["notes"])
    for output in result["outputs"]:
        contents = read_image(user.work / output["path"])
        assert load_lock(user.work / "out/hello.dir" / LOCK_PATH).sources[0].signers == ()
        assert any(file.path == LOCK_PATH for file in contents.files)
        if contents.config:
            assert uri in json.dumps(contents.config)


# Terminals and pipes


def test_progress_goes_to_stderr_as_wished(user: User) -> None:
    words = ("plan", "hello", "--with", "exim4", "--closure", "full")  # no other test asks for this
    first = user.run(*words, "--progress", "plain").err.splitlines()
    assert first[0] == "reading the repositories"
    assert "resolving" in first
    # What is known by now is not found out again.
    plain = user.run(*words).err.splitlines()
    assert [line for line in first if line in plain] == plain
    assert "resolving" not in plain
    notes = [line for line in plain if line.startswith("note: ")]
    assert notes
    assert user.run(*words, "--progress", "none").err.splitlines() == notes
    assert user.run(*words, "-q").err == ""
    assert user.run("hello", "-q").err == ""
    verbose = user.run(*words, "--declared", "--recommends", "-v").err.splitlines()
    assert verbose[-1].startswith("resolving: ")


def test_a_reader_who_has_enough_is_no_error(user: User) -> None:
    command = shlex.join(user.command("plan", "hello", "-q"))
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{command} | true"],
        env=user.environment,
        stderr=subprocess.PIPE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_build_goes_on_when_nobody_reads_its_progress(user: User) -> None:
    command = shlex.join(user.command("build", "hello", "-v"))
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{command} 2>&1 >result | true"],
        env=user.environment,
        cwd=user.work,
        check=False,
    )
    assert done.returncode == 0
    assert (user.work / "result").read_text().startswith("hello.oci.tar sha256:")


def test_a_full_stdout_is_an_error(user: User) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            user.command("plan", "hello", "--json", "-q"),
            env=user.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 9
    assert done.stderr.startswith("error: cannot write to the standard output: No space left on device\nhint: ")


def test_closed_standard_streams_do_no_harm(user: User) -> None:
    command = shlex.join(user.command("build", "hello"))
    done = subprocess.run(["bash", "-c", f"{command} <&- >&- 2>&-"], env=user.environment, cwd=user.work, check=False)
    assert done.returncode == 0
    assert read_image(user.work / "hello.oci.tar").format == "oci"


def test_keys_may_be_armoured_and_inside_the_source(user: User, archive: Archive, tmp_path: Path) -> None:
    key = signing_key()
    armoured = tmp_path / "key.asc"
    armoured.write_bytes(key.armoured)
    inside = "\n" + "\n".join(f" {line or '.'}" for line in key.armoured.decode().splitlines())
    for signed_by in (str(armoured), inside, str(write_keyring(tmp_path / "key.gpg"))):
        source = archive.source(Signed_By=signed_by)
        assert user.run("plan", "hello", "-q", "--source", source).code == 0
