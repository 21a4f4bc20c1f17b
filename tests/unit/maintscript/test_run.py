"""Packages are installed: order, environment, all or nothing, policies, and what the report says."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pkg2image.deb.facts import FetchedDeb
from pkg2image.errors import ScriptError
from pkg2image.idmap import IdMap
from pkg2image.maintscript.overrides import NONE, parse_overrides
from pkg2image.maintscript.report import Disposition, PackageReport, ScriptReport
from pkg2image.maintscript.run import install_packages
from pkg2image.rootfs.diversions import Diversion, read_diversions
from pkg2image.rootfs.skeleton import skeleton
from pkg2image.rootfs.tree import Tree
from pkg2image.rootfs.unpack import unpack
from pkg2image.rootfs.users import identities
from tests.support.debs import FileSpec, reg
from tests.support.trees import Shelf, base_debs, dump_tree

EPOCH = 1_700_000_000


def shell(text: str) -> bytes:
    return f"#!/bin/sh\nset -e\n{text}".encode()


class Image:
    """A few packages with scripts, and the skeleton that they are installed over."""

    def __init__(self) -> None:
        self.shelf = Shelf()
        self.debs: list[FetchedDeb] = []

    def add(self, name: str, *entries: FileSpec, **scripts: str) -> Image:
        return self.add_raw(name, *entries, files={key: shell(text) for key, text in scripts.items()})

    def add_raw(
        self, name: str, *entries: FileSpec, files: Mapping[str, bytes], fields: Mapping[str, str] | None = None
    ) -> Image:
        self.debs.append(self.shelf.deb(name, *entries, fields=fields, control_files=files))
        return self

    def bare(self) -> Tree:
        return skeleton(base_debs(self.shelf), read=self.shelf.read, epoch=EPOCH)

    def tree(self) -> Tree:
        return unpack(self.bare(), self.debs)

    def run(self, **options: object) -> tuple[Tree, ScriptReport]:
        arguments = {"overrides": NONE, "architecture": "amd64", **options}
        return install_packages(self.bare(), self.debs, read=self.shelf.read, epoch=EPOCH, **arguments)  # type: ignore[arg-type]

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


def test_every_change_says_which_line_made_it() -> None:
    image = Image().add(
        "app",
        reg("etc/app.conf", b"x"),
        reg("etc/old/a", b""),
        preinst="\nmkdir /srv/app\n",
        postinst="chmod 0640 /etc/app.conf\nchgrp mail /srv/app\nrm -r /etc/old\n",
    )
    _, report = image.run()
    assert [f"{change.path} {change.action} by {change.by}" for change in only(report).changes] == [
        "etc/app.conf changed by postinst:3",
        "etc/old removed by postinst:5",
        "etc/old/a removed by postinst:5",
        "srv/app made by preinst:4",
    ]


def test_accounts_get_the_numbers_that_are_given() -> None:
    image = Image().add("app", postinst="adduser --system --group app\nid -u app > /srv/uid\n")
    image.add("web", postinst="adduser --system --group web\n")
    tree, report = image.run(ids=IdMap({"web": 100, "app": 500}))
    assert not report.not_understood
    known = identities(tree, image.shelf.read)
    assert (known.users["app"], known.groups["app"], known.users["web"], known.groups["web"]) == (500, 500, 100, 101)
    assert image.text(tree, "srv/uid") == "500\n"


def test_the_tree_that_was_given_stays() -> None:
    image = Image().add("app", postinst="rm -rf /etc\n")
    tree = image.bare()
    before = dump_tree(tree)
    install_packages(tree, image.debs, read=image.shelf.read, epoch=EPOCH, architecture="amd64")
    assert dump_tree(tree) == before


@pytest.mark.parametrize(
    ("scripts", "disposition"),
    [
        ({}, Disposition.NO_SCRIPT),
        ({"prerm": "foo"}, Disposition.NO_SCRIPT),
        ({"postinst": "exit 0"}, Disposition.NO_EFFECT),
        ({"postinst": 'if [ "$1" = triggered ]; then nobody-knows; fi'}, Disposition.NO_EFFECT),
        ({"preinst": "mkdir /srv/x", "postinst": "exit 0"}, Disposition.INTERPRETED),
        ({"preinst": "mkdir /srv/x", "postinst": "rmdir /srv/x"}, Disposition.NO_EFFECT),
        ({"postinst": "mkdir /srv/x; rmdir /srv/x"}, Disposition.NO_EFFECT),
        ({"postinst": "nobody-knows"}, Disposition.NOT_UNDERSTOOD),
        ({"postinst": "exit 3"}, Disposition.NOT_UNDERSTOOD),
        ({"postinst": "mkdir /srv/x; false"}, Disposition.NOT_UNDERSTOOD),
    ],
)
def test_dispositions(scripts: dict[str, str], disposition: Disposition) -> None:
    _, report = Image().add("app", **scripts).run()
    assert only(report).disposition is disposition


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
- {packages: [asks], commands: [su], status: 1, because: no effect, why: the answer is known}
- {packages: [secret], commands: [gen], makes: [/srv/key], because: first start, why: keys belong to one installation}
- {packages: [password], commands: [gen], withholds: [/srv/conf], because: first start, why: the password is in it}
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


def test_a_command_that_is_not_run_may_have_failed() -> None:
    tree, _ = Image().add("asks", postinst="su svc -c true || touch /srv/x\n").run(overrides=OVERRIDES)
    assert "srv/x" in tree


GENERATE = "gen\ntest -e /srv/key\ntest ! -s /srv/key\nchmod 0640 /srv/key\ntouch /srv/x\n"


def test_what_is_withheld_is_there_for_the_script_and_not_in_the_image() -> None:
    image = Image().add("secret", postinst=GENERATE).add("later", postinst="test ! -e /srv/key\n")
    tree, report = image.run(overrides=OVERRIDES)
    assert "srv/x" in tree
    assert "srv/key" not in tree
    assert report.not_understood == ()
    assert [(item.what, item.by) for item in report.packages[0].withheld] == [("/srv/key", "postinst:3")]
    assert "srv/key" not in {change.path for change in report.packages[0].changes}


def test_what_a_script_makes_of_a_secret_is_withheld() -> None:
    making = 'gen() { exit 1; }\npassword=$(gen)$(gen)\ntest ! -e /srv/conf\necho "$password" > /srv/conf\n'
    tree, report = Image().add("password", postinst=f"{making}touch /srv/x\n").run(overrides=OVERRIDES)
    assert report.not_understood == ()
    assert "srv/x" in tree
    assert "srv/conf" not in tree
    assert [(item.what, item.why) for item in only(report).withheld] == [("/srv/conf", "the password is in it")]


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


@pytest.mark.parametrize("order", ["other first", "other last"])
def test_a_preinst_diverts_files_of_packages_before_and_after(order: str) -> None:
    image = Image()
    if order == "other first":
        image.add("other", reg("usr/bin/tool", b"other"))
    image.add("app", reg("usr/bin/tool", b"app"), preinst=DIVERTING)
    if order == "other last":
        image.add("other", reg("usr/bin/tool", b"other"))
    tree, report = image.run()
    assert report.not_understood == ()
    assert (image.text(tree, "usr/bin/tool"), image.text(tree, "usr/bin/tool.real")) == ("app", "other")
    assert (tree["usr/bin/tool"].package, tree["usr/bin/tool.real"].package) == ("app", "other")
    assert read_diversions(tree, image.shelf.read) == (Diversion("app", "usr/bin/tool", "usr/bin/tool.real"),)


def test_what_a_postinst_diverts_goes_elsewhere_at_once() -> None:
    image = Image().add("other", reg("usr/bin/tool", b"other"))
    tree, report = image.add("app", postinst=f"{DIVERTING}echo app > /usr/bin/tool\n").run()
    assert report.not_understood == ()
    assert (image.text(tree, "usr/bin/tool"), image.text(tree, "usr/bin/tool.real")) == ("app\n", "other")
    assert tree["usr/bin/tool.real"].package == "other"


def test_a_preinst_comes_before_the_files_of_its_package_and_a_postinst_after_all() -> None:
    def look(name: str) -> str:
        return f"cd /opt; echo {name}: * >> /srv/log\n"

    image = Image().add("first", reg("opt/first"), preinst=look("preinst 1"), postinst=look("postinst 1"))
    image.add("second", reg("opt/second"), preinst=look("preinst 2"), postinst=look("postinst 2"))
    tree, _ = image.run()
    assert image.text(tree, "srv/log").splitlines() == [
        "preinst 1: *",
        "preinst 2: first",
        "postinst 1: first second",
        "postinst 2: first second",
    ]


def test_a_preinst_knows_only_packages_that_are_there() -> None:
    asking = "if dpkg-query -W second; then touch /srv/$DPKG_MAINTSCRIPT_NAME; fi\n"
    image = Image().add("first", preinst=asking, postinst=asking).add("second")
    tree, _ = image.run()
    assert {path for path in dump_tree(tree) if path.startswith("srv/")} == {"srv/postinst"}


def test_a_preinst_finds_its_pre_dependencies_configured() -> None:
    image = Image().add("deep", postinst="touch /srv/deep\n").add("aside", postinst="touch /srv/aside\n")
    making = {"postinst": shell("test -e /srv/deep\ntouch /srv/needed\n")}
    image.add_raw("needed", fields={"Depends": "deep"}, files=making)
    looking = {"preinst": shell("test -e /srv/needed; test ! -e /srv/aside; touch /srv/app\n")}
    image.add_raw("app", fields={"Pre-Depends": "needed", "Depends": "aside"}, files=looking)
    _, report = image.run()
    assert report.not_understood == ()
    assert [item.package for item in report.packages] == ["deep", "needed", "aside", "app"]


def test_each_architecture_of_a_package_is_configured() -> None:
    line = shell('echo "$DPKG_MAINTSCRIPT_NAME $DPKG_MAINTSCRIPT_ARCH" >> /srv/log\n')
    image = Image()
    for architecture in ("amd64", "i386"):
        image.add_raw(f"app 1 {architecture}", fields={"Multi-Arch": "same"}, files={"preinst": line, "postinst": line})
    tree, report = image.run()
    assert image.text(tree, "srv/log").splitlines() == [
        *("preinst amd64", "preinst i386", "postinst amd64", "postinst i386"),
    ]
    assert len(report.packages) == 2


def test_an_account_of_a_preinst_owns_files_that_are_unpacked() -> None:
    def owned(path: str) -> FileSpec:
        return reg(path, user="app", group="app", uid=990, gid=991)

    image = Image().add("before", owned("opt/before"))
    image.add("app", owned("opt/app"), preinst="adduser --system --group --no-create-home app\n")
    tree, report = image.add("after", owned("opt/after")).run()
    assert report.not_understood == ()
    owners = {path: (tree[path].user, tree[path].group) for path in ("opt/before", "opt/app", "opt/after")}
    assert owners == {"opt/before": ("990", "991"), "opt/app": ("app", "app"), "opt/after": ("app", "app")}


def test_an_override_that_a_preinst_sets_counts_when_files_are_unpacked() -> None:
    setting = "dpkg-statoverride --add root mail 2751 /usr/bin/app\n"
    tree, _ = Image().add("app", reg("usr/bin/app"), preinst=setting).run()
    assert dump_tree(tree)["usr/bin/app"] == "file 2751 root:mail app 0"


def test_what_a_preinst_made_and_the_package_brings_is_the_packages() -> None:
    image = Image().add("app", reg("etc/app", b"new"), preinst="echo old > /etc/app\ntouch /etc/more\n")
    tree, report = image.run()
    assert (image.text(tree, "etc/app"), tree["etc/app"].package) == ("new", "app")
    assert [change.path for change in only(report).changes] == ["etc/more"]


@pytest.mark.parametrize("end", ["nobody-knows --at-all", "exit 1"])
def test_a_preinst_that_fails_leaves_nothing_and_ends_the_scripts(end: str) -> None:
    image = Image().add("app", reg("opt/app"), preinst=f"touch /srv/x\n{end}\n", postinst="touch /srv/y\n")
    tree, report = image.run()
    assert not {"srv/x", "srv/y"} & set(dump_tree(tree))
    assert "opt/app" in tree
    problem = only(report).problem
    assert problem is not None
    assert problem.script == "preinst"


def test_a_postinst_that_fails_takes_its_preinst_back_and_what_followed_from_it() -> None:
    image = Image().add("other", reg("usr/bin/tool", b"other"))
    image.add("odd", preinst=f"{DIVERTING.replace('app', 'odd')}touch /srv/odd\n", postinst="echo lost\nexit 1\n")
    image.add("next", preinst="test -e /srv/odd && touch /srv/seen\n:\n", postinst="touch /srv/next\n")
    tree, report = image.run()
    assert {path for path in dump_tree(tree) if path.startswith("srv/")} == {"srv/next"}
    assert image.text(tree, "usr/bin/tool") == "other"
    assert read_diversions(tree, image.shelf.read) == ()
    assert [item.package for item in report.packages] == ["other", "odd", "next"]
    assert [str(item.problem) for item in report.not_understood] == ["postinst: exited with 1"]


def test_what_fails_because_another_was_taken_back_is_taken_back_too() -> None:
    image = Image().add("odd", preinst="touch /srv/odd\n", postinst="nobody-knows\n")
    image.add("next", preinst="touch /srv/next\n", postinst="test -e /srv/odd\n")
    image.add("last", postinst="touch /srv/last\n")
    tree, report = image.run()
    assert {path for path in dump_tree(tree) if path.startswith("srv/")} == {"srv/last"}
    assert [item.package for item in report.not_understood] == ["odd", "next"]


def test_answers_of_a_preinst_are_forgotten_with_it() -> None:
    setting = b"#!/bin/sh\n. /usr/share/debconf/confmodule\ndb_set app/port 1\n"
    image = Image().add_raw("app", files={"templates": TEMPLATES})
    image.add_raw("odd", files={"preinst": setting, "postinst": b"#!/bin/sh\nexit 1\n"})
    tree, _ = image.add_raw("asks", files={"postinst": ASKING}).run()
    assert image.text(tree, "srv/port") == "80\n"


def test_strict_ends_with_a_preinst_that_is_not_understood() -> None:
    image = Image().add("app", preinst="nobody-knows\n").add("next", postinst="nobody-knows-this-either\n")
    with pytest.raises(ScriptError, match="line 3 of its preinst"):
        image.run(policy="strict")


def test_two_runs_give_the_same() -> None:
    image = Image().add("app", postinst="mktemp -d\nfor x in a b c; do echo $x > /srv/$x; done\n")
    first, second = image.run(), image.run()
    assert dump_tree(first[0]) == dump_tree(second[0])
    assert first[1] == second[1]
