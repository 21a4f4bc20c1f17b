"""Services that have an init script only: the last resort, and only where the script is plain.

Nothing of the script is followed but the assignments at its beginning. They name the program and sometimes its
arguments; how it stays in the foreground has to be known, since init scripts are for programs that leave it.

Spec: Debian Policy 9.3.2; LSB init script conventions of Debian's ``/etc/init.d/skeleton``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pkg2image.analysis.foreground import for_image
from pkg2image.analysis.programs import facts_of
from pkg2image.analysis.serviceconfig import Identity, ServiceConfig, finish
from pkg2image.analysis.unitenvironment import read_shell_assignments
from pkg2image.analysis.units import UnitFiles, read_text
from pkg2image.rootfs.tree import Kind
from pkg2image.rootfs.users import Accounts

_DIRECTORY = "etc/init.d"
_PROGRAM = ("DAEMON", "EXEC", "DAEMON_PATH")
_ARGUMENTS = ("DAEMON_ARGS", "DAEMON_OPTS", "OPTIONS")


def find_init_service(root: str, members: Sequence[str], files: UnitFiles, accounts: Accounts) -> ServiceConfig | None:
    """Return how an image starts what an init script of a package starts, or None when that is not known.

    Args:
        root: The requested package.
        members: Packages that the service consists of.
        files: The units of the image; its tree has the scripts.
        accounts: Users and groups of the image.
    """
    tree = files.tree
    scripts = [name for name in tree.children(_DIRECTORY) if tree[f"{_DIRECTORY}/{name}"].package in members]
    for name in sorted(scripts, key=lambda name: (name != root, name)):
        path = f"{_DIRECTORY}/{name}"
        text = read_text(tree, files.read, path)
        defaults = read_text(tree, files.read, f"etc/default/{name}") or ""
        if tree[path].kind is not Kind.FILE or text is None:
            continue
        assigned = {**read_shell_assignments(text), **read_shell_assignments(defaults)}
        program = next((assigned[key] for key in _PROGRAM if key in assigned), f"/usr/sbin/{name}")
        facts = facts_of((program,)) if program.startswith("/") else None
        if facts is None or tree.lookup(program) is None:
            continue
        arguments = next((assigned[key].split() for key in _ARGUMENTS if key in assigned), [])
        started = for_image((program, *arguments), assigned, tree)
        known = facts.user if accounts.user(facts.user) else ""
        made = finish(
            f"what the init script {name} of {tree[path].package} starts",
            started,
            None,
            files,
            members,
            identity=Identity(known, "", facts.source) if known else Identity(),
            accounts=accounts,
            directories=(),
            environment={},
        )
        sources = {**made.sources, "entrypoint": ", ".join((f"/{path}", *started.changes))}
        return replace(made, sources=sources)
    return None
