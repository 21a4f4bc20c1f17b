"""Users and groups are made with the numbers, files and homes that Debian's programs would give them."""

from __future__ import annotations

import pytest

from pkg2image.idmap import IdMap
from pkg2image.maintscript.commands.accounts import COMMANDS
from pkg2image.maintscript.failure import NotUnderstoodError
from tests.support.toolbox import ACCOUNTS, GROUP, PASSWD, Toolbox


def toolbox(**more: str) -> Toolbox:
    return Toolbox({**ACCOUNTS, **{path.replace("__", "/"): text for path, text in more.items()}}, commands=COMMANDS)


def added(box: Toolbox, path: str, before: str) -> str:
    text = box.text(path)
    assert text.startswith(before)
    return text.removeprefix(before)


@pytest.mark.parametrize(
    ("arguments", "user", "group"),
    [
        ("--system --group app", "app:x:100:101::/nonexistent:/usr/sbin/nologin", "app:x:101:"),
        ("--system app", "app:x:100:65534::/nonexistent:/usr/sbin/nologin", ""),
        ("--system --ingroup adm --shell /bin/sh app", "app:x:100:4::/nonexistent:/bin/sh", ""),
        ("--system --gid 33 --uid 250 app", "app:x:250:33::/nonexistent:/usr/sbin/nologin", ""),
        ("--system --group --uid 250 app", "app:x:250:250::/nonexistent:/usr/sbin/nologin", "app:x:250:"),
        (
            "--system --force-badname --group Debian-app",
            "Debian-app:x:100:101::/nonexistent:/usr/sbin/nologin",
            "Debian-app:x:101:",
        ),
        (
            "--quiet --system --home /x --no-create-home --gecos one,two app",
            "app:x:100:65534:one,two:/x:/usr/sbin/nologin",
            "",
        ),
        (
            "--system --home /x --no-create-home --disabled-password --disabled-login app",
            "app:x:100:65534::/x:/usr/sbin/nologin",
            "",
        ),
    ],
)
def test_adduser_system(arguments: str, user: str, group: str) -> None:
    box = toolbox()
    assert box.line(f"adduser {arguments}") == 0
    assert added(box, "/etc/passwd", PASSWD) == f"{user}\n"
    assert added(box, "/etc/group", GROUP) == (f"{group}\n" if group else "")
    name = user.partition(":")[0]
    assert box.text("/etc/shadow").endswith(f"\n{name}:!:::::::\n")
    assert box.text("/etc/gshadow").endswith(f"\n{name}:!::\n" if group else "\nnogroup:*::\n")


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("", ",,,"),
        ("one", "one,,,"),
        ("one,two", "one,two,,"),
        ("a,,c", "a,,c,"),
        ("a,b,c,d", "a,b,c,d"),
        ("a,,c,d,e,f", "a,,c,d,e"),
    ],
)
def test_adduser_of_bookworm_has_chfn_write_the_name(given: str, written: str) -> None:
    box = toolbox()
    box.files.make_directory("/usr/sbin", parents=True)
    box.files.write("/usr/sbin/adduser", b"    &systemcall($chfn, '-f', $comment, $new_name);\n")
    assert box.line(f"adduser --system --gecos={given} app") == 0
    assert added(box, "/etc/passwd", PASSWD) == f"app:x:100:65534:{written}:/nonexistent:/usr/sbin/nologin\n"


def test_adduser_makes_a_home_that_is_missing_and_no_other() -> None:
    box = toolbox()
    assert box.line("adduser --system --group --home /var/lib/app app") == 0
    assert box.stat("/var/lib/app") == "0755 app:app"
    assert box.stat("/var/lib") == "0755 root:root"
    box.files.make_directory("/srv")
    assert box.line("adduser --system --home /srv other") == 0
    assert box.stat("/srv") == "0755 root:root"


def test_adduser_leaves_a_system_user_alone_and_refuses_others() -> None:
    box = toolbox()
    box.line("adduser --system app")
    before = box.text("/etc/passwd")
    assert box.line("adduser --system --home /elsewhere app") == 0
    assert box.text("/etc/passwd") == before
    assert box.line("adduser --system www-data") == 1
    assert box.line("adduser --system --uid 300 app") == 1


def test_configured_numbers() -> None:
    box = toolbox(etc__adduser_conf="")
    box.files.write("/etc/adduser.conf", b"#FIRST_SYSTEM_UID=1\nFIRST_SYSTEM_UID=200\nSYS_DIR_MODE=0750\n")
    box.line("adduser --system --home /x app")
    assert "app:x:200:" in box.text("/etc/passwd")
    assert box.stat("/x") == "0750 app:nogroup"


@pytest.mark.parametrize("command", ["addgroup --system app", "adduser --system --group app", "groupadd -r -g 101 app"])
def test_groups(command: str) -> None:
    box = toolbox()
    assert box.line(command) == 0
    assert added(box, "/etc/group", GROUP) == "app:x:101:\n"


def test_addgroup_knows_what_is_there() -> None:
    box = toolbox()
    assert box.line("addgroup --system users") == 0
    assert box.line("addgroup --system adm") == 1
    assert box.line("groupadd adm") == 9
    assert box.line("groupadd -f adm") == 0
    assert box.line("groupadd -g 4 new") == 4


@pytest.mark.parametrize(
    "command",
    ["adduser www-data adm", "usermod -a -G adm www-data", "usermod -aG adm www-data", "gpasswd -a www-data adm"],
)
def test_membership(command: str) -> None:
    box = toolbox()
    assert box.line(command) == 0
    assert "adm:x:4:www-data\n" in box.text("/etc/group")
    assert "adm:*::www-data\n" in box.text("/etc/gshadow")
    assert box.line(command) == 0
    assert "adm:x:4:www-data\n" in box.text("/etc/group")
    assert box.line("deluser www-data adm") == 0
    assert box.text("/etc/group") == GROUP


