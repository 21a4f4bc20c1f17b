"""What Java programs refer to."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

import pytest

from pkg2image.analysis.reach.java import class_path, java_in_shell, java_references
from pkg2image.rootfs.tree import inline
from tests.support.parts import Parts, program
from tests.support.slimming import found

HOME = "usr/lib/jvm/java-17-openjdk-amd64"
SHARED = "usr/share/java"


def _jar(manifest: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as jar:
        jar.writestr("META-INF/MANIFEST.MF", manifest)
    return buffer.getvalue()


def _add_jar(parts: Parts, path: str, manifest: bytes = b"") -> Parts:
    parts.add(path)
    parts.tree.put(path, replace(parts.tree[path], content=inline(_jar(manifest))))
    return parts


def test_class_path_over_several_lines() -> None:
    manifest = b"Manifest-Version: 1.0\r\nClass-Path: a.jar lib/b\r\n .jar\r\nMain-Class: X\r\n"
    assert class_path(_jar(manifest)) == ("a.jar", "lib/b.jar")


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04" * 1000, _jar(b"x")[:-8], b"\0" * 100_000, _jar(b"\xff\0:")])
def test_what_is_no_jar_names_nothing(data: bytes) -> None:
    assert class_path(data) == ()


def test_a_manifest_without_end_is_read_in_part() -> None:
    assert class_path(_jar(b" " * (1 << 22) + b"\nClass-Path: a.jar\n")) == ()


def test_shell_scripts() -> None:
    assert java_in_shell(b"find_jars one two.jar\nexec $JAVA_HOME/bin/java -jar /x/three.jar") == (
        *("java", "one.jar", "three.jar", "two.jar"),
    )
    assert java_in_shell(b"echo hello") == ()
    assert java_in_shell(b"-" * 200_000) == ()


def test_the_machine_keeps_its_library_but_for_what_compiles_and_debugs() -> None:
    parts = Parts().elf(f"{HOME}/bin/java", program())
    for name in (
        "lib/modules",
        "lib/ct.sym",
        "lib/libjdwp.so",
        "lib/libnio.so",
        "conf/net.properties",
        "man/x",
        "release",
    ):
        parts.add(f"{HOME}/{name}")
    said = found(parts, java_references, f"{HOME}/bin/java")
    assert [line.partition(":")[0].removeprefix(f"{HOME}/") for line in said if HOME in line] == [
        *("conf/net.properties", "lib/libnio.so", "lib/modules", "release"),
    ]


def test_a_jar_needs_what_its_manifest_says_or_any_that_is_shared() -> None:
    parts = _add_jar(Parts(), "usr/share/app/app.jar", b"Class-Path: one.jar\n")
    _add_jar(_add_jar(parts, f"{SHARED}/one.jar"), f"{SHARED}/two.jar")
    assert found(parts, java_references, "usr/share/app/app.jar") == [
        "usr/share/app/one.jar: has one.jar on its class path",
        f"{SHARED}/one.jar: has one.jar on its class path",
    ]
    assert f"{SHARED}/two.jar: does not say which jars it needs" in found(parts, java_references, f"{SHARED}/one.jar")


def test_a_script_starts_java() -> None:
    parts = (
        Parts().elf(f"{HOME}/bin/java", program()).add("usr/bin/app", "#!/bin/sh\nfind_jars one\njava -x\n", mode=0o755)
    )
    assert found(parts, java_references, "usr/bin/app") == [
        "usr/bin/java: starts Java",
        f"{HOME}/bin/java: starts Java",
        f"{SHARED}/one.jar: names one.jar",
    ]
