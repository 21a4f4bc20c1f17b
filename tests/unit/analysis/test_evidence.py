"""What an ELF file shows that it needs."""

from __future__ import annotations

import pytest

from pkg2image.analysis.evidence import Evidence, Wanted, shown_by_imports, shown_by_recommendation, wanted_file
from pkg2image.deb.facts import ElfFacts
from tests.support.parts import program

CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


@pytest.mark.parametrize(
    ("imports", "wanted"),
    [
        (("popen",), ["/bin/sh"]),
        (("system",), ["/bin/sh"]),
        (("wordexp",), ["/bin/sh"]),
        (("execve", "execvp", "fork", "posix_spawn"), []),
        (("getpwnam", "getgrnam", "iconv_open", "setlocale", "getaddrinfo", "localtime"), []),
        (("getservbyname",), ["/etc/services"]),
        (("getprotobyname", "getservbyname_r"), ["/etc/protocols", "/etc/services"]),
        (("SSL_CTX_set_default_verify_paths",), [CERTIFICATES]),
        (("gnutls_certificate_set_x509_system_trust",), [CERTIFICATES]),
        (("SSL_connect", "SSL_CTX_load_verify_locations"), []),
        ((), []),
    ],
)
def test_imported_functions(imports: tuple[str, ...], wanted: list[str]) -> None:
    found = shown_by_imports("usr/bin/app", program(imports=imports), "app")
    assert sorted(item.what for item in found) == wanted


def test_one_thing_is_shown_once_with_all_its_functions() -> None:
    (found,) = shown_by_imports("usr/bin/app", program(imports=("popen", "system")), "webserver")
    assert found.files == ("usr/bin/sh",)
    assert str(found.evidence) == "/usr/bin/app (webserver): the shell starts commands for popen, system"


def test_object_files_are_not_started() -> None:
    assert list(shown_by_imports("usr/lib/crt1.o", ElfFacts(64, True, 62, 1, imports=("system",)), "libc")) == []


@pytest.mark.parametrize(
    ("facts", "recommended", "wanted"),
    [
        (program("libssl.so.3"), {"ca-certificates"}, [CERTIFICATES]),
        (program("libc.so.6", "libgnutls.so.30"), {"ca-certificates"}, [CERTIFICATES]),
        (program("libssl.so.3"), {"other"}, []),
        (program("libc.so.6"), {"ca-certificates"}, []),
        (program(imports=("localtime_r",)), {"tzdata"}, ["/usr/share/zoneinfo/Etc/UTC"]),
        (program(imports=("localtime_r",)), set(), []),
        (program(imports=("time",)), {"tzdata"}, []),
    ],
)
def test_recommendations_that_the_file_bears_out(facts: ElfFacts, recommended: set[str], wanted: list[str]) -> None:
    found = list(shown_by_recommendation("usr/bin/app", facts, "app", recommended))
    assert [item.what for item in found] == wanted
    assert all("recommends" in item.evidence.reason for item in found)


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("/bin/sh", ("usr/bin/sh",)),
        ("/usr/bin/env", ("usr/bin/env",)),
        ("/opt/app/bin/x", ("opt/app/bin/x",)),
        ("sed", ("usr/bin/sed", "usr/sbin/sed")),
    ],
)
def test_where_a_program_may_be(name: str, files: tuple[str, ...]) -> None:
    evidence = Evidence("usr/bin/app", "calls it")
    assert wanted_file(name, evidence) == Wanted(name, files, evidence)
