"""Which files the constants of programs name."""

from __future__ import annotations

import pytest

from pkg2image.deb.elf_strings import named_files


@pytest.mark.parametrize(
    ("constants", "names"),
    [
        (b"/etc/x.conf\0", ["/etc/x.conf"]),
        (b"/etc/x.conf", ["/etc/x.conf"]),
        (b"/usr/lib/a:/opt/b\0", ["/opt/b", "/usr/lib/a"]),
        (b"cannot read /etc/x.conf.\0", ["/etc/x.conf"]),
        (b"file=/var/lib/x/\0", ["/var/lib/x"]),
        (b"exec '/bin/sh' -c\0", ["/bin/sh"]),
        (b"/usr/share/x/%s.dat\0", ["/usr/share/x/%s.dat"]),
        (b"/etc/x.d/*.conf\0", ["/etc/x.d/*.conf"]),
        (b"/dev/null\0/proc/1/fd\0/home/me\0/tmp/x\0", []),
        (b"/usr\0/usr/\0/usr//\0", []),
        (b"%s/etc/x\0../lib/x\0${prefix}/lib/x\0http://host/usr/x\0", []),
        (b"/usr/src/x/main.c\0/usr/share/cargo/x/lib.rs\0/usr/include/x.h\0", []),
        (b"libx.so\0libx.so.1\0libx.so.1.2.3\0", ["libx.so", "libx.so.1", "libx.so.1.2.3"]),
        (b"%s/lib%s.so\0", ["%s/lib%s.so"]),
        (b".so\0", [".so"]),
        (b"/usr/lib/x/mod.so\0", ["/usr/lib/x/mod.so"]),
        (b"load libx.so!\0", ["libx.so"]),
        (b"libx.sources\0libx.so_\0x.so.a\0", []),
        (b"libx.so\0libx.so\0", ["libx.so"]),
        (b"", []),
    ],
)
def test_names_in_constants(constants: bytes, names: list[str]) -> None:
    assert named_files(iter([constants])) == tuple(names)


def test_names_of_all_sections_in_order() -> None:
    assert named_files(iter([b"libb.so\0", b"liba.so\0", b"/etc/c\0"])) == ("/etc/c", "liba.so", "libb.so")


def test_an_endless_name_is_cut() -> None:
    (path,) = named_files(iter([b"/etc/" + b"x" * 9999]))
    assert 200 < len(path) < 300
    (name,) = named_files(iter([b"x" * 9999 + b".so\0"]))
    assert 200 < len(name) < 300


def test_more_names_than_a_program_can_mean_are_cut() -> None:
    assert len(named_files(iter([b"".join(b"/etc/%d\0" % number for number in range(10_000))]))) == 4096
