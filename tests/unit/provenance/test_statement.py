"""Provenance: by the schema, complete, and the same each time."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from google.protobuf.json_format import ParseDict
from in_toto_attestation.predicates.provenance.v1.provenance_pb2 import Provenance
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.v1.statement_pb2 import Statement as StatementMessage

from pkg2image.digest import Digest, sha256
from pkg2image.plan import ReadFile
from pkg2image.provenance.statement import BUILD_TYPE, BUILDER, PREDICATE, provenance
from pkg2image.request import BuildRequest
from tests.support.locks import LOCK, SOURCES

SUBJECTS = [("localhost/hello", sha256(b"manifest")), ("hello.aci", sha256(b"aci"))]
READ = (
    ReadFile("http://archive.example/debian/dists/bookworm/InRelease", SOURCES[0].release),
    ReadFile("http://archive.example/debian/dists/bookworm/main/binary-amd64/Packages", sha256(b"index")),
    ReadFile("https://own.example/Packages", Digest("sha512", "5" * 128)),
)


def said(**options: Any) -> dict[str, Any]:
    """Return the statement."""
    statement = provenance(**{"lock": LOCK, "subjects": SUBJECTS, "read": READ, "tool": "0.2", **options})
    found: dict[str, Any] = json.loads(statement)
    return found


def definition(**options: Any) -> dict[str, Any]:
    """Return what the statement says about the build."""
    found: dict[str, Any] = said(**options)["predicate"]["buildDefinition"]
    return found


def test_it_is_valid_by_the_schema_of_others() -> None:
    statement = said()
    message = ParseDict(statement, StatementMessage())
    Statement.copy_from_pb(message).validate()
    assert message.predicate_type == PREDICATE
    predicate = ParseDict(statement["predicate"], Provenance())
    assert predicate.build_definition.build_type == BUILD_TYPE
    assert len(predicate.build_definition.resolved_dependencies) == 3 + 4 + 1
    assert predicate.run_details.builder.id == BUILDER
    assert dict(predicate.run_details.builder.version) == {"pkg2image": "0.2"}
    assert not predicate.run_details.HasField("metadata")


def test_it_is_about_all_outputs() -> None:
    assert said()["subject"] == [
        {"name": "localhost/hello", "digest": {"sha256": sha256(b"manifest").hex}},
        {"name": "hello.aci", "digest": {"sha256": sha256(b"aci").hex}},
    ]


def test_what_lies_beside_the_image_is_named_too() -> None:
    bill = ("hello.spdx.json", sha256(b"bill"))
    details = said(beside=[bill])["predicate"]["runDetails"]
    assert details["byproducts"] == [{"name": "hello.spdx.json", "digest": {"sha256": bill[1].hex}}]
    assert "byproducts" not in said()["predicate"]["runDetails"]


def test_it_names_all_that_was_read() -> None:
    found = {each["uri"]: each for each in definition()["resolvedDependencies"]}
    assert list(found) == sorted(
        [*(read.uri for read in READ), *(each.url for each in LOCK.packages), "pkg2image:recipe/greeting"]
    )
    assert found[READ[0].uri] == {
        "name": "InRelease",
        "uri": READ[0].uri,
        "digest": {"sha256": SOURCES[0].release.hex},
        "annotations": {"signers": ["e" * 40, "f" * 40]},
    }
    assert found[READ[2].uri] == {"name": "Packages", "uri": READ[2].uri, "digest": {"sha512": "5" * 128}}
    assert found["file:own_1.deb"] == {
        "name": "own 1:2.0~rc1-1",
        "uri": "file:own_1.deb",
        "digest": {"sha256": sha256(b"own").hex, "sha512": "4" * 128},
    }
    assert found["pkg2image:recipe/greeting"]["digest"] == {"sha256": sha256(b"recipe").hex}


def test_what_was_read_twice_is_named_once() -> None:
    assert definition(read=(*READ, *READ)) == definition()


def test_it_says_what_was_asked_for() -> None:
    asked = definition()["externalParameters"]
    assert asked == {
        "architecture": "amd64",
        "packages": ["hello", "./my own.deb"],
        "suite": "bookworm",
        "recipe": "greeting",
        "closure": "full",
        "with_packages": ["tzdata"],
        "recommends": True,
        "preseed": {"a/b": "line\nbreak", "c": ""},
        "ids": {"users": {"www": 33}, "groups": {"www": 34}},
        "entrypoint": [],
        "command": ["-c", "two words"],
        "environment": {"B": "1", "A": "ü"},
        "user": '"quoted"',
        "labels": {"x": "[1]"},
        "layers": 3,
        "epoch": 1_800_000_000,
        "slim": True,
        "keep": ["/a*"],
    }
    plain = replace(LOCK, request=BuildRequest(packages=("hello",), suite="bookworm"))
    assert definition(lock=plain)["externalParameters"] == {
        "architecture": "amd64",
        "packages": ["hello"],
        "recipe": "auto",
        "suite": "bookworm",
    }


def test_it_says_what_the_program_has_chosen() -> None:
    assert definition()["internalParameters"] == {
        "compressor": "gzip:6:deflate/0.8.0:abcd",
        "epoch": 1_800_000_000,
        "ids": {"users": {"hello": 100, "www": 33}, "groups": {"www": 34}},
    }
    assert "compressor" not in definition(lock=replace(LOCK, compressor=""))["internalParameters"]


def test_the_order_in_which_files_were_read_is_no_matter() -> None:
    options: dict[str, Any] = {"lock": LOCK, "subjects": SUBJECTS, "tool": "0.2"}
    assert provenance(**options, read=READ) == provenance(**options, read=READ[::-1])


def test_bytes_that_are_no_text_are_escaped() -> None:
    request = replace(LOCK.request, environment={"A": "caf\udce9"})
    statement = provenance(replace(LOCK, request=request), SUBJECTS, read=(), tool="0.2")
    assert b'"A":"caf\\udce9"' in statement
    assert json.loads(statement.decode("utf-8"))
