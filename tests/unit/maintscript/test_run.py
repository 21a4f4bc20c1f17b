"""Packages are configured: order, environment, all or nothing, policies, and what the report says."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pkg2image.deb.facts import FetchedDeb
from pkg2image.errors import ScriptError
from pkg2image.maintscript.overrides import NONE, parse_overrides
from pkg2image.maintscript.report import Disposition, PackageReport, ScriptReport
from pkg2image.maintscript.run import find_diversions, read_diversions, run_scripts
from pkg2image.rootfs.diversions import Diversion
from pkg2image.rootfs.skeleton import skeleton
from pkg2image.rootfs.tree import Tree
from pkg2image.rootfs.unpack import unpack
from tests.support.debs import FileSpec, reg
from tests.support.trees import Shelf, base_debs, dump_tree

EPOCH = 1_700_000_000


class Image:
    """A few packages with scripts, unpacked over a skeleton."""

    def __init__(self) -> None:
        self.shelf = Shelf()
        self.debs: list[FetchedDeb] = []

    def add(self, name: str, *entries: FileSpec, **scripts: str) -> Image:
        files = {key: f"#!/bin/sh\nset -e\n{text}".encode() for key, text in scripts.items()}
        return self.add_raw(name, *entries, files=files)

    def add_raw(self, name: str, *entries: FileSpec, files: Mapping[str, bytes]) -> Image:
        self.debs.append(self.shelf.deb(name, *entries, control_files=files))
        return self

    def bare(self) -> Tree:
        return skeleton(base_debs(self.shelf), read=self.shelf.read, epoch=EPOCH)

    def tree(self) -> Tree:
        return unpack(self.bare(), self.debs)

    def run(self, **options: object) -> tuple[Tree, ScriptReport]:
        arguments = {"overrides": NONE, "architecture": "amd64", **options}
        return run_scripts(self.tree(), self.debs, read=self.shelf.read, epoch=EPOCH, **arguments)  # type: ignore[arg-type]

    def text(self, tree: Tree, path: str) -> str:
        entry = tree.lookup(path)
        assert entry is not None, path
        assert entry.content is not None, path
        return self.shelf.read(entry.content).decode()


def only(report: ScriptReport) -> PackageReport:
    (item,) = report.packages
    return item


def test_what_a_script_makes_is_kept_and_says_who_made_it() -> None:
    tree, report = Image().add("app", postinst="mkdir /srv/app\nchmod 0750 /srv/app\n").run()
    assert dump_tree(tree)["srv/app"] == "directory 0750 root:root [app postinst:3]"
    item = only(report)
    assert (item.disposition, item.scripts) == (Disposition.INTERPRETED, ("postinst",))
    assert [(change.path, change.action, change.by) for change in item.changes] == [("srv/app", "made", "postinst:3")]


def test_what_a_script_changes_stays_the_packages() -> None:
    image = Image().add("app", reg("etc/app.conf", b"x"), postinst="chmod 0640 /etc/app.conf\n")
    tree, report = image.run()
    assert dump_tree(tree)["etc/app.conf"] == "file 0640 root:root app 1"
    assert [(change.path, change.action) for change in only(report).changes] == [("etc/app.conf", "changed")]


def test_the_tree_that_was_given_stays() -> None:
    image = Image().add("app", postinst="rm -rf /etc\n")
    tree = image.tree()
    before = dump_tree(tree)
    run_scripts(tree, image.debs, read=image.shelf.read, epoch=EPOCH, architecture="amd64")
    assert dump_tree(tree) == before


@pytest.mark.parametrize(
    ("scripts", "disposition"),
    [
        ({}, Disposition.NO_SCRIPT),
        ({"prerm": "foo"}, Disposition.NO_SCRIPT),
        ({"postinst": "exit 0"}, Disposition.NO_EFFECT),
        ({"postinst": 'if [ "$1" = triggered ]; then nobody-knows; fi'}, Disposition.NO_EFFECT),
        ({"preinst": "mkdir /srv/x", "postinst": "rmdir /srv/x"}, Disposition.INTERPRETED),
        ({"postinst": "mkdir /srv/x; rmdir /srv/x"}, Disposition.NO_EFFECT),
        ({"postinst": "nobody-knows"}, Disposition.NOT_UNDERSTOOD),
        ({"postinst": "exit 3"}, Disposition.NOT_UNDERSTOOD),
        ({"postinst": "mkdir /srv/x; false"}, Disposition.NOT_UNDERSTOOD),
    ],
)
def test_dispositions(scripts: dict[str, str], disposition: Disposition) -> None:
    _, report = Image().add("app", **scripts).run()
    expected = Disposition.NO_EFFECT if disposition is Disposition.INTERPRETED else disposition
    assert only(report).disposition is expected


def test_scripts_run_in_the_order_and_with_the_words_of_a_first_installation() -> None:
    line = 'echo "$0 $# $1 [$2] $DPKG_MAINTSCRIPT_NAME $DPKG_MAINTSCRIPT_PACKAGE" >> /srv/log\n'
    image = Image().add("app", preinst=line, config=line, postinst=line, prerm=line, postrm=line)
    tree, _ = image.run()
    assert image.text(tree, "srv/log").splitlines() == [
        "/var/lib/dpkg/info/app.preinst 1 install [] preinst app",
        "/var/lib/dpkg/info/app.config 2 configure [] config app",
        "/var/lib/dpkg/info/app.postinst 2 configure [] postinst app",
    ]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DPKG_MAINTSCRIPT_ARCH", "all"),
        ("DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT", "1"),
        ("DPKG_ROOT", ""),
        ("DPKG_ADMINDIR", "/var/lib/dpkg"),
        ("DEBIAN_FRONTEND", "noninteractive"),
        ("HOME", "/root"),
        ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        ("LC_ALL", "C.UTF-8"),
    ],
)
def test_the_environment_is_dpkgs(variable: str, value: str) -> None:
    image = Image().add("app", postinst=f'printf %s "${{{variable}-unset}}" > /srv/value\n')
    tree, _ = image.run()
    assert image.text(tree, "srv/value") == value


def test_a_package_sees_what_those_before_it_did() -> None:
    image = Image().add("first", postinst="touch /srv/first\n")
    image.add("second", postinst="test -e /srv/first\ntouch /srv/second\n")
    tree, report = image.run()
    assert {"srv/first", "srv/second"} <= set(dump_tree(tree))
    assert report.counts == {"interpreted": 2}


@pytest.mark.parametrize("end", ["nobody-knows --at-all", "exit 1"])
def test_a_package_counts_all_or_not_at_all(end: str) -> None:
    image = Image().add("first", postinst="touch /srv/first\n")
    image.add("odd", preinst="touch /srv/preinst; rm /srv/first\n", postinst=f"touch /srv/postinst\n{end}\n")
    image.add("last", postinst="touch /srv/last\n")
    tree, report = image.run()
    assert {path for path in dump_tree(tree) if path.startswith("srv/")} == {"srv/first", "srv/last"}
    assert [item.package for item in report.not_understood] == ["odd"]
    assert report.packages[1].changes == ()


def test_a_problem_names_script_line_and_reason() -> None:
    _, report = Image().add("app", postinst="\n\nnobody-knows --at-all\n").run()
    problem = only(report).problem
    assert problem is not None
    assert (problem.script, problem.line) == ("postinst", 5)
    assert "nobody-knows" in problem.reason


def test_a_failure_names_the_status() -> None:
    _, report = Image().add("app", config="exit 7\n").run()
    problem = only(report).problem
    assert problem is not None
    assert (problem.script, problem.reason) == ("config", "exited with 7")


def test_strict_fails_and_says_why() -> None:
    image = Image().add("app", postinst="nobody-knows\n")
    with pytest.raises(ScriptError, match=r"cannot configure app: line 3 of its postinst: .*nobody-knows") as caught:
        image.run(policy="strict")
    assert (caught.value.package, caught.value.script, caught.value.line) == ("app", "postinst", 3)
    assert caught.value.exit_code == 7
    assert caught.value.hint


def test_strict_goes_on_when_all_is_well() -> None:
    tree, report = Image().add("app", postinst="touch /srv/x\n").run(policy="strict")
    assert "srv/x" in tree
    assert report.policy == "strict"


def test_none_does_not_look_at_scripts() -> None:
    image = Image().add("app", postinst="touch /srv/x\n")
    tree, report = image.run(policy="none")
    assert dump_tree(tree) == dump_tree(image.tree())
    assert report == ScriptReport("none")


def test_scripts_of_packages_that_are_there_in_part_are_not_run() -> None:
    tree, report = Image().add("app", postinst="touch /srv/x\n").run(partial={"app"})
    assert "srv/x" not in tree
    assert report.packages == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"#!/usr/bin/perl -w\nprint 1;\n", "a script of /usr/bin/perl -w"),
        (b"\x7fELF\x02\x01\x01\0\0", "no script"),
        (b"mkdir /srv/x\n", "no script"),
        (b"", "no script"),
        (b"#!/bin/sh\necho \0\n", "zero bytes"),
        (b"#!/bin/sh -n\n", "called with -n"),
        (b"#!/bin/sh\nif true; then\n", ""),
    ],
)
def test_what_is_no_shell_script_is_not_understood(text: bytes, reason: str) -> None:
    _, report = Image().add_raw("app", files={"postinst": text}).run()
    problem = only(report).problem
    assert problem is not None
    assert reason in problem.reason


@pytest.mark.parametrize(
    "first", ["#!/bin/sh -e", "#! /bin/sh -eu", "#!/bin/dash -e", "#!/bin/bash -e", "#!/usr/bin/sh -e"]
)
def test_options_of_the_first_line_count(first: str) -> None:
    _, report = Image().add_raw("app", files={"postinst": f"{first}\nfalse\ntouch /srv/x\n".encode()}).run()
    problem = only(report).problem
    assert problem is not None
    assert problem.reason == "exited with 1"


OVERRIDES = parse_overrides(
    """
