"""Commands of maintainer scripts, called one by one on a small tree.

A `Toolbox` holds the tree; `call` runs one command line as a script would, `files` looks at what it did::

    box = Toolbox({"usr/bin/mawk": b"x"})
    assert box.call("update-alternatives", "--install", "/usr/bin/awk", "awk", "/usr/bin/mawk", "5") == 0
    assert box.link("/usr/bin/awk") == "/etc/alternatives/awk"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pkg2image.deb.facts import FetchedDeb
from pkg2image.maintscript.commands.debconf import confmodule_commands
from pkg2image.maintscript.debconf import DebconfDatabase
from pkg2image.maintscript.files import Files
from pkg2image.maintscript.session import Buffer, Command, Input, Invocation, Output, Session
from pkg2image.rootfs.tree import Tree
from tests.support.trees import Shelf

EPOCH = 1_700_000_000
PASSWD = "root:x:0:0:root:/root:/bin/bash\nwww-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n"
GROUP = "root:x:0:\nadm:x:4:\nwww-data:x:33:\nshadow:x:42:\nusers:x:100:\nnogroup:x:65534:\n"
ACCOUNTS = {
    "etc/passwd": PASSWD,
    "etc/group": GROUP,
    "etc/shadow": "root:*:::::::\nwww-data:*:::::::\n",
    "etc/gshadow": "root:*::\nadm:*::\nwww-data:*::\nshadow:*::\nusers:*::\nnogroup:*::\n",
}
"""Files of accounts of a small system."""


class OneCall:
    """A shell that knows variables and native commands, and nothing else."""

    def __init__(self, box: Toolbox) -> None:
        self.variables: dict[str, str] = {}
        self._box = box

    def get_variable(self, name: str) -> str | None:
        return self.variables.get(name)

    def set_variable(self, name: str, value: str) -> None:
        self.variables[name] = value

    def execute(
        self,
        words: Sequence[str],
        *,
        stdin: Input,
        stdout: Output,
        stderr: Output,
        environment: Mapping[str, str],
    ) -> int:
        del stdin, stdout, stderr, environment
        raise AssertionError(f"{words} is called")


class Toolbox:
    """A tree and the commands that may be called on it.

    Args:
        content: Files by path; parents are made. A text that starts with ``->`` is a link.
        commands: Commands by name.
        debs: The packages of the image.
        package: Whose script runs.
    """

    def __init__(
        self,
        content: Mapping[str, bytes | str] | None = None,
        *,
        commands: Mapping[str, Command],
        debs: Sequence[FetchedDeb] = (),
        shelf: Shelf | None = None,
        package: str = "app",
    ) -> None:
        shelf = shelf or Shelf()
        own = next((deb for deb in debs if deb.package.name == package), None) or shelf.deb(package)
        self.files = Files(Tree(), read=shelf.read, epoch=EPOCH, package=package)
        for path, data in (content or {}).items():
            self.files.make_directory(f"/{path}".rpartition("/")[0] or "/", parents=True)
            if isinstance(data, str) and data.startswith("->"):
                self.files.symlink(data.removeprefix("->").strip(), f"/{path}")
            else:
                self.files.write(f"/{path}", data.encode() if isinstance(data, str) else data)
        self.session = Session(
            files=self.files,
            package=own.package,
            script="postinst",
            architecture="amd64",
            installed={deb.package.name: deb for deb in (*debs, own)},
            commands=commands,
            debconf=DebconfDatabase(),
        )
        self.shell = OneCall(self)
        self.output = ""
        self.errors = ""

    def call(self, name: str, *arguments: str, stdin: bytes = b"") -> int:
        """Run a command line; what it prints is in `output` and `errors`."""
        return self._run(self.session.commands[name], name, arguments, stdin)

    def line(self, text: str) -> int:
        """Run a command line whose words are separated by blanks."""
        return self.call(*text.split())

    def ask(self, name: str, *arguments: str) -> tuple[int, str]:
        """Call a function of debconf's shell library and return its status and ``$RET``."""
        commands = self.session.debconf_commands or confmodule_commands(self.session.debconf, self.session.package.name)
        self.session.debconf_commands = commands
        status = self._run(commands[name], name, arguments, b"")
        return status, self.shell.variables.get("RET", "")

    def _run(self, command: Command, name: str, arguments: tuple[str, ...], stdin: bytes) -> int:
        stdout, stderr = Buffer(), Buffer()
        status = command(
            Invocation(
                name, arguments, self.session, self.shell, Input(stdin), stdout, stderr, self.session.environment
            )
        )
        self.output, self.errors = stdout.value.decode(), stderr.value.decode()
        return status

    def text(self, path: str) -> str:
        """Return a file."""
        return self.files.text(path)

    def link(self, path: str) -> str:
        """Return the target of a link."""
        return self.files.readlink(path)

    def stat(self, path: str) -> str:
        """Return ``0755 root:root`` of a path."""
        entry = self.files.lookup(path)
        assert entry is not None, path
        return f"{entry.mode:04o} {entry.user}:{entry.group}"
