"""Scripts run on a tree that is made for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pkg2image.deb.package import package_from_stanza
from pkg2image.maintscript.debconf import DebconfDatabase
from pkg2image.maintscript.files import Files
from pkg2image.maintscript.interpreter import Interpreter
from pkg2image.maintscript.limits import Limits
from pkg2image.maintscript.parser import parse
from pkg2image.maintscript.session import Command, Session
from pkg2image.rootfs.tree import Content, Entry, InlineContent, Kind, Tree, inline

EPOCH = 1_700_000_000


def read_inline(content: Content) -> bytes:
    """Return the bytes of content that is in the tree itself."""
    assert isinstance(content, InlineContent)
    return content.data


def small_tree(files: Mapping[str, str] | None = None) -> Tree:
    """Return a tree with ``/tmp`` and these files: path -> text, ``-> target`` for a symlink, ``/`` for a directory."""
    tree = Tree()
    tree.make_directories("tmp")
    for path, text in (files or {}).items():
        tree.make_directories(path.rpartition("/")[0])
        if text == "/":
            tree.put(path, Entry(Kind.DIRECTORY, 0o755, package="pkg"))
        elif text.startswith("-> "):
            tree.put(path, Entry(Kind.SYMLINK, 0o777, target=text[3:], package="pkg"))
        else:
            mode = 0o755 if text.startswith("#!") else 0o644
            tree.put(path, Entry(Kind.FILE, mode, content=inline(text.encode()), package="pkg"))
    return tree


@dataclass
class Ran:
    """What a script did."""

    status: int
    stdout: str
    stderr: str
    tree: Tree
    session: Session

    def text(self, path: str) -> str:
        """Return the content of a file afterwards."""
        content = self.tree[path].content
        assert content is not None
        return read_inline(content).decode()


def session_on(tree: Tree, commands: Mapping[str, Command] | None = None, **fields: object) -> Session:
    """Return a session of the package ``pkg`` on a tree."""
    files = Files(tree, read=read_inline, epoch=EPOCH, package="pkg")
    package = package_from_stanza({"Package": "pkg", "Version": "1", "Architecture": "all"}, origin="test")
    values: dict[str, object] = {
        "files": files,
        "package": package,
        "script": "postinst",
        "architecture": "amd64",
        "installed": {},
        "commands": commands or {},
        "debconf": DebconfDatabase(),
        **fields,
    }
    return Session(**values)  # type: ignore[arg-type]


def run_script(
    text: str,
    *,
    files: Mapping[str, str] | None = None,
    arguments: Sequence[str] = (),
    commands: Mapping[str, Command] | None = None,
    limits: Limits | None = None,
    cwd: str = "/tmp",
    stdin: bytes = b"",
    bash: bool = False,
    **fields: object,
) -> Ran:
    """Run a script on a small tree."""
    session = session_on(small_tree(files), commands, **fields)
    session.files.cwd = cwd
    interpreter = Interpreter(session, limits, bash=bash)
    status = interpreter.run(parse(text, origin="postinst"), name="sh", arguments=arguments, stdin=stdin)
    stdout, stderr = (out.value.decode("utf-8", "surrogateescape") for out in (interpreter.stdout, interpreter.stderr))
    return Ran(status, stdout, stderr, session.files.tree, session)
