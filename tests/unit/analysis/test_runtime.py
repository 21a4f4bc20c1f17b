"""What is started in an image when nobody says so, and how that is explained."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pkg2image.analysis.runtime import PATH, Inferred, explained, infer, provide
from pkg2image.image.config import ImageConfig, Port
from pkg2image.rootfs.tree import Entry, Kind
from tests.support.debs import reg
from tests.support.services import UNITS, folder, inferred, link, program, read, service_tree, text
from tests.support.trees import Shelf

DAEMON = {"usr/sbin/hello": program()}
INSTALLED = "\n[Install]\nWantedBy=multi-user.target\n"


def service(body: str, name: str = "hello.service", package: str = "hello") -> dict[str, Entry | str]:
    """Return a program and a unit that is installed."""
    return {**DAEMON, f"{UNITS}/{name}": text(f"[Service]\n{body}{INSTALLED}", package)}


@pytest.mark.parametrize(
    ("entries", "entrypoint"),
    [
        ({"usr/bin/hello": program()}, ("/usr/bin/hello",)),
        ({"usr/sbin/hello": program()}, ("/usr/sbin/hello",)),
        ({"usr/games/hello": program()}, ("/usr/games/hello",)),
        ({f"usr/{name}/hello": program() for name in ("bin", "sbin")}, ("/usr/sbin/hello",)),
        ({"usr/bin/hello": link("hello-2"), "usr/bin/hello-2": program()}, ("/usr/bin/hello",)),
        ({"usr/bin/Hello": program(), "usr/bin/x": program()}, ("/usr/bin/Hello",)),
        ({"usr/bin/hello.tiny": program()}, ("/usr/bin/hello.tiny",)),
        ({"usr/bin/hello.tiny": program(), "usr/sbin/update-hello": program()}, ("/usr/bin/hello.tiny",)),
        ({"usr/bin/other": program()}, ()),
        ({"usr/bin/hellod": program()}, ("/usr/bin/hellod",)),
        ({"usr/bin/hello": link("nowhere")}, ()),
        ({"usr/bin/hello": text("")}, ()),
        ({"usr/bin/hello": folder()}, ()),
        ({"usr/bin/hello.a": program(), "usr/bin/hello.b": program()}, ()),
        ({"usr/bin/hello.tiny": program("other")}, ()),
        ({"opt/hello": program()}, ()),
        ({}, ()),
    ],
    ids=str,
)
def test_a_tool_is_its_program(entries: dict[str, Entry], entrypoint: tuple[str, ...]) -> None:
    made = inferred(entries)
    assert made.config == ImageConfig(entrypoint=entrypoint, environment=(("PATH", PATH), ("LANG", "C.UTF-8")))
    assert bool(made.sources) == bool(entrypoint)
    said = " ".join(made.notes)
    assert ("starts" in said) == bool(entrypoint)
    assert ("--entrypoint" in said) == (not entrypoint)


@pytest.mark.parametrize(
    ("package", "programs", "entrypoint"),
    [
        ("php-cli", ["php", "phar"], "php"),
        ("golang-go", ["go", "gofmt"], "go"),
        ("python3-pip", ["pip", "pip3"], "pip"),
        ("openjdk-17-jre-headless", ["java", "keytool"], "java"),
        ("openssh-client", ["scp", "ssh"], "ssh"),
        ("vim-tiny", ["vi", "view", "vim.tiny"], "vim.tiny"),
        ("coreutils", ["ls", "cat"], None),
        ("gnupg2", ["gpg", "gpgconf"], "gpg"),
    ],
)
def test_a_tool_by_a_part_of_its_name(package: str, programs: list[str], entrypoint: str | None) -> None:
    made = inferred({f"usr/bin/{name}": program(package) for name in programs}, roots=[package])
    assert made.config.entrypoint == ((f"/usr/bin/{entrypoint}",) if entrypoint else ())


@pytest.mark.parametrize(
    ("package", "interpreter"), [("python3-hello", "python3"), ("libhello-perl", "perl"), ("ruby-hello", "ruby")]
)
def test_modules_are_started_by_their_interpreter(package: str, interpreter: str) -> None:
    entries: dict[str, Entry | str] = {f"usr/bin/{name}": program("others") for name in ("python3", "perl", "ruby")}
    entries |= {f"usr/bin/{name}": program(package) for name in ("a", "b")}
    assert inferred(entries, roots=[package]).config.entrypoint == (f"/usr/bin/{interpreter}",)


def test_an_alternative_belongs_to_whom_it_leads_to() -> None:
    entries = {
        "usr/bin/java": link("/etc/alternatives/java", ""),
        "etc/alternatives/java": link("/usr/lib/jvm/bin/java", ""),
        "usr/lib/jvm/bin/java": program("openjdk-17-jre-headless"),
    }
    assert inferred(entries, roots=["openjdk-17-jre-headless"]).config.entrypoint == ("/usr/bin/java",)


def test_a_service_with_everything() -> None:
    made = inferred(
        {
            **service(
                "Type=notify\nUser=hello\nGroup=friends\nWorkingDirectory=/var/lib/hello\nKillSignal=SIGINT\n"
                "Environment=MODE=quiet CONFIG=/etc/hello.conf\nEnvironmentFile=-/etc/default/hello\n"
                "RuntimeDirectory=hello\nRuntimeDirectoryMode=0750\nStateDirectory=hello\nPrivateTmp=yes\n"
                "ExecStart=/usr/sbin/hello -f ${CONFIG} $OPTS\nAmbientCapabilities=CAP_SYS_NICE CAP_NET_BIND_SERVICE"
            ),
            "etc/default/hello": "OPTS='-v --name %n'\n",
            "etc/hello.conf": "# port 1\nport 80\n",
            "var/lib/hello": folder("hello"),
        }
    )
    assert made.config == ImageConfig(
        entrypoint=("/usr/sbin/hello", "-f", "/etc/hello.conf", "-v", "--name", "%n"),
        environment=(("PATH", PATH), ("LANG", "C.UTF-8"), ("MODE", "quiet")),
        user="hello:friends",
        workdir="/var/lib/hello",
        ports=(Port(80),),
        volumes=("/var/lib/hello",),
        stop_signal="SIGINT",
    )
    assert made.chosen == "hello.service"
    assert [(each.path, each.user, each.group, each.mode) for each in made.directories] == [
        ("/run/hello", "hello", "friends", 0o750),
        ("/var/lib/hello", "hello", "friends", 0o755),
    ]
    unit = f"/{UNITS}/hello.service"
    assert made.sources == {
        "entrypoint": f"{unit}:13",
        "environment": f"{unit}:7",
        "user": f"{unit}:3",
        "workdir": f"{unit}:5",
        "ports": "/etc/hello.conf",
        "volumes": f"/var/lib/hello: {unit}:11",
        "stop_signal": f"{unit}:6",
    }
    said = " ".join(made.notes)
    assert "starts hello.service of hello" in said
    assert "--cap-add SYS_NICE" in said
    assert "--sysctl net.ipv4.ip_unprivileged_port_start=80" in said


@pytest.mark.parametrize(
    ("body", "user", "note"),
    [
        ("ExecStart=/usr/sbin/hello", "", None),
        ("ExecStart=/usr/sbin/hello\nUser=root", "", None),
        ("ExecStart=/usr/sbin/hello\nUser=hello", "hello", None),
        ("ExecStart=/usr/sbin/hello\nUser=hello\nGroup=hello", "hello", None),
        ("ExecStart=/usr/sbin/hello\nGroup=friends", "root:friends", None),
        ("ExecStart=/usr/sbin/hello\nUser=101", "101", None),
        ("ExecStart=!/usr/sbin/hello\nUser=hello", "", None),
        ("ExecStart=+/usr/sbin/hello\nUser=hello", "", None),
        ("ExecStart=/usr/sbin/hello\nUser=missing", "", "no user missing"),
        ("ExecStart=/usr/sbin/hello\nDynamicUser=yes", "nobody", None),
        ("ExecStart=/usr/sbin/hello\nDynamicUser=yes\nUser=made-up", "nobody", None),
        ("ExecStart=/usr/sbin/hello\nDynamicUser=yes\nUser=hello", "hello", None),
    ],
)
def test_who_runs_it(body: str, user: str, note: str | None) -> None:
    made = inferred(service(body))
    assert made.config.user == user
    assert note is None or note in " ".join(made.notes)


def test_a_prefix_of_the_command_leaves_the_directories_to_the_user() -> None:
    made = inferred(service("ExecStart=!/usr/sbin/hello\nUser=hello\nRuntimeDirectory=hello"))
    assert [(each.user, each.group) for each in made.directories] == [("hello", "hello")]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("Type=oneshot\nExecStart=/usr/sbin/hello", "Type=oneshot"),
        ("ExecStart=/usr/sbin/gone", "/usr/sbin/gone is not in the image"),
        ("ExecStart=/usr/sbin/hello --host %H", "%H has no value before a machine runs"),
        ("ExecStart=/usr/sbin/hello 'open", "a quote is not closed"),
        ("User=hello", "there is no command"),
        ("ExecStart=/usr/sbin/hello\n[Unit]\nConditionPathExists=/etc/hello.conf", "does not hold in the image"),
        ("ExecStart=/usr/sbin/hello\n[Unit]\nAssertPathExists=!/usr/sbin/hello", "does not hold in the image"),
        ("ExecStart=/usr/sbin/hello\n[Unit]\nConditionFileNotEmpty=/etc/empty", "does not hold in the image"),
    ],
)
def test_a_service_that_is_not_for_an_image_is_no_reason_to_fail(body: str, why: str) -> None:
    made = inferred({**service(body), "etc/empty": ""})
    assert made.chosen == ""
    assert made.config.entrypoint == ("/usr/sbin/hello",), "its program is still the tool of that name"
    (candidate,) = made.candidates
    assert why in candidate.why_not
    assert why in " ".join(made.notes)


@pytest.mark.parametrize(
    "condition",
    [
        "ConditionPathExists=/usr/sbin/hello",
        "ConditionPathExists=!/etc/not-there",
        "ConditionPathExists=/run/not-there",
        "ConditionPathExists=|/not-there",
        "ConditionPathExistsGlob=/etc/*.conf",
        "ConditionFileIsExecutable=/usr/sbin/hello",
        "ConditionPathIsDirectory=/usr",
        "ConditionPathExists=/%H",
        "ConditionVirtualization=!container",
    ],
)
def test_conditions_that_hold_or_are_the_machines(condition: str) -> None:
    made = inferred(service(f"ExecStart=/usr/sbin/hello\n[Unit]\n{condition}"))
    assert made.chosen == "hello.service"


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["hello.service", "hello-wait.service"], "hello.service"),
        (["hello@.service", "hello@main.service"], "hello@main.service"),
        (["hellod.service", "other.service"], "hellod.service"),
        (["one.service", "two.service"], ""),
        (["hello@.service"], ""),
    ],
)
def test_which_of_several(names: list[str], chosen: str) -> None:
    entries: dict[str, Entry | str] = {}
    for name in names:
        entries |= service("ExecStart=/usr/sbin/hello", name)
    made = inferred(entries)
    assert made.chosen == chosen
    assert {each.unit.name for each in made.candidates} == set(names)


def test_other_services_are_named_and_so_is_the_way_to_them() -> None:
    made = inferred(
        {**service("ExecStart=/usr/sbin/hello"), **service("ExecStart=/usr/sbin/hello", "hello-log.service")}
    )
    assert any("not hello-log.service; say --entrypoint" in note for note in made.notes)


def test_services_that_nothing_tells_apart_are_not_guessed_at() -> None:
    entries: Mapping[str, Entry | str] = {
        "usr/sbin/one": program(),
        "usr/sbin/two": program(),
        f"{UNITS}/one.service": f"[Service]\nExecStart=/usr/sbin/one{INSTALLED}",
        f"{UNITS}/two.service": f"[Service]\nExecStart=/usr/sbin/two{INSTALLED}",
    }
    made = inferred(entries)
    assert made.config.entrypoint == ()
    assert "hello has several services, and nothing tells which one is meant: one.service, two.service" in made.notes


def test_an_alias_is_a_name() -> None:
    made = inferred(
        {**service("ExecStart=/usr/sbin/hello", "named.service"), f"{UNITS}/hello.service": link("named.service")}
    )
    assert made.chosen == "named.service"


@pytest.mark.parametrize("timer", ["[Timer]\n", "[Timer]\nUnit=hello.service\n"])
def test_a_service_that_a_timer_starts_is_no_server(timer: str) -> None:
    unit = "[Service]\nExecStart=/usr/sbin/hello\n"
    made = inferred({**DAEMON, f"{UNITS}/hello.service": unit, f"{UNITS}/hello.timer": timer})
    assert made.chosen == ""
    assert "hello.timer" in made.candidates[0].why_not


def test_a_service_that_is_started_at_boot_too_or_beside_a_timer_is_a_server() -> None:
    made = inferred({**service("ExecStart=/usr/sbin/hello"), f"{UNITS}/hello.timer": "[Timer]\n"})
    assert made.chosen == "hello.service"
    unit, timer = "[Service]\nExecStart=/usr/sbin/hello\n", "[Timer]\nUnit=clean.service\n"
    made = inferred({**DAEMON, f"{UNITS}/hello.service": unit, f"{UNITS}/hello.timer": timer})
    assert made.chosen == "hello.service"


def test_a_program_that_has_the_name_of_the_package_is_meant_before_a_service_that_has_not() -> None:
    entries = {**service("ExecStart=/usr/sbin/hello"), "usr/bin/tool": program()}
    sources = {"tool": "tool", "hello": "tool"}
    made = inferred(entries, roots=["tool"], edges={"tool": ["hello"]}, sources=sources)
    assert made.config.entrypoint == ("/usr/bin/tool",)


def test_a_shell_that_is_missing_is_said() -> None:
    made = inferred(service("ExecStart=/bin/sh /usr/sbin/hello --serve"))
    assert made.config.entrypoint == ("/bin/sh", "/usr/sbin/hello", "--serve")
    assert "/bin/sh is what starts it, and the image lacks it; add it with --with" in made.notes


@pytest.mark.parametrize("has_shell", [True, False])
def test_an_interpreter_that_is_missing_is_said(has_shell: bool) -> None:  # noqa: FBT001
    shelf = Shelf()
    deb = shelf.deb("hello", reg("usr/sbin/hello", b"#!/bin/sh -e\n", mode=0o755))
    entries = {**DAEMON, **({"bin/sh": program("dash")} if has_shell else {})}
    made = infer(service_tree(entries), [deb], roots=["hello"], edges={}, read=read)
    assert made.config.entrypoint == ("/usr/sbin/hello",)
    assert any("script for /bin/sh, which the image lacks" in note for note in made.notes) == (not has_shell)


def test_a_template_with_an_instance() -> None:
    unit = "[Service]\nExecStart=/usr/sbin/hello %i\n[Install]\nDefaultInstance=main\n"
    made = inferred({**DAEMON, f"{UNITS}/hello@.service": unit})
    assert (made.chosen, made.config.entrypoint) == ("hello@main.service", ("/usr/sbin/hello", "main"))


def test_a_metapackage_is_looked_through() -> None:
    entries = {
        "usr/sbin/hello": program("hello-1"),
        f"{UNITS}/hello-1.service": text(f"[Service]\nExecStart=/usr/sbin/hello{INSTALLED}", "hello-1"),
    }
    made = inferred(entries, edges={"hello": ["hello-1", "cron"]})
    assert made.chosen == "hello-1.service"


def test_the_unit_may_be_in_another_package_of_the_same_source() -> None:
    unit = text(f"[Service]\nExecStart=/usr/sbin/hello{INSTALLED}", "hello-common")
    made = inferred(
        {**DAEMON, f"{UNITS}/hello.service": unit}, edges={"hello": ["hello-common"]}, sources={"hello-common": "hello"}
    )
    assert made.chosen == "hello.service"


def test_services_of_packages_that_are_only_needed_are_not_meant() -> None:
    unit = text(f"[Service]\nExecStart=/usr/sbin/cron{INSTALLED}", "cron")
    made = inferred(
        {**DAEMON, "usr/sbin/cron": program("cron"), f"{UNITS}/cron.service": unit}, edges={"hello": ["cron"]}
    )
    assert (made.chosen, made.config.entrypoint) == ("", ("/usr/sbin/hello",))


def test_of_several_requests_the_first_service_is_started() -> None:
    entries = {
        "usr/bin/tool": program("tool"),
        **service("ExecStart=/usr/sbin/hello"),
        "usr/sbin/bye": program("bye"),
        f"{UNITS}/bye.service": text(f"[Service]\nExecStart=/usr/sbin/bye{INSTALLED}", "bye"),
    }
    made = inferred(entries, roots=["tool", "hello", "bye"])
    assert made.chosen == "hello.service"
    assert any("not bye.service" in note for note in made.notes)


def test_a_program_that_leaves_the_foreground_is_a_warning() -> None:
    assert "leaves the foreground" in " ".join(inferred(service("Type=forking\nExecStart=/usr/sbin/hello")).notes)
    assert "leaves the foreground" not in " ".join(inferred(service("ExecStart=/usr/sbin/hello")).notes)


def prepared_by(*lines: str, user: str = "") -> Inferred:
    """Infer a service with commands before its start, in an image with a shell."""
    before = "\n".join(f"ExecStartPre={line}" for line in lines)
    made = service(f"{before}\nExecStart=/usr/sbin/hello -f\n{f'User={user}' if user else ''}")
    return inferred({**made, "bin/sh": program("dash"), "usr/sbin/hello-db": program()})


def test_what_comes_before_the_start_is_run_by_a_shell() -> None:
    made = prepared_by("/usr/sbin/hello-db --make 'a b'", "/usr/sbin/hello -t", "/usr/sbin/hello --prepare")
    script = '/usr/sbin/hello-db --make \'a b\' && /usr/sbin/hello --prepare && exec "$0" "$@"'
    assert made.config.entrypoint == ("/bin/sh", "-c", script, "/usr/sbin/hello", "-f")
    assert any(note.startswith("every start begins with: /usr/sbin/hello-db --make") for note in made.notes)
    assert made.uses.programs == ("/usr/sbin/hello", "/bin/sh", "/usr/sbin/hello-db")


@pytest.mark.parametrize(
    ("line", "user"),
    [
        ("-/usr/sbin/hello-db", ""),
        ("/usr/sbin/gone", ""),
        ("/bin/sh -c 'systemctl set-environment A=b'", ""),
        ("+/usr/sbin/hello-db", "hello"),
        ("/usr/sbin/hello-db %H", ""),
    ],
)
def test_what_need_not_or_cannot_be_run_is_said(line: str, user: str) -> None:
    made = prepared_by(line, user=user)
    assert made.config.entrypoint == ("/usr/sbin/hello", "-f")
    assert any(note.startswith("not run before the start: ") for note in made.notes)


def test_without_a_shell_nothing_is_run_before_and_a_shell_is_wanted() -> None:
    made = inferred(service("ExecStartPre=/usr/sbin/hello --prepare\nExecStart=/usr/sbin/hello"))
    assert made.config.entrypoint == ("/usr/sbin/hello",)
    assert "not run before the start, for want of a shell: /usr/sbin/hello --prepare" in made.notes
    assert [wanted.what for wanted in made.uses.wanted] == ["/bin/sh"]


def test_what_is_made_at_the_first_start() -> None:
    entries: dict[str, Entry | str] = {
        "usr/sbin/sshd": program(),
        "usr/bin/ssh-keygen": program(),
        "usr/sbin/mariadbd": program(),
        "usr/bin/mariadb-install-db": program(),
        "bin/sh": program("dash"),
    }
    made = inferred({**entries, f"{UNITS}/hello.service": "[Service]\nExecStart=/usr/sbin/sshd -D\n"})
    assert made.config.entrypoint[2] == '/usr/bin/ssh-keygen -A -f /var/lib/sshd && exec "$0" "$@"'
    assert made.config.volumes == ("/var/lib/sshd/etc/ssh",)
    assert not any("it needs" in note for note in made.notes)
    made = inferred({**entries, f"{UNITS}/hello.service": "[Service]\nExecStart=/usr/sbin/mariadbd\n"})
    before, _, after = made.config.entrypoint[2].partition(" && ")
    assert before.startswith("{ [ -e /var/lib/mysql/mysql ] || /usr/bin/mariadb-install-db ")
    assert after == 'exec "$0" "$@"'


def test_scripts_that_the_configuration_names_are_followed() -> None:
    lines = ('include_shell "/usr/share/hello/ports.pl 80"', "# /usr/share/hello/never.pl", "use /usr/bin/other")
    entries = {
        **service("ExecStart=/usr/sbin/hello -c /etc/hello.conf"),
        "etc/hello.conf": "\n".join(lines),
        "usr/share/hello/ports.pl": program(),
        "usr/share/hello/never.pl": program(),
        "usr/bin/other": program("other"),
    }
    assert inferred(entries).uses.programs == ("/usr/sbin/hello", "/usr/share/hello/ports.pl")


def test_programs_and_files_that_only_a_manual_names_are_wanted() -> None:
    unit = f"{UNITS}/hello.service"
    made = inferred({"usr/sbin/varnishd": program(), unit: "[Service]\nExecStart=/usr/sbin/varnishd\n"})
    assert [wanted.what for wanted in made.uses.wanted] == ["rm"]
    script = "usr/lib/postfix/sbin/postfix-script"
    made = inferred(
        {"usr/sbin/postfix": program(), script: program(), unit: "[Service]\nExecStart=/usr/sbin/postfix\n"}
    )
    assert (made.uses.wanted, made.uses.programs) == ((), ("/usr/sbin/postfix", f"/{script}"))
    made = inferred({"usr/sbin/unbound": program(), unit: "[Service]\nExecStart=/usr/sbin/unbound\n"})
    assert [wanted.files for wanted in made.uses.wanted] == [("usr/share/dns/root.key",)]


def test_an_init_script_is_followed_where_the_program_is_known() -> None:
    entries = {
        "usr/bin/monit": program("monit"),
        "etc/init.d/monit": text("#!/bin/sh\nDAEMON=/usr/bin/monit\nstart() { $DAEMON; }\n", "monit"),
    }
    made = inferred(entries, roots=["monit"])
    assert made.config.entrypoint == ("/usr/bin/monit", "-I", "-c", "/etc/monit/monitrc")
    assert "/etc/init.d/monit" in made.sources["entrypoint"]


def test_an_init_script_of_an_unknown_program_is_not_followed() -> None:
    made = inferred({**DAEMON, "etc/init.d/hello": "DAEMON=/usr/sbin/hello\nDAEMON_ARGS=-x\n"})
    assert made.config.entrypoint == ("/usr/sbin/hello",)


def test_the_socket_of_a_service_has_its_directory() -> None:
    socket = "[Socket]\nListenStream=/run/hello/socket\n"
    made = inferred({**service("ExecStart=/usr/sbin/hello"), f"{UNITS}/hello.socket": socket})
    assert [each.path for each in made.directories] == ["/run/hello"]


def test_a_tree_gets_what_the_service_needs() -> None:
    entries = {
        "usr/sbin/nginx": program("nginx"),
        "var/log/nginx/access.log": text("", "nginx"),
        f"{UNITS}/nginx.service": text(
            f"[Service]\nRuntimeDirectory=nginx\nExecStart=/usr/sbin/nginx -g 'daemon on;'{INSTALLED}", "nginx"
        ),
    }
    made = inferred(entries, roots=["nginx"])
    assert made.config.entrypoint == ("/usr/sbin/nginx", "-g", "daemon off;")
    assert made.config.stop_signal == "SIGQUIT"
    assert made.config.volumes == (), "logs go to the output, so no volume is for them"
    tree = service_tree(entries)
    provide(made, tree, 7)
    assert (tree["run/nginx"].mode, tree["run/nginx"].mtime) == (0o755, 7)
    assert "nginx.service" in tree["run/nginx"].origin
    links = {name: tree[f"var/log/nginx/{name}.log"] for name in ("access", "error")}
    assert {name: (each.kind, each.target) for name, each in links.items()} == {
        "access": (Kind.SYMLINK, "/dev/stdout"),
        "error": (Kind.SYMLINK, "/dev/stderr"),
    }


@pytest.mark.parametrize("has_key", [True, False])
def test_files_that_are_copied_before_each_start(has_key: bool) -> None:  # noqa: FBT001
    entries: dict[str, Entry | str] = {
        "usr/sbin/unbound": program("unbound"),
        "var/lib/unbound": folder("hello", "hello", package="unbound"),
        f"{UNITS}/unbound.service": text(f"[Service]\nExecStart=/usr/sbin/unbound -d{INSTALLED}", "unbound"),
    }
    if has_key:
        entries["usr/share/dns/root.key"] = "key"
    made = inferred(entries, roots=["unbound"])
    assert made.config.entrypoint == ("/usr/sbin/unbound", "-dd")
    tree = service_tree(entries)
    provide(made, tree, 7)
    copy = tree.get("var/lib/unbound/root.key")
    assert (copy is not None and (copy.user, copy.size)) == (has_key and ("hello", 3))
    assert any("/usr/share/dns/root.key" in note for note in made.notes) == (not has_key)


def test_what_an_image_says_about_itself() -> None:
    base = ImageConfig(entrypoint=("/a",), ports=(Port(80),), user="hello", environment=(("A", "1"),))
    config = ImageConfig(entrypoint=("/a",), ports=(Port(80), Port(53, "udp")), user="root", environment=(("A", "1"),))
    assert explained(config, base, {"entrypoint": "unit:3"}, "always") == {
        "entrypoint": {"value": ["/a"], "source": "unit:3"},
        "environment": {"value": {"A": "1"}, "source": "always"},
        "ports": {"value": ["80/tcp", "53/udp"], "source": "the request"},
        "user": {"value": "root", "source": "the request"},
    }


def test_candidates_are_rendered_with_their_reasons() -> None:
    made = inferred({**service("ExecStart=/usr/sbin/hello"), **service("ExecStart=/gone", "hello-x.service")})
    assert made.render()["candidates"] == [
        {"service": "hello.service", "package": "hello", "why_not": ""},
        {"service": "hello-x.service", "package": "hello", "why_not": "its program /gone is not in the image"},
    ]
