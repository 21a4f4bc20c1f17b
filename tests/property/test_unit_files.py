"""Whatever is in unit files and their command lines, they are read or refused; what is written is read back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pkg2image.analysis.commandline import expand_command, split_commands, split_words
from pkg2image.analysis.runtime import explained
from pkg2image.analysis.unitenvironment import parse_environment_file, read_shell_assignments
from pkg2image.analysis.units import UnitError, parse_unit
from pkg2image.plan import canonical_json
from tests.support.services import inferred, program, unit_of

NASTY = st.text(alphabet=st.sampled_from("aZ09 \t\n\\\"'$%{}=;#[]@-:+!/._\0éx8"), max_size=80)
WORDS = st.lists(
    st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12), max_size=6
)
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)


def quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@given(WORDS)
def test_quoted_words_come_back(words: list[str]) -> None:
    assert split_words(" ".join(map(quoted, words))) == tuple(words)


@given(WORDS)
def test_a_quoted_command_line_comes_back_through_variables_and_specifiers(words: list[str]) -> None:
    written = " ".join(quoted(word.replace("%", "%%").replace("$", "$$")) for word in words)
    (command,) = split_commands(f"/bin/x {written}", "x")
    assert expand_command(command, unit_of(""), {}) == ("/bin/x", *words)


@given(NASTY, st.dictionaries(NAMES, NASTY, max_size=3))
def test_any_command_line_is_read_or_refused(text: str, environment: dict[str, str]) -> None:
    try:
        for command in split_commands(text, "x"):
            assert command.words[0]
            expand_command(command, unit_of(""), environment)
    except UnitError:
        pass


@given(NASTY)
def test_any_unit_file_is_read(text: str) -> None:
    for assignment in parse_unit(text, "x"):
        assert assignment.section
        assert assignment.key
        assert "\n" not in assignment.value


@given(st.dictionaries(NAMES, st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20), max_size=4))
def test_environment_files_come_back(variables: dict[str, str]) -> None:
    table = str.maketrans({character: f"\\{character}" for character in '"\\`$'})
    written = "".join(f'{name}="{value.translate(table)}"\n' for name, value in variables.items())
    assert parse_environment_file(written) == variables


@given(NASTY)
def test_any_environment_file_is_read(text: str) -> None:
    assert all(name.isidentifier() for name in parse_environment_file(text))
    assert all(name.isidentifier() for name in read_shell_assignments(text))


@given(st.lists(st.tuples(st.sampled_from(["ExecStart", "ExecStartPre", "User", "Environment", "EnvironmentFile",
    "RuntimeDirectory", "RuntimeDirectoryMode", "PIDFile", "ReadWritePaths", "WorkingDirectory", "KillSignal", "Type"]),
    NASTY.map(lambda text: text.replace("\n", " "))), max_size=6))  # fmt: skip
def test_any_unit_makes_an_image(lines: list[tuple[str, str]]) -> None:
    body = "\n".join(f"{key}={value}" for key, value in lines)
    unit = f"[Service]\nExecStart=/usr/sbin/hello\n{body}\n".encode("utf-8", "replace").decode()
    made = inferred({"usr/sbin/hello": program(), "usr/lib/systemd/system/hello.service": unit})
    assert made.config.entrypoint
    words = (*made.config.entrypoint, *(part for pair in made.config.environment for part in pair), made.config.workdir)
    assert not any("\0" in word for word in words)
    assert canonical_json(explained(made.config, made.config, made.sources, ""))
    assert all(volume.startswith("/var/") for volume in made.config.volumes)
    assert all(
        each.path.startswith(("/run/", "/var/")) and ".." not in each.path.split("/") for each in made.directories
    )
