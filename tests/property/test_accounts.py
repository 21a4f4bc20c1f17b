"""Whatever scripts do to accounts, the four files fit together and given numbers are kept."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pkg2image.idmap import IdMap
from pkg2image.maintscript.commands.account_files import read_accounts
from pkg2image.maintscript.commands.accounts import COMMANDS
from pkg2image.maintscript.failure import NotUnderstoodError
from tests.support.toolbox import ACCOUNTS, Toolbox

_NAMES = st.sampled_from(("app", "data", "web", "www-data", "adm", "root"))
_NUMBERS = st.sampled_from((0, 33, 50, 100, 101, 102, 998, 999, 1000, 1001))
_OPTIONS = {
    "adduser": ("--system", "--group", "--uid N", "--ingroup A", "--gid N", "--home /srv/A", "--no-create-home"),
    "addgroup": ("--system", "--gid N"),
    "deluser": ("--system", "--group"),
    "delgroup": ("--system", "--only-if-empty"),
    "useradd": ("-r", "-u N", "-g A", "-G A", "-N", "-U", "-m", "-o"),
    "groupadd": ("-r", "-g N", "-f", "-o"),
    "usermod": ("-g A", "-G A", "-a", "-L", "-d /srv/A"),
    "gpasswd": ("-a A", "-d A", "-M A"),
    "userdel": (),
    "groupdel": (),
}


@st.composite
def _lines(draw: st.DrawFn) -> str:
    name = draw(st.sampled_from(sorted(_OPTIONS)))
    options = draw(st.lists(st.sampled_from(_OPTIONS[name]), max_size=4, unique=True)) if _OPTIONS[name] else []
    if name in {"adduser", "addgroup"} and draw(st.booleans()):
        options = ["--system", *options]
    words = [word.replace("A", draw(_NAMES)).replace("N", str(draw(_NUMBERS))) for word in options]
    return " ".join((name, *words, *draw(st.lists(_NAMES, min_size=1, max_size=2))))


_GIVEN = st.builds(
    IdMap,
    *(st.dictionaries(st.sampled_from(("app", "data", "web")), st.sampled_from((26, 100, 101, 999)), max_size=2),) * 2,
).filter(lambda ids: all(len(set(part.values())) == len(part) for part in (ids.users, ids.groups)))


@settings(max_examples=150, deadline=None)
@given(st.lists(_lines(), min_size=1, max_size=12), _GIVEN)
def test_the_files_of_accounts_fit_together(lines: list[str], ids: IdMap) -> None:
    ids = IdMap(ids.users, {name: gid for name, gid in ids.groups.items() if gid != 100})  # the group users has it
    box = Toolbox(ACCOUNTS, commands=COMMANDS)
    box.session.ids = ids
    for line in lines:
        before = [box.text(f"/{path}") for path in ACCOUNTS]
        try:
            box.line(line)
        except NotUnderstoodError:
            assert [box.text(f"/{path}") for path in ACCOUNTS] == before, line
        accounts = read_accounts(box.files)
        assert [item.name for item in accounts.shadow] == [user.name for user in accounts.users]
        assert [(item.name, item.members) for item in accounts.gshadow] == [
            (group.name, group.members) for group in accounts.groups
        ]
        for numbers, given_numbers in (
            ({user.name: user.uid for user in accounts.users}, ids.users),
            ({group.name: group.gid for group in accounts.groups}, ids.groups),
        ):
            assert len(set(numbers.values())) == len(numbers), line
            for name, number in given_numbers.items():
                assert numbers.get(name, number) == number
                assert [other for other, taken in numbers.items() if taken == number] in ([], [name])
        assert {user.gid for user in accounts.users} <= {group.gid for group in accounts.groups}, line
