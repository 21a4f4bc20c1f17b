"""What comes with a package as soon as one of its files is used."""

from __future__ import annotations

from pkg2image.analysis.reach.packages import dependencies, package_references
from tests.support.parts import LIBRARIES, LOADER, Parts, program, shared
from tests.support.slimming import found, material_of
from tests.support.trees import Shelf

LICENCE = "usr/share/doc/libx1/copyright: comes with the licence of libx1"


def _library() -> Parts:
    parts = Parts().elf(f"{LIBRARIES}/libx.so.1", shared("libx.so.1"), package="libx1")
    for path in ("usr/share/doc/libx1/copyright", "etc/libx.conf", "etc/init.d/libx", "usr/share/libx1/data"):
        parts.add(path, package="libx1")
    return parts


def test_a_licence_and_a_configuration() -> None:
    assert found(_library(), package_references, f"{LIBRARIES}/libx.so.1") == [
        "etc/libx.conf: comes with the configuration of libx1",
        LICENCE,
    ]


def test_once_for_a_package() -> None:
    find = package_references(material_of(_library()))
    assert list(find(f"{LIBRARIES}/libx.so.1"))
    assert list(find("etc/libx.conf")) == []


def test_documents_bring_nothing() -> None:
    assert found(_library(), package_references, "usr/share/doc/libx1/copyright") == []


def test_what_was_made_has_no_package() -> None:
    assert found(Parts().add("etc/made", package=""), package_references, "etc/made") == []


def test_a_program_brings_the_private_data_of_its_package() -> None:
    parts = _library().elf("usr/bin/x", program(), package="libx1")
    parts.add("usr/lib/python3/dist-packages/x.py", package="libx1").elf("usr/bin/y", program(), package="libx1")
    assert found(parts, package_references, "usr/bin/x") == [
        "etc/libx.conf: comes with the configuration of libx1",
        LICENCE,
        "usr/share/libx1/data: comes with the private files of libx1",
    ]


def test_the_application_has_its_private_data_anyway() -> None:
    parts = _library().elf("usr/bin/x", program(), package="libx1")
    lines = found(parts, package_references, "usr/bin/x", own=frozenset({"libx1"}))
    assert not any("private" in line for line in lines)


def test_a_compiler_works_with_all_that_it_depends_on() -> None:
    parts = Parts().elf("usr/bin/x86_64-linux-gnu-gcc-12", program(), package="gcc-12")
    parts.add("usr/include/stdio.h", package="libc6-dev").add("usr/bin/ld", package="binutils")
    parts.add("usr/share/man/man1/ld.1.gz", package="binutils").add("usr/include/x.h", package="libx-dev")
    depends = {"gcc-12": ["binutils", "libc6-dev"], "binutils": ["gcc-12"]}
    lines = found(parts, package_references, "usr/bin/x86_64-linux-gnu-gcc-12", depends=depends)
    paths = {line.partition(":")[0] for line in lines if "compiler" in line}
    assert paths == {"usr/bin/ld", "usr/bin/x86_64-linux-gnu-gcc-12", "usr/include/stdio.h"}


def test_a_compiler_has_of_libraries_what_the_linker_finds() -> None:
    parts = Parts().elf("usr/bin/gcc", program(), package="gcc")
    parts.add(f"{LIBRARIES}/libm.so", f"GROUP ( /{LIBRARIES}/libm.so.6 )\n", package="libc6-dev")
    parts.add("usr/include/m.h", package="libc6-dev").add("usr/share/gdb/x.py", package="libc6-dev")
    parts.elf(f"{LIBRARIES}/libm.so.6", shared("libm.so.6"), package="libc6")
    parts.elf(f"{LIBRARIES}/libc.so.6", shared("libc.so.6", interpreter=LOADER), package="libc6")
    parts.elf(f"{LIBRARIES}/gconv/UTF-7.so", shared(""), package="libc6").add("etc/x.conf", package="libc6")
    parts.add(f"{LIBRARIES}/gconv/gconv-modules", package="libc6").add("usr/share/doc/libc6/NEWS", package="libc6")
    depends = {"gcc": ["libc6-dev"], "libc6-dev": ["libc6"]}
    lines = found(parts, package_references, "usr/bin/gcc", depends=depends)
    assert sorted({line.partition(": ")[0] for line in lines if "licence" not in line}) == [
        f"/{LIBRARIES}/libm.so.6",
        "usr/bin/gcc",
        "usr/include/m.h",
        f"{LIBRARIES}/libm.so",
    ]


def test_a_compiler_comes_with_a_linker() -> None:
    parts = Parts().elf("usr/bin/gcc", program(), package="gcc").link("usr/bin/ld", "ld.bfd", package="binutils")
    assert "usr/bin/ld: is a compiler, which works with binutils" in found(parts, package_references, "usr/bin/gcc")


def test_a_compiler_comes_with_what_others_of_its_source_depend_on() -> None:
    parts = Parts().elf("usr/bin/gcc-14", program(), package="gcc-14-x86-64-linux-gnu")
    parts.link("usr/bin/ar", "x86_64-linux-gnu-ar", package="binutils")
    sources = {"gcc-14-x86-64-linux-gnu": "gcc-14", "gcc-14": "gcc-14", "binutils": "binutils"}
    lines = found(parts, package_references, "usr/bin/gcc-14", sources=sources, depends={"gcc-14": ["binutils"]})
    assert "usr/bin/ar: is a compiler, which works with binutils" in lines


def test_a_compiler_may_have_a_directory_of_its_own() -> None:
    parts = Parts().elf("usr/lib/go-1.19/bin/go", program(), package="golang").add("usr/share/go/go", package="x")
    parts.add("usr/share/go-1.19/include/textflag.h", package="golang")
    lines = found(parts, package_references, "usr/lib/go-1.19/bin/go")
    assert "usr/share/go-1.19/include/textflag.h: is a compiler, which works with golang" in lines
    assert not any("compiler" in line for line in found(parts, package_references, "usr/share/go/go"))


def test_dependencies_within_an_image() -> None:
    shelf = Shelf()
    debs = [
        shelf.deb("app 1", fields={"Depends": "libx1 (>= 1), gone | mta", "Recommends": "data", "Suggests": "other"}),
        shelf.deb("libx1 1"),
        shelf.deb("data 1"),
        shelf.deb("other 1"),
        shelf.deb("exim 1", fields={"Provides": "mta"}),
    ]
    assert dependencies(debs)["app"] == ("libx1", "exim", "data")
    assert dependencies(debs)["exim"] == ()
