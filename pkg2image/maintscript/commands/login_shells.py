"""add-shell, remove-shell and update-shells: the list of login shells.

Spec: add-shell(8), update-shells(8) of debianutils 5.7.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import Files
from pkg2image.maintscript.session import Command, Invocation, Noop

_LIST = "/etc/shells"
_STATE = "/var/lib/shells.state"
_TEMPLATE = "/usr/share/debianutils/shells"
_PACKAGED = "/usr/share/debianutils/shells.d"


def _spellings(files: Files, shells: Iterable[str]) -> list[str]:
    """Return every shell by the path given, and by that with the links of its directory resolved."""
    found = []
    for shell in shells:
        directory, _, name = shell.rpartition("/")
        found += [shell, f"/{files.canonical(directory or '/')}".rstrip("/") + f"/{name}"]
    return list(dict.fromkeys(found))


def _change(call: Invocation) -> int:
    if not call.arguments:
        return call.fail("usage: shellname [shellname ...]")
    if not call.files.is_file(_LIST):
        # The list is made by a package that only serves configuration: images without it have none.
        call.session.noops.append(Noop(" ".join((call.name, *call.arguments)), call.line))
        return 0
    lines = call.files.text(_LIST).splitlines()
    shells = _spellings(call.files, call.arguments)
    if call.name == "add-shell":
        lines += [shell for shell in shells if shell not in lines]
    else:
        lines = [line for line in lines if line not in shells]
    _write(call.files, _LIST, lines)
    return 0


def _update(call: Invocation) -> int:
    if call.arguments:
        raise NotUnderstoodError(f"update-shells {' '.join(call.arguments)}")
    files = call.files
    sources = [_TEMPLATE, *files.glob(f"{_PACKAGED}/*")]
    named = [shell for path in sources if files.is_file(path) for shell in _shells(files, path)]
    packaged = _spellings(files, named)
    known = set(_shells(files, _STATE)) if files.is_file(_STATE) else set()
    kept: list[str] = []
    seen: set[str] = set()
    for line in files.text(_LIST if files.is_file(_LIST) else _TEMPLATE).splitlines():
        shell = line.partition("#")[0]
        if not shell or (shell not in seen and (shell in packaged or shell not in known)):
            kept.append(line)
            seen.add(shell)
    kept += [shell for shell in packaged if shell not in seen | known]
    _write(files, _LIST, kept)
    _write(files, _STATE, packaged)
    return 0


def _shells(files: Files, path: str) -> list[str]:
    return [shell for line in files.text(path).splitlines() if (shell := line.partition("#")[0])]


def _write(files: Files, path: str, lines: Iterable[str]) -> None:
    files.make_directory(path.rpartition("/")[0], 0o755, parents=True)
    files.write(path, "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape"), mode=0o644)


COMMANDS: Mapping[str, Command] = {"add-shell": _change, "remove-shell": _change, "update-shells": _update}
"""Programs by name."""