@pytest.mark.parametrize(
    ("arguments", "user", "shadow"),
    [
        ("-r app", "app:x:999:999::/home/app:/bin/sh", "app:!:::::::"),
        (
            "-r -g adm -d /var/lib/app -s /usr/sbin/nologin -c App app",
            "app:x:999:4:App:/var/lib/app:/usr/sbin/nologin",
            "app:!:::::::",
        ),
        ("-r -M -U -u 300 app", "app:x:300:300::/home/app:/bin/sh", "app:!:::::::"),
        ("app", "app:x:1000:1000::/home/app:/bin/sh", "app:!::0:99999:7:::"),
        ("-N app", "app:x:1000:100::/home/app:/bin/sh", "app:!::0:99999:7:::"),
    ],
)
def test_useradd(arguments: str, user: str, shadow: str) -> None:
    box = toolbox()
    assert box.line(f"useradd {arguments}") == 0
    assert added(box, "/etc/passwd", PASSWD) == f"{user}\n"
    assert box.text("/etc/shadow").endswith(f"\n{shadow}\n")
    assert box.line(f"useradd {arguments}") == 9


def test_useradd_makes_a_home_of_the_skeleton() -> None:
    box = Toolbox({**ACCOUNTS, "etc/skel/.profile": "x", "etc/subuid": ""}, commands=COMMANDS)
    assert box.line("useradd -m app") == 0
    assert box.stat("/home/app") == "0755 app:app"
    assert box.stat("/home/app/.profile") == "0644 app:app"
    assert box.text("/etc/subuid") == "app:100000:65536\n"


def test_users_and_groups_go() -> None:
    box = toolbox()
    box.line("adduser --system --group app")
    box.line("adduser app adm")
    assert box.line("deluser --system app") == 0
    assert (box.text("/etc/passwd"), box.text("/etc/group")) == (PASSWD, GROUP)
    assert box.line("deluser --system app") == 0
    assert box.line("userdel app") == 6
    assert box.line("delgroup www-data") == 7


def test_a_user_is_changed() -> None:
    box = toolbox()
    assert box.line("usermod -d /x -s /bin/sh -g adm -L www-data") == 0
    assert box.text("/etc/passwd").endswith("www-data:x:33:4:www-data:/x:/bin/sh\n")
    assert "www-data:!*:::::::\n" in box.text("/etc/shadow")
    assert box.line("chsh -s /bin/zsh www-data") == 0
    assert box.text("/etc/passwd").endswith(":/bin/zsh\n")
    assert box.line("usermod -d /x nobody") == 6


def test_shadow_files_of_a_system_without_them() -> None:
    box = Toolbox({"etc/passwd": PASSWD, "etc/group": GROUP}, commands=COMMANDS)
    assert box.line("adduser --system app") == 0
    assert box.stat("/etc/shadow") == "0640 root:shadow"
    assert box.stat("/etc/passwd") == "0644 root:root"


@pytest.mark.parametrize(
    "command",
    [
        "adduser --gecos x person",
        "adduser --system --conf x app",
        "useradd -e 2030-01-01 app",
        "usermod -l new root",
        "passwd root",
    ],
)
def test_what_is_not_exact_is_not_understood(command: str) -> None:
    with pytest.raises(NotUnderstoodError):
        toolbox().line(command)


GIVEN = IdMap({"app": 500, "kept": 100}, {"kept": 101, "data": 600})


@pytest.mark.parametrize(
    ("lines", "user", "groups"),
    [
        (["adduser --system --group app"], "app:x:500:500:", ["app:x:500:"]),
        (["adduser --system --group --uid 321 app"], "app:x:500:500:", ["app:x:500:"]),
        (["addgroup --system data", "adduser --system --ingroup data app"], "app:x:500:600:", ["data:x:600:"]),
        (["addgroup --system --gid 321 data", "useradd -r -g data app"], "app:x:500:600:", ["data:x:600:"]),
        (["useradd -r app"], "app:x:500:500:", ["app:x:500:"]),
        (["useradd -r -u 321 app"], "app:x:500:500:", ["app:x:500:"]),
        (["groupadd -r app", "useradd -r -g app app"], "app:x:500:500:", ["app:x:500:"]),
        (["groupadd -g 321 data", "useradd -g data app"], "app:x:500:600:", ["data:x:600:"]),
        # Others keep off the numbers that are given to somebody.
        (["adduser --system --group other"], "other:x:101:102:", ["other:x:102:"]),
    ],
)
def test_given_numbers(lines: list[str], user: str, groups: list[str]) -> None:
    box = toolbox()
    box.session.ids = GIVEN
    assert [box.line(line) for line in lines] == [0] * len(lines)
    assert added(box, "/etc/passwd", PASSWD).startswith(user)
    assert added(box, "/etc/group", GROUP).splitlines() == groups


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("adduser --system --uid 100 other", "The UID 100 is already in use."),
        ("addgroup --system --gid 600 other", "The GID `600' is already in use."),
        ("useradd -r -u 100 other", "UID 100 is not unique"),
        ("groupadd -g 600 other", "GID '600' already exists"),
    ],
)
def test_numbers_that_are_given_to_others_are_in_use(line: str, complaint: str) -> None:
    box = toolbox()
    box.session.ids = GIVEN
    assert box.line(line) != 0
    assert complaint in box.errors