- {packages: [skipped], scripts: [postinst], because: no host, why: there is no host in an image}
- {packages: [served], commands: [initdb], because: first start, why: data belong to a volume of the service}
- {packages: [checks], commands: [df, /opt/check], prints: "9999\n", because: no effect, why: disks are those of a host}
- {packages: [secret], commands: [gen], makes: [/srv/key], because: first start, why: keys belong to one installation}
""",
    origin="test",
)


def test_an_override_skips_a_script_and_the_others_run() -> None:
    image = Image().add("skipped", preinst="touch /srv/preinst\n", postinst="nobody-knows\n")
    tree, report = image.run(overrides=OVERRIDES)
    assert "srv/preinst" in tree
    item = only(report)
    assert item.disposition is Disposition.OVERRIDDEN
    assert [(rule.what, rule.because) for rule in item.overrides] == [("postinst", "no host")]


def test_an_override_lets_a_command_count_as_done() -> None:
    image = Image().add("served", postinst="initdb /var/lib/db\ntouch /srv/after\n")
    tree, report = image.run(overrides=OVERRIDES)
    assert "srv/after" in tree
    item = only(report)
    assert item.disposition is Disposition.OVERRIDDEN
    assert [(rule.what, rule.because) for rule in item.overrides] == [("initdb", "first start")]


def test_a_rule_that_was_not_needed_is_not_told() -> None:
    _, report = Image().add("served", postinst="touch /srv/x\n").run(overrides=OVERRIDES)
    assert only(report).disposition is Disposition.INTERPRETED


def test_what_has_no_effect_is_counted_and_may_say_something() -> None:
    image = Image().add("checks", postinst='test "$(df /srv)" -gt 1\n/opt/check\ntouch /srv/x\n')
    tree, report = image.run(overrides=OVERRIDES)
    assert "srv/x" in tree
    item = only(report)
    assert (item.disposition, item.overrides) == (Disposition.INTERPRETED, ())
    assert [(noop.command, noop.by) for noop in item.noops] == [("df /srv", "postinst:3"), ("check", "postinst:4")]


GENERATE = "gen\ntest -e /srv/key\ntest ! -s /srv/key\nchmod 0640 /srv/key\ntouch /srv/x\n"


def test_what_is_withheld_is_there_for_the_script_and_not_in_the_image() -> None:
    image = Image().add("secret", postinst=GENERATE).add("later", postinst="test ! -e /srv/key\n")
    tree, report = image.run(overrides=OVERRIDES)
    assert "srv/x" in tree
    assert "srv/key" not in tree
    assert report.not_understood == ()
    assert [(item.what, item.by) for item in report.packages[0].withheld] == [("/srv/key", "postinst:3")]
    assert "srv/key" not in {change.path for change in report.packages[0].changes}


def test_keys_that_programs_make_are_withheld_too() -> None:
    making = "mkdir /srv/ssh\nssh-keygen -q -f /srv/ssh/key -N ''\nchmod 0600 /srv/ssh/key\n"
    tree, report = Image().add("app", postinst=making).run()
    assert "srv/ssh" in tree
    assert "srv/ssh/key" not in tree
    assert [item.what for item in only(report).withheld] == ["/srv/ssh/key"]


def test_a_key_that_is_shipped_stays() -> None:
    image = Image().add("app", reg("srv/key", b"demo"), postinst="ssh-keygen -q -f /srv/key -N ''\n")
    tree, _ = image.run()
    assert image.text(tree, "srv/key") == "demo"


def test_declared_users_are_there_when_a_script_asks_for_them() -> None:
    image = Image().add(
        "app",
        reg("usr/lib/sysusers.d/app.conf", b'u app - "An app" /srv\n'),
        postinst="systemd-sysusers app.conf\nmkdir /srv/app\nchown app:app /srv/app\n",
    )
    tree, report = image.run()
    assert report.not_understood == ()
    assert dump_tree(tree)["srv/app"] == "directory 0755 app:app [app postinst:4]"
    assert "app:x:" in image.text(tree, "etc/passwd")


def test_questions_can_be_asked_without_the_library_of_debconf() -> None:
    asking = ASKING.replace(b". /usr/share", b"test ! -e /usr/share")
    image = Image().add_raw("app", files={"templates": TEMPLATES, "postinst": asking})
    tree, _ = image.run()
    assert image.text(tree, "srv/port") == "80\n"


TEMPLATES = b"Template: app/port\nType: string\nDefault: 80\nDescription: port\n"
ASKING = b"#!/bin/sh\nset -e\n. /usr/share/debconf/confmodule\ndb_get app/port\necho $RET > /srv/port\n"


@pytest.mark.parametrize(("preseed", "answer"), [({}, "80"), ({"app/port": "8080"}, "8080")])
def test_questions_have_the_default_or_the_given_answer(preseed: dict[str, str], answer: str) -> None:
    image = Image().add_raw("app", files={"templates": TEMPLATES, "postinst": ASKING})
    tree, _ = image.run(preseed=preseed)
    assert image.text(tree, "srv/port") == f"{answer}\n"


def test_answers_of_a_package_that_is_rolled_back_are_forgotten() -> None:
    image = Image().add_raw("app", files={"templates": TEMPLATES})
    setting = b"#!/bin/sh\n. /usr/share/debconf/confmodule\ndb_set app/port 1\nexit 1\n"
    image.add_raw("odd", files={"postinst": setting}).add_raw("asks", files={"postinst": ASKING})
    tree, report = image.run()
    assert [item.package for item in report.not_understood] == ["odd"]
    assert image.text(tree, "srv/port") == "80\n"


def test_templates_that_are_none_are_the_packages_problem() -> None:
    image = Image().add_raw("app", files={"templates": b"junk", "postinst": b"#!/bin/sh\n"})
    _, report = image.add("fine", postinst="touch /srv/x\n").run()
    assert [item.package for item in report.not_understood] == ["app"]


DIVERTING = "dpkg-divert --package app --add --rename --divert /usr/bin/tool.real /usr/bin/tool\n"


def test_diversions_are_known_before_unpacking() -> None:
    image = Image().add("app", reg("usr/bin/tool", b"app"), preinst=DIVERTING)
    image.add("other", reg("usr/bin/tool", b"other"))
    bare = image.bare()
    found = find_diversions(bare, image.debs, read=image.shelf.read, epoch=EPOCH, architecture="amd64")
    assert found == (Diversion("app", "usr/bin/tool", "usr/bin/tool.real"),)
    tree, report = run_scripts(
        unpack(bare, image.debs, diversions=found),
        image.debs,
        read=image.shelf.read,
        epoch=EPOCH,
        architecture="amd64",
        diversions=found,
    )
    assert report.not_understood == ()
    assert (image.text(tree, "usr/bin/tool"), image.text(tree, "usr/bin/tool.real")) == ("app", "other")
    assert read_diversions(tree, image.shelf.read) == found


def test_without_diverting_scripts_there_are_no_diversions() -> None:
    image = Image().add("app", preinst="touch /srv/x\n")
    assert find_diversions(image.bare(), image.debs, read=image.shelf.read, epoch=EPOCH, architecture="amd64") == ()


def test_two_runs_give_the_same() -> None:
    image = Image().add("app", postinst="mktemp -d\nfor x in a b c; do echo $x > /srv/$x; done\n")
    first, second = image.run(), image.run()
    assert dump_tree(first[0]) == dump_tree(second[0])
    assert first[1] == second[1]
