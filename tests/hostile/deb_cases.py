"""Crafted .debs: each is refused with its reason, or accepted because dpkg unpacks it and nothing is unsafe about it.

Data for the tests beside this file. The verdicts follow ``dpkg --unpack`` of dpkg 1.21; rows where we are
stricter say so in their comment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pkg2image.deb.reader import DEFAULT_LIMITS, Limits
from tests.support.debs import (
    CONTROL,
    FileSpec,
    ar,
    ar_member,
    build_deb,
    compressed,
    control_tar,
    control_text,
    device,
    directory,
    fifo,
    hardlink,
    pack,
    pax_record,
    reg,
    symlink,
    tar,
)

ROOT = directory("")
BINARY = (b"debian-binary", b"2.0\n")
CONTROL_MEMBER = (b"control.tar.gz", compressed(control_tar(CONTROL), "gz"))
DATA = tar([ROOT, reg("a", b"content")])
DATA_MEMBER = (b"data.tar.gz", compressed(DATA, "gz"))


@dataclass(frozen=True, slots=True)
class Case:
    """A crafted package.

    Args:
        name: What is odd about it.
        deb: Its bytes.
        refused: Words of the reason, or None when it is accepted.
        limits: Bounds, lowered where the real ones would need a large file.
    """

    name: str
    deb: Callable[[], bytes]
    refused: str | None
    limits: Limits = DEFAULT_LIMITS


def entries(name: str, *specs: FileSpec, refused: str | None = None, limits: Limits = DEFAULT_LIMITS) -> Case:
    """Return the case of a data tar with these entries after the root."""
    return Case(name, lambda: build_deb(CONTROL, [ROOT, *specs], compression="gz", parents=False), refused, limits)


def archive(name: str, *members: tuple[bytes, bytes], refused: str | None = None, tail: bytes = b"") -> Case:
    """Return the case of these ar members."""
    return Case(name, lambda: ar(members, tail=tail), refused)


def data(name: str, content: bytes, suffix: str = "", *, refused: str | None = None) -> Case:
    """Return the case of a data member of exactly these bytes."""
    return archive(name, BINARY, CONTROL_MEMBER, (f"data.tar{suffix}".encode(), content), refused=refused)


def control(name: str, *specs: FileSpec, refused: str | None = None) -> Case:
    """Return the case of a control tar with these entries after the root and the control file."""
    content = tar([ROOT, reg("control", control_text(CONTROL)), *specs])
    return Case(name, lambda: pack(content, DATA, compression="gz"), refused)


def control_file(name: str, content: bytes, *, refused: str | None = None) -> Case:
    """Return the case of a control file of exactly these bytes."""
    return Case(name, lambda: pack(tar([ROOT, reg("control", content)]), DATA, compression="gz"), refused)


def pax(**records: bytes) -> bytes:
    """Return the content of a pax header."""
    return b"".join(pax_record(key.replace("__", "."), value) for key, value in records.items())


def extended(kind: bytes, content: bytes) -> FileSpec:
    """Return an extended header."""
    return FileSpec(raw_name=b"extended", raw_type=kind, content=content)


AR = [
    Case("an empty file", lambda: b"", "does not start with '!<arch>'"),
    Case("an old .deb", lambda: b"0.939000\n120\n", "does not start with '!<arch>'"),
    Case("a thin archive", lambda: ar([BINARY, CONTROL_MEMBER, DATA_MEMBER], magic=b"!<thin>\n"), "does not start"),
    archive("no members", refused="first member is not debian-binary"),
    archive("another first member", CONTROL_MEMBER, BINARY, DATA_MEMBER, refused="first member is not debian-binary"),
    archive("an ignorable first member", (b"_x", b"1"), BINARY, CONTROL_MEMBER, DATA_MEMBER, refused="first member"),
    archive("version 3.0", (b"debian-binary", b"3.0\n"), CONTROL_MEMBER, DATA_MEMBER, refused="not version 2"),
    archive(
        "version 2 without newline", (b"debian-binary", b"2.0"), CONTROL_MEMBER, DATA_MEMBER, refused="not version"
    ),
    archive("version 20.1", (b"debian-binary", b"20.1\n"), CONTROL_MEMBER, DATA_MEMBER, refused="not version 2"),
    archive(
        "a huge version", (b"debian-binary", b"2.0\n" * 2000), CONTROL_MEMBER, DATA_MEMBER, refused="not version 2"
    ),
    archive("version 2.1 and more lines", (b"debian-binary", b"2.1\nmore\n"), CONTROL_MEMBER, DATA_MEMBER),
    archive("GNU's slash after names", *((n + b"/", d) for n, d in (BINARY, CONTROL_MEMBER, DATA_MEMBER))),
    archive("data before control", BINARY, DATA_MEMBER, CONTROL_MEMBER, refused="stands where control.tar is expected"),
    archive("no data", BINARY, CONTROL_MEMBER, refused="no control.tar and data.tar"),
    archive("no control", BINARY, DATA_MEMBER, refused="stands where control.tar is expected"),
    archive(
        "two control members", BINARY, CONTROL_MEMBER, CONTROL_MEMBER, DATA_MEMBER, refused="stands where data.tar"
    ),
    # Stricter: dpkg takes the first of both and never looks further.
    archive("two data members", BINARY, CONTROL_MEMBER, DATA_MEMBER, DATA_MEMBER, refused="comes after the data tar"),
    archive(
        "control once more", BINARY, CONTROL_MEMBER, DATA_MEMBER, CONTROL_MEMBER, refused="comes after the data tar"
    ),
    archive("debian-binary twice", BINARY, BINARY, CONTROL_MEMBER, DATA_MEMBER, refused="stands where control.tar"),
    archive(
        "an unknown member early", BINARY, (b"foo", b"1"), CONTROL_MEMBER, DATA_MEMBER, refused="'foo' stands where"
    ),
    archive(
        "an unknown member between", BINARY, CONTROL_MEMBER, (b"foo", b"1"), DATA_MEMBER, refused="'foo' stands where"
    ),
    archive("an unknown member at the end", BINARY, CONTROL_MEMBER, DATA_MEMBER, (b"foo", b"1")),
    archive("signatures", BINARY, (b"_a", b"1"), CONTROL_MEMBER, (b"_b", b""), DATA_MEMBER, (b"_gpgorigin", b"sig")),
    archive(
        "a bzip2 control member", BINARY, (b"control.tar.bz2", b""), DATA_MEMBER, refused="stands where control.tar"
    ),
    archive("an unknown compression", BINARY, CONTROL_MEMBER, (b"data.tar.br", b""), refused="'data.tar.br' stands"),
    archive("a strange name", BINARY, (b"\x1b[2J\xff", b""), DATA_MEMBER, refused=r"'\x1b[2J\\xff' stands"),
    archive("a BSD long name", BINARY, (b"#1/20", b"control.tar.gz" + b"\0" * 6), refused="'#1/20' stands where"),
    # Stricter: dpkg stops reading at the data member.
    archive(
        "text at the end", BINARY, CONTROL_MEMBER, DATA_MEMBER, tail=b"junk", refused="no ar member starts at byte"
    ),
    archive(
        "an archive at the end", BINARY, CONTROL_MEMBER, DATA_MEMBER, tail=ar([BINARY]), refused="no ar member starts"
    ),
    Case(
        "many members",
        lambda: ar([BINARY, *((b"_%d" % n, b"") for n in range(100)), CONTROL_MEMBER, DATA_MEMBER]),
        "more than 64 members",
    ),
    *(
        Case(
            f"the size {size!r}",
            lambda size=size: ar([BINARY]) + ar_member(*CONTROL_MEMBER, size=size) + ar_member(*DATA_MEMBER),
            reason,
        )
        for size, reason in [
            (b"-1", "not a decimal number"),
            (b"0x100", "not a decimal number"),
            (b"1e3", "not a decimal number"),
            (b"", "not a decimal number"),
            (b" 100", "not a decimal number"),
            (b"+100", "not a decimal number"),
            ("²".encode(), "not a decimal number"),
            (b"9999999999", "the file ends before the member does"),
            (b"10", "no ar member starts at byte"),
        ]
    ),
    Case(
        "a wrong header end",
        lambda: ar([BINARY]) + ar_member(*CONTROL_MEMBER, end=b"xx"),
        "no ar member starts at byte",
    ),
    Case("a header cut off", lambda: ar([BINARY]) + ar_member(*CONTROL_MEMBER)[:59], "no ar member starts at byte"),
    Case("the last byte cut off", lambda: ar([BINARY, CONTROL_MEMBER, DATA_MEMBER]).rstrip(b"\n")[:-1], "ends before"),
    Case("no padding at the end", lambda: ar([BINARY, CONTROL_MEMBER, (b"data.tar", DATA), (b"_x", b"1")])[:-1], None),
]

COMPRESSION = [
    *(data(f"nothing as {kind}", b"", f".{kind}", refused="too early") for kind in ("gz", "xz", "zst", "bz2", "lzma")),
    *(
        data(f"{kind} cut off", compressed(DATA, kind)[:-1], f".{kind}", refused="too early")
        for kind in ("gz", "xz", "bz2", "zst")
    ),
    *(
        data(
            f"half of the {kind}",
            compressed(DATA, kind)[: len(compressed(DATA, kind)) // 2],
            f".{kind}",
            refused="early",
        )
        for kind in ("gz", "xz", "bz2", "lzma", "zst")
    ),
    # Stricter: dpkg ignores what follows.
    *(
        data(f"junk after {kind}", compressed(DATA, kind) + b"junk", f".{kind}", refused="follows the compressed data")
        for kind in ("gz", "xz", "zst", "bz2", "lzma")
    ),
    # dpkg reads a second stream of gzip only; of the others it would see half a package.
    *(
        data(
            f"a second stream of {kind}", compressed(DATA, kind) * 2, f".{kind}", refused="follows the compressed data"
        )
        for kind in ("xz", "zst", "bz2")
    ),
    data("two gzip streams", compressed(DATA[:700], "gz") + compressed(DATA[700:], "gz"), ".gz"),
    *(
        data(f"{kind} that is something else", b"\x7fjunkjunkjunk" * 3, f".{kind}", refused="compressed")
        for kind in ("gz", "xz", "zst", "bz2", "lzma")
    ),
    *(
        data(
            f"flipped byte in {kind}",
            compressed(DATA, kind)[:-9] + b"\xaa" + compressed(DATA, kind)[-8:],
            f".{kind}",
            refused="",
        )
        for kind in ("gz", "xz", "bz2")
    ),
    data("xz called gz", compressed(DATA, "xz"), ".gz", refused="cannot be decompressed"),
    data("gz called plain", compressed(DATA, "gz"), refused="data.tar: "),
    data("a zstd frame without blocks", b"\x28\xb5\x2f\xfd\x20\x00", ".zst", refused="too early"),
    data("a skippable zstd frame", b"\x50\x2a\x4d\x18\x04\0\0\0abcd", ".zst", refused="not compressed by zstd"),
    data("a reserved zstd block", b"\x28\xb5\x2f\xfd\x20\x00\x07\0\0", ".zst", refused="cannot be decompressed"),
]

TAR = [
    data("no end blocks", tar([ROOT, reg("a", b"x")], end=b"")),
    data("one end block", tar([ROOT], end=b"\0" * 512)),
    data("nothing at all", b""),
    data("much zeros after the end", DATA + b"\0" * 100_000),
    data("half a block at the end", tar([ROOT], end=b"\0" * 100), refused="too early"),
    data("half a header", tar([ROOT, reg("a")], end=b"")[:-100], refused="too early"),
    data("content cut off", tar([ROOT, reg("a", b"x" * 5000)], end=b"")[:-1024], refused="too early"),
    data("padding cut off", tar([ROOT, reg("a", b"xx", padded=False)], end=b""), refused="too early"),
    # Stricter: dpkg stops at the zero block.
    data("a second tar", DATA + DATA, refused="something follows the end of the tar"),
    data("text after the end", DATA + b"\0" * 512 + b"text", refused="something follows the end of the tar"),
    data("a tar after a zero block", b"\0" * 512 + DATA, refused="something follows the end of the tar"),
    entries("a wrong checksum", reg("a", checksum=b"000001\0 "), refused="'./a': a header has a wrong checksum"),
    entries("a negative checksum", reg("a", checksum=b"-00001\0 "), refused="field checksum"),
    entries("a negative size", reg("a", raw_size=b"\xff" * 11 + b"\x00"), refused="the header field size"),
    entries("a signed size", reg("a", raw_size=b"-0000000001\0"), refused="the header field size"),
    entries("a size in hex", reg("a", raw_size=b"0x10\0"), refused="the header field size"),
    entries("a huge size", reg("a", raw_size=b"\x80\0\0\0\x7f" + b"\xff" * 7), refused="too early"),
    entries("a size beyond 64 bits", reg("a", raw_size=b"\x80" + b"\xff" * 11), refused="the header field size"),
    entries("a mode of letters", reg("a", patches={100: b"rwxr-xr\0"}), refused="the header field mode"),
    entries("two numbers as uid", reg("a", patches={108: b" 12 34 \0"}), refused="the header field uid"),
    entries("a uid of all bits", reg("a", uid=2**32 - 1), refused="the uid 4294967295 is too large"),
    entries("a negative gid", reg("a", gid=-1), refused="the header field gid"),
    entries("a user with a colon", reg("a", user="root:x"), refused="no user or group can have the name"),
    entries("a group with a newline", reg("a", group="a\nb"), refused="no user or group can have the name"),
    entries("a time before 1970", reg("a", mtime=-5)),
    entries("blank numbers", reg("a", patches={108: b"       \0", 116: b"\0" * 8})),
    entries("file type bits in the mode", reg("a", patches={100: b"0100755\0"})),
    *(
        entries(f"the type {kind!r}", reg("a", raw_type=kind), refused="are not unpacked")
        for kind in (b"7", b"D", b"M", b"N", b"S", b"V", b"X", b"A", b"g", b"Z", b"\xff")
    ),
    entries("a directory with content", directory("a", content=b"xx"), refused="a directory has 2 bytes"),
    entries("a symlink with content", symlink("a", "x", content=b"xx"), refused="a symlink has 2 bytes"),
    entries("a hard link with content", reg("q"), hardlink("a", "q", content=b"xx"), refused="a hardlink has 2 bytes"),
    entries("a long name without member", extended(b"L", b"./a\0"), refused="belongs to no member"),
    entries("a huge long name", extended(b"L", b"a" * 2_000_000), refused="an extended header has 2000000 bytes"),
    entries("a huge pax header", extended(b"x", b"a" * 2_000_000), refused="an extended header has 2000000 bytes"),
    entries(
        "pax header after pax header",
        *[extended(b"x", pax(comment=b"x"))] * 1000,
        reg("a"),
        refused="follow each other",
    ),
    entries(
        "long name after long name",
        extended(b"L", b"./a\0"),
        extended(b"L", b"./b\0"),
        reg("c"),
        refused="follow each other",
    ),
    *(
        entries(f"the pax record {record!r}", extended(b"x", record), reg("a"), refused=reason)
        for record, reason in [
            (b"0 a=b\n", "malformed"),
            (b"6 a=b", "malformed"),
            (b"600000 a=b\n", "malformed"),
            (b"3 a=b\n", "malformed"),
            (b"-6 a=b\n", "malformed"),
            (b"99999999999999999999 a=b\n", "malformed"),
            (b"6 a b\n", "malformed"),
            (b"\0" * 20, "malformed"),
            (pax(path=b"./b") * 2, "twice"),
            (pax(size=b"-1"), "pax record size"),
            (pax(size=b"1_0"), "pax record size"),
            (pax(size=b"9" * 18), "too early"),
            (pax(uid=b"4294967295"), "too large"),
            (pax(mtime=b"soon"), "pax record mtime"),
            (pax(path=b"../a"), "component '..'"),
            (pax(path=b"/a"), "absolute"),
            (pax(path=b"a\0b"), "control characters"),
            (pax(path=b""), "empty"),
            (pax(GNU__sparse__major=b"1"), "sparse"),
        ]
    ),
    # More than dpkg, which knows no pax headers: file capabilities could not come in a .deb otherwise.
    entries("a pax header", extended(b"x", pax(path=b"./b", uname=b"daemon", mtime=b"5.5", comment=b"x")), reg("a")),
]

NAMES = [
    *(
        entries(f"the name {name[:20]!r}", reg("", raw_name=name), refused=reason)
        for name, reason in [
            (b"", "its name is empty"),
            (b"/", "its name is absolute"),
            (b"/etc/passwd", "its name is absolute"),
            (b".//etc/passwd", "its name is absolute"),
            (b"..", "has the component '..'"),
            (b"../canary", "has the component '..'"),
            (b"./../canary", "has the component '..'"),
            (b"./a/../../canary", "has the component '..'"),
            (b"./a/..", "has the component '..'"),
            (b"./a//b", "not normalised"),
            (b"././a", "not normalised"),
            (b"./a/./b", "not normalised"),
            (b"./a/", "ends in a slash but it is no directory"),
            (b"./a\nb", "control characters"),
            (b"./a\x1b[2Jb", "control characters"),
            (b"./a\x7f", "control characters"),
            (b"./a\xc2\x9bb", "control characters"),
            (b"./" + b"c" * 256, "too long"),
            (b"./" + b"d/" * 2047 + b"dd", "too long"),
            (b"./", "its name is empty"),
            (b".", "comes as a directory and again as a file"),
        ]
    ),
    entries("a directory with two slashes", directory("", raw_name=b"./a//"), refused="not normalised"),
    entries("the absolute root", directory("", raw_name=b"/"), refused="absolute"),
    entries(
        "the root as a symlink",
        symlink("", "/etc", raw_name=b"."),
        refused="comes as a directory and again as a symlink",
    ),
    entries("a long name in the limit", directory("", raw_name=b"./" + b"/".join([b"e" * 255] * 15))),
    entries("a name without dot", reg("", raw_name=b"a")),
    entries("a name that is not UTF-8", reg("", raw_name=b"./caf\xe9")),
    entries("a backslash and blanks", reg("", raw_name=b"./a\\b c")),
]

TREES = [
    entries("a link out", symlink("a", "/etc"), symlink("b", "../../canary")),
    entries("a link that is empty", symlink("a", ""), refused="link target is empty"),
    entries("a link with a newline", symlink("a", "x\ny"), refused="link target is empty, too long, or has control"),
    entries("a link that is too long", symlink("a", "x/" * 3000), refused="link target is empty, too long"),
    entries(
        "a file below a link", symlink("a", ".."), reg("a/canary"), refused="it lies below 'a', which is a symlink"
    ),
    entries("deep below a link", symlink("a", "/"), reg("a/b/c/d"), refused="it lies below 'a', which is a symlink"),
    entries("a file below a file", reg("a"), reg("a/b"), refused="it lies below 'a', which is a file"),
    entries(
        "a file where a directory was", directory("a"), reg("a"), refused="comes as a directory and again as a file"
    ),
    entries(
        "a directory where a file was", reg("a"), directory("a"), refused="comes as a file and again as a directory"
    ),
    entries(
        "a link where a directory was", directory("a"), symlink("a", "/"), refused="comes as a directory and again"
    ),
    entries(
        "a link over needed parents",
        reg("a/b"),
        symlink("a", "/"),
        refused="comes as a directory and again as a symlink",
    ),
    # Stricter: with dpkg the second one wins, and readers of the first see another package.
    entries("a file twice", reg("a", b"1"), reg("a", b"2"), refused="comes as a file and again as a file"),
    entries("a directory twice", directory("a"), directory("a", mode=0o700)),
    # dpkg unpacks them when another package brings the directories.
    entries("missing parents", reg("x/y/z", b"1")),
    entries("missing parents that come later", reg("x/y"), directory("x")),
    entries("a hard link to nothing", hardlink("a", "b"), refused="hard link to 'b', which is no file before it"),
    entries("a hard link to a later file", hardlink("a", "b"), reg("b"), refused="which is no file before it"),
    entries("a hard link to itself", hardlink("a", "a"), refused="which is no file before it"),
    entries("a hard link to a directory", directory("b"), hardlink("a", "b"), refused="which is no file before it"),
    entries(
        "a hard link to a symlink", symlink("b", "/etc/shadow"), hardlink("a", "b"), refused="which is no file before"
    ),
    entries(
        "a hard link out", hardlink("a", "", raw_target=b"../canary"), refused="hard link to a name that is refused"
    ),
    entries(
        "a hard link to /", hardlink("a", "", raw_target=b"/etc/shadow"), refused="hard link to a name that is refused"
    ),
    entries("a hard link through a link", symlink("l", "/etc"), hardlink("a", "l/shadow"), refused="no file before it"),
    entries("a chain of hard links", reg("a", b"1"), hardlink("b", "a"), hardlink("c", "b")),
    entries("a disk", device("sda", "block", 8, 0), refused="may not bring device nodes"),
    entries("memory", device("dev/mem", "character", 1, 1), refused="may not bring device nodes"),
    entries("memory as dev/null", device("dev/null", "character", 1, 1), refused="may not bring device nodes"),
    entries("dev/null", directory("dev"), device("dev/null", "character", 1, 3)),
    entries("a fifo", fifo("a")),
    entries("setuid", reg("a", mode=0o6755), directory("b", mode=0o2775)),
    entries("a file capability", reg("a", b"x", xattrs={"security.capability": b"\1\0\0\2" + b"\0" * 16})),
    entries("names that differ in case", reg("README"), reg("readme")),
    entries(
        "too many entries",
        *(reg(f"f{n}") for n in range(11)),
        refused="more than 11 entries",
        limits=Limits(entries=11),
    ),
    entries(
        "too long names",
        *(reg(f"{n:099}") for n in range(11)),
        refused="names take more than",
        limits=Limits(names=1000),
    ),
    entries(
        "too many parents", reg("d/" * 2000 + "d"), refused="directories have no entry", limits=Limits(parents=1999)
    ),
]

CONTROL_TARS = [
    control("more files", reg("postinst", b"#!/bin/sh\n"), reg("list", b"/x\n"), hardlink("prerm", "postinst")),
    control("a directory", directory("sub"), refused="'sub': a control file may not be a directory"),
    control("a file in a directory", reg("sub/postinst"), refused="may not be a file or lie in a directory"),
    control("a symlink", symlink("postinst", "/bin/true"), refused="may not be a symlink"),
    control("a device", device("postinst", "character", 1, 3), refused="may not be a character"),
    control("a fifo of control", fifo("postinst"), refused="may not be a fifo"),
    control("a name that leads out", reg("", raw_name=b"../canary"), refused="has the component '..'"),
    control("an absolute name", reg("", raw_name=b"/canary"), refused="absolute"),
    control("control twice", reg("control", control_text(CONTROL | {"Package": "other"})), refused="it comes twice"),
    control("postinst twice", reg("postinst", b"1"), reg("postinst", b"2"), refused="it comes twice"),
    Case("no control file", lambda: pack(tar([ROOT, reg("postinst")]), DATA), "it has no file 'control'"),
    Case("control as a fifo", lambda: pack(tar([ROOT, fifo("control")]), DATA), "may not be a fifo"),
    Case(
        "control as a link", lambda: pack(tar([ROOT, reg("a"), symlink("control", "a")]), DATA), "may not be a symlink"
    ),
    control_file("an empty control file", b"", refused="does not end in a newline"),
    control_file("control without newline", control_text(CONTROL)[:-1], refused="does not end in a newline"),
    control_file("a NUL in control", control_text(CONTROL | {"X": "a\0b"}), refused="has NULs"),
    control_file("a comment in control", b"# x\n" + control_text(CONTROL), refused="comments"),
    control_file("two paragraphs", control_text(CONTROL) + b"\n" + control_text(CONTROL), refused="2 paragraphs"),
    control_file("a field twice", control_text(CONTROL) + b"version: 2\n", refused="repeats the field version"),
    control_file("blank lines before", b"\n\n" + control_text(CONTROL)),
    control_file("a name with a slash", control_text(CONTROL | {"Package": "../x"}), refused="is not a package name"),
    control_file("no version", control_text(CONTROL | {"Version": ""}), refused="has the version ''"),
    control_file("a version with a slash", control_text(CONTROL | {"Version": "1/../2"}), refused="has the version"),
    control_file(
        "a strange architecture", control_text(CONTROL | {"Architecture": "../x"}), refused="has the architecture"
    ),
    control_file("Latin-1", control_text(CONTROL | {"Maintainer": "caf\udce9 <a@example.org>"})),
    control_file("an absurd Installed-Size", control_text(CONTROL | {"Installed-Size": "9" * 5000})),
    control_file("a negative Installed-Size", control_text(CONTROL | {"Installed-Size": "-1"})),
]

CASES = [*AR, *COMPRESSION, *TAR, *NAMES, *TREES, *CONTROL_TARS]
