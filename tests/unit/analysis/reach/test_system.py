"""What the libraries of every system look up."""

from __future__ import annotations

import pytest

from pkg2image.analysis.reach.system import system_references
from tests.support.parts import LIBRARIES, Parts, program, shared
from tests.support.slimming import found

APP = "usr/bin/app"


def _paths(parts: Parts, path: str, **more: object) -> list[str]:
    return [line.partition(":")[0] for line in found(parts, system_references, path, **more)]


def test_services_of_the_name_service_switch() -> None:
    parts = Parts().libc().add("etc/nsswitch.conf", "# no\npasswd: files systemd\nhosts: files [!UNAVAIL=return] dns\n")
    libraries = [path for path in _paths(parts, f"{LIBRARIES}/libc.so.6") if "libnss" in path]
    assert libraries == [f"{LIBRARIES}/libnss_{name}.so.2" for name in ("dns", "files", "systemd")]


def test_authentication_uses_the_modules_it_is_configured_with() -> None:
    text = "@include common-auth\nauth [success=1 default=ignore] pam_unix.so nullok\nauth include other\n# x.so\n"
    parts = Parts().add("etc/pam.d/app", text)
    assert _paths(parts, "etc/pam.d/app") == [
        "etc/pam.d/common-auth",
        "etc/pam.d/other",
        f"{LIBRARIES}/security/pam_unix.so",
    ]


def test_tls_reads_its_directory() -> None:
    parts = Parts().elf(f"{LIBRARIES}/libcrypto.so.3", shared("libcrypto.so.3"))
    assert "usr/lib/ssl/openssl.cnf/*" in _paths(parts, f"{LIBRARIES}/libcrypto.so.3")


@pytest.mark.parametrize(
    ("function", "path"),
    [
        ("localtime_r", "usr/share/zoneinfo/*"),
        ("pthread_cancel", f"{LIBRARIES}/libgcc_s.so.1"),
    ],
)
def test_functions_of_the_c_library(function: str, path: str) -> None:
    assert path in _paths(Parts().libc().elf(APP, program(imports=(function,))), APP)
    assert _paths(Parts().libc().elf(APP, program(imports=("puts",))), APP) == []


def test_a_library_has_few_character_sets() -> None:
    parts = Parts().libc().elf(f"{LIBRARIES}/libx.so.1", shared("libx.so.1", imports=("iconv_open",)), package="libx1")
    paths = _paths(parts, f"{LIBRARIES}/libx.so.1")
    assert f"{LIBRARIES}/gconv/UTF-16.so/*" in paths
    assert f"{LIBRARIES}/gconv/*" not in paths
    assert f"{LIBRARIES}/gconv/*" in _paths(parts, f"{LIBRARIES}/libx.so.1", own=frozenset({"libx1"}))


@pytest.mark.parametrize(
    ("path", "own", "starts", "has_all"),
    [
        ("usr/bin/app", "app", "", True),
        ("usr/bin/app", "", "usr/bin/app", True),
        ("usr/bin/app", "", "", False),
        ("usr/bin/bash", "app", "usr/bin/bash", False),
        ("usr/bin/iconv", "", "", True),
        ("usr/lib/jvm/java-17/lib/libinstrument.so", "app", "", False),
    ],
)
def test_character_sets_are_for_the_application(path: str, own: str, starts: str, *, has_all: bool) -> None:
    parts = Parts().libc().elf(path, program(imports=("iconv_open",)))
    paths = _paths(parts, path, own=frozenset({own}), starts=frozenset({starts}))
    assert (f"{LIBRARIES}/gconv/*" in paths) is has_all
    assert (f"{LIBRARIES}/gconv/UTF-16.so/*" in paths) is not has_all


def test_only_servers_look_up_secrets() -> None:
    parts = (
        Parts()
        .libc()
        .elf(f"{LIBRARIES}/sasl2/libsasldb.so", shared(""))
        .elf(f"{LIBRARIES}/sasl2/liblogin.so", shared(""))
    )
    parts.elf("usr/bin/client", program(imports=("sasl_client_init",)))
    parts.elf("usr/bin/server", program(imports=("sasl_client_init", "sasl_server_init")))
    assert _paths(parts, "usr/bin/client") == [f"{LIBRARIES}/sasl2/liblogin.so"]
    assert _paths(parts, "usr/bin/server") == [f"{LIBRARIES}/sasl2/liblogin.so", f"{LIBRARIES}/sasl2/libsasldb.so"]
