"""What images need and nobody declared."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pkg2image.analysis.completeness import Unmet, completeness
from pkg2image.analysis.needs import shown_by_files, shown_by_programs, shown_by_shebangs
from pkg2image.maintscript.parsed import ParsedScripts
from tests.support.libraries import read_inline
from tests.support.parts import Parts, accounts, program


def _of_files(parts: Parts, recommended: Mapping[str, frozenset[str]] | None = None) -> list[str]:
    for path, text in accounts({"root": 0}, {"root": 0}).items():
        parts.add(path, text, package="")
    unmet = completeness(
        parts.tree, elves=parts.elves, interpreters={}, optional={}, read=read_inline, architecture="amd64"
    )
    wanted = shown_by_files(parts.tree, unmet, elves=parts.elves, recommended=recommended or {}, architecture="amd64")
    return [f"{item.what} {item.evidence.path}" for item in wanted]


def _of_programs(parts: Parts, *starts: str) -> list[str]:
    wanted = shown_by_programs(
        parts.tree,
        starts,
        interpreters={},
        read=read_inline,
        parse=ParsedScripts().script,
        architecture="amd64",
    )
    return [f"{item.what} {item.evidence.path}: {item.evidence.reason}" for item in wanted]


def _script(parts: Parts, path: str, text: str, shell: str = "/bin/sh") -> Parts:
    return parts.add(path, f"#!{shell}\n{text}", mode=0o755)


def test_a_program_that_starts_commands_needs_a_shell_unless_there_is_one() -> None:
    parts = Parts().libc().elf("usr/bin/app", program(imports=("system",)))
    assert _of_files(parts) == ["/bin/sh usr/bin/app"]
    assert _of_files(parts.add("usr/bin/sh", mode=0o755)) == []


def test_interpreters_and_libraries_that_nobody_declared() -> None:
    parts = Parts().libc().elf("usr/bin/app", program("libx.so.1"))
    _script(parts, "usr/bin/tool", "", "/usr/bin/env python3")
    assert _of_files(parts) == ["libx.so.1 usr/bin/app", "/usr/bin/env usr/bin/tool", "python3 usr/bin/tool"]


def test_the_interpreter_of_what_is_started_is_needed_even_where_it_is_optional() -> None:
    parts = _script(Parts(), "usr/share/app/ports", "", "/usr/bin/perl")
    starts = ("/usr/share/app/ports", "gone")
    (wanted,) = shown_by_shebangs(parts.tree, starts, interpreters={})
    assert (wanted.what, str(wanted.evidence)) == (
        "/usr/bin/perl",
        "/usr/share/app/ports (app): starts with /usr/bin/perl",
    )
    assert shown_by_shebangs(parts.add("usr/bin/perl", mode=0o755).tree, starts, interpreters={}) == []


def test_accounts_and_links_are_nothing_that_a_package_answers() -> None:
    unmet = [Unmet("x.service", "user", "web"), Unmet("etc/x", "link", "/opt/x")]
    assert shown_by_files(Parts().tree, unmet, elves={}, recommended={}, architecture="amd64") == []


def test_files_that_are_not_for_running_the_image_need_nothing() -> None:
    assert _of_files(Parts().libc().elf("usr/share/doc/app/examples/x", program(imports=("system",)))) == []


def test_certificates_for_a_package_that_recommends_them() -> None:
    parts = (
        Parts()
        .libc()
        .elf("usr/lib/libssl.so.3", program())
        .elf("usr/bin/app", program("libssl.so.3", imports=("SSL_connect",)))
    )
    assert _of_files(parts) == []
    found = _of_files(parts, {"app": frozenset({"ca-certificates"})})
    assert found == ["/etc/ssl/certs/ca-certificates.crt usr/bin/app"]


def test_commands_are_followed_from_what_is_started() -> None:
    parts = _script(Parts(), "usr/bin/app", "sed x\nhelper\n")
    _script(parts, "usr/sbin/helper", "grep x\nsed y\n")
    _script(parts, "usr/bin/tool", "awk x\n")
    assert _of_programs(parts, "app") == [
        "sed usr/bin/app: calls sed in line 2",
        "grep usr/sbin/helper: calls grep in line 2",
        "sed usr/sbin/helper: calls sed in line 3",
    ]
    assert _of_programs(parts, "/usr/bin/tool") == ["awk usr/bin/tool: calls awk in line 2"]
    assert _of_programs(parts, "gone") == []
    assert _of_programs(parts.add("usr/bin/sed", mode=0o755), "helper") == [
        "grep usr/sbin/helper: calls grep in line 2"
    ]


def test_scripts_that_call_each_other() -> None:
    parts = _script(_script(Parts(), "usr/bin/one", "two\n"), "usr/bin/two", "one\nsort\n")
    assert _of_programs(parts, "one") == ["sort usr/bin/two: calls sort in line 3"]


@pytest.mark.parametrize(
    "text",
    [
        "start() { :; }\nstart\n",
        "command -v uuidgen && uuidgen\n",
        "systemctl reload app\ninvoke-rc.d app start\ndpkg-query -W app\n",
        ". /usr/lib/app/functions\nlog_begin\n",
        ". /usr/lib/app/gone\nlog_end\n",
        '. "$lib"\nlog_end\n',
        "arrays=(1 2)\nsed x\n",
    ],
)
def test_what_is_no_need_of_a_script(text: str) -> None:
    parts = _script(Parts(), "usr/bin/app", text).add(
        "usr/lib/app/functions", "log_begin() { :; }\n. /usr/lib/app/more\n"
    )
    assert _of_programs(parts.add("usr/lib/app/more", ". /usr/lib/app/functions\n"), "app") == []


def test_common_programs_count_though_a_part_of_the_script_is_not_known() -> None:
    parts = _script(Parts(), "usr/bin/app", '. "$lib"\nlog_end\nsed x\n')
    assert _of_programs(parts, "app") == ["sed usr/bin/app: calls sed in line 4"]


def test_modules_of_what_is_started() -> None:
    parts = _script(Parts(), "usr/bin/app", "import yaml\n", "/usr/bin/env python3")
    assert _of_programs(parts, "app") == ["Python module yaml usr/bin/app: loads yaml"]


def test_programs_that_are_no_scripts_show_nothing_here() -> None:
    assert _of_programs(Parts().elf("usr/bin/app", program(imports=("system",))), "app") == []


def test_a_script_of_a_megabyte_carries_data() -> None:
    assert _of_programs(_script(Parts(), "usr/bin/app", "sed x\n" * 200_000), "app") == []
