"""What names in programs and texts lead to."""

from __future__ import annotations

import pytest

from pkg2image.analysis.reach.data import data_rule
from pkg2image.analysis.reach.names import (
    constant_words,
    is_followed,
    is_interpreter,
    is_library_of_language,
    is_shared,
    names_of_versions,
    paths_in_text,
    program_paths,
    quoted_words,
    references_of_path,
)
from tests.support.parts import LIBRARIES, Parts


@pytest.mark.parametrize(
    "place",
    [
        *("", "usr", "usr/bin", "usr/lib", LIBRARIES, "usr/local", "usr/local/lib", "usr/share", "etc", "var/lib"),
        *("opt", "run", "usr/share/doc", f"{LIBRARIES}/gconv", f"{LIBRARIES}/security", f"{LIBRARIES}/sasl2"),
        *("usr/lib/locale", "var/lib/dpkg/info", "usr/lib/ssl", "etc/ssl"),
    ],
)
def test_directories_of_many(place: str) -> None:
    assert is_shared(place)


@pytest.mark.parametrize(
    "place", ["usr/share/zoneinfo", "etc/ssl/certs", f"{LIBRARIES}/krb5/plugins", "var/lib/app", "opt/app", "run/app"]
)
def test_directories_of_one(place: str) -> None:
    assert not is_shared(place)


def test_modules_of_languages() -> None:
    followed = ["usr/lib/python3/dist-packages/x.py", "usr/lib/python3.11/os.py", "usr/share/perl5/X.pm"]
    followed += [f"{LIBRARIES}/perl/5.36/POSIX.pm", "usr/lib/ruby/vendor_ruby/x.rb", "usr/lib/php/20220829/curl.so"]
    assert all(map(is_followed, followed))
    assert not any(map(is_followed, ["usr/lib/app/x.py", "usr/bin/python3", "usr/share/python-app/x"]))
    assert [is_library_of_language(place) for place in followed] == [False, True, False, True, False, False]
    assert not is_library_of_language("usr/lib/python3.11/dist-packages/x.py")


def test_a_virtual_machine_is_a_library_but_for_its_programs() -> None:
    home = "usr/lib/jvm/java-17-openjdk-amd64"
    assert is_followed(f"{home}/lib/libjdwp.so")
    assert is_library_of_language(f"{home}/lib/modules")
    assert is_library_of_language(f"{home}/jre/lib/rt.jar")
    assert not is_library_of_language(f"{home}/bin/java")


def test_first_lines_of_other_scripts_name_nothing() -> None:
    text = b"0 string #!/usr/bin/perl x\n0 string #!\\ /bin/sh\n#! /bin/bash\nexec /usr/bin/app\n"
    assert list(paths_in_text(text)) == ["/usr/bin/app"]


@pytest.mark.parametrize(
    ("text", "references"),
    [
        ("/usr/share/app/data", ["/usr/share/app/data"]),
        ("/usr/share/app", ["/usr/share/app/*"]),
        ("/usr/share", []),
        ("/usr/share/app/%s.dat", ["/usr/share/app/*"]),
        ("/usr/share/%s.dat", []),
        ("/usr/share/app/*.x", ["usr/share/app/a.x", "usr/share/app/b.x"]),
        ("/usr/lib/app/module", ["/usr/lib/app/module.so"]),
        ("/usr/share/app/data/etc/app.conf", ["/etc/app.conf", "/usr/share/app/data"]),
        ("/usr/share/app/missing", []),
        ("/usr/share/doc/app/README", []),
        ("/usr/share/doc/app", ["/usr/share/doc/app/*"]),
        ("/usr/lib/python3/dist-packages", []),
        ("/bin/app", ["/bin/app"]),
    ],
)
def test_what_a_path_leads_to(text: str, references: list[str]) -> None:
    parts = Parts().add("usr/share/app/data").add("usr/share/app/a.x").add("usr/share/app/b.x").add("etc/app.conf")
    parts.add("usr/lib/app/module.so").add("usr/share/doc/app/README").add("usr/bin/app")
    parts.add("usr/lib/python3/dist-packages/x.py")
    found = references_of_path(parts.tree, text, data_rule(parts.tree))
    assert sorted(f"{item.path}{'/*' if item.below else ''}" for item in found) == references


def test_words_that_may_be_programs() -> None:
    text = b"""subprocess.run(["gzip", "-d"]); system('tar xf x'); `ls -l`; "Not" 'a' "with space" """
    assert quoted_words(text) == ["gzip", "ls", "tar", "with"]
    assert constant_words(b"\0gzip\0Gzip\0/x/tar\0sh -c x\0cat %s | sort\0g\0") == ["cat", "gzip", "sh", "sort"]
    assert constant_words(b"\0exec x86_64-linux-gnu-gcc -c\0") == ["x86_64-linux-gnu-gcc"]


def test_names_of_libraries_with_versions() -> None:
    data = b"\0libsvn_%s-%d.so.%d\0libx.so.1\0%s.so\0see liby.so.%d.%u\0libz.so.%s-dev\0"
    assert names_of_versions(data) == ["libsvn_%s-%d.so.%d", "liby.so.%d.%u"]


def test_programs_that_do_what_they_are_told() -> None:
    assert all(map(is_interpreter, ["sh", "/usr/bin/dash", "python3.11", "perl", "php8.2", "php-cgi8.2", "java"]))
    assert not any(map(is_interpreter, ["postgres", "/usr/bin/ssh", "pythonic", "/usr/lib/sh/x"]))


def test_programs_by_name() -> None:
    parts = Parts().add("usr/bin/a").add("usr/sbin/a").add("usr/bin/b").add("usr/lib/c")
    assert program_paths(parts.tree) == {"a": "usr/sbin/a", "b": "usr/bin/b"}
