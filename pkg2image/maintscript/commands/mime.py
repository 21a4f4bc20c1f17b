"""update-mime: the programs that show files of a type, collected into ``/etc/mailcap``.

Spec: update-mime(8) of mailcap 3.70.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import Files
from pkg2image.maintscript.session import Command, Invocation

_MAILCAP = "/etc/mailcap"
_DEFAULT = "/usr/lib/mime/mailcap"
_PACKAGES = "/usr/lib/mime/packages"
_APPLICATIONS = "/usr/share/applications"
_SETTINGS = ("/etc/update-mime.conf", "/etc/mailcap.order")
_PRIORITY = re.compile(r"priority\s*=\s*(\d+)\s*($|;)", re.IGNORECASE | re.ASCII)
_WRITTEN_PRIORITY = re.compile(r"\s*priority\s*=\s*\d+\s*($|;)", re.ASCII)
_RULE = "#" * 79
_USUAL_PRIORITY = 5


def _update_mime(call: Invocation) -> int:
    if call.arguments and "DPKG_RUNNING_VERSION" in call.environment and call.arguments[0] != "--triggered":
        return 0
    if call.arguments[1:] or call.arguments[:1] not in {(), ("--triggered",)}:
        raise NotUnderstoodError(f"update-mime {' '.join(call.arguments)}")
    files = call.files
    for path in _SETTINGS:
        if files.is_file(path) and any(not _is_idle(line) for line in files.text(path).splitlines()):
            raise NotUnderstoodError(f"update-mime with {path}")
    source = next((path for path in (_MAILCAP, _DEFAULT) if files.is_file(path)), None)
    if source is None:
        return 0
    head = _head(files.text(source))
    if head is None:
        call.stderr.text(f"Error: '{_MAILCAP}' is not in required format -- not updated\n")
        return 0
    entries = "".join(f"{entry}\n" for entry in _ordered(_packaged(files)))
    files.write(_MAILCAP, f"{head}\n{_RULE}\n\n{entries}".encode("utf-8", "surrogateescape"), mode=0o644)
    return 0


def _is_idle(line: str) -> bool:
    return not line.partition("#")[0].strip()


def _head(text: str) -> str | None:
    """Return what comes before the entries of packages: up to the end of the user's own section."""
    lines = text.replace("install-mime", "update-mime").splitlines(keepends=True)
    begun = False
    for position, line in enumerate(lines):
        if begun and re.match(r"# ----- .* Ends ", line):
            return "".join(lines[: position + 1])
        begun = begun or re.match(r"# ----- .* Begins ", line) is not None
    return None


def _packaged(files: Files) -> Iterator[str]:
    """Yield the entries of all packages; a package that has entries of its own gets none of its desktop file."""
    known = set()
    for path in files.glob(f"{_PACKAGES}/*"):
        name = path.rpartition("/")[2]
        if name.startswith((".", "#")) or name.endswith("~"):
            continue
        known.add(name)
        yield from (line for line in files.text(path).splitlines() if line.strip() and not line.strip().startswith("#"))
    for path in _desktop_files(files, _APPLICATIONS):
        name = path.rpartition("/")[2].removesuffix(".desktop")
        if name not in known:
            known.add(name)
            yield from _desktop_entries(name, files.text(path))


def _desktop_files(files: Files, directory: str) -> Iterator[str]:
    paths = files.glob(f"{directory}/*")
    for path in paths:
        if files.is_directory(path) and not path.endswith("~"):
            yield from _desktop_files(files, path)
    yield from (path for path in paths if path.endswith(".desktop") and files.is_file(path))


def _desktop_entries(name: str, text: str) -> Iterator[str]:
    terminal, command, icon = 'test=test -n "$DISPLAY"', "", ""
    types: list[str] = []
    inside = False
    for line in text.splitlines():
        if line.startswith("[") and line.endswith("]"):
            inside = line == "[Desktop Entry]"
        elif not inside or not line.strip() or line.lstrip().startswith("#"):
            continue
        elif match := re.match(r"Terminal=(\w+)", line, re.IGNORECASE):
            terminal = "needsterminal" if match[1] == "true" else terminal
        elif match := re.match(r"(Name|Icon)=(.+)", line, re.IGNORECASE):
            name, icon = (match[2], icon) if match[1].lower() == "name" else (name, match[2])
        elif match := re.search(r"Exec=(.*)$", line, re.IGNORECASE):
            command = re.sub(r"%[fFuU]", "%s", match[1])
            command = command if "%s" in command else f"{command} %s"
        elif match := re.search(r"MimeType=(.*)", line, re.IGNORECASE):
            types += filter(None, re.split(r"\s*;\s*", match[1]))
    if command:
        command = command.replace("%c", name).replace("%i", f"--icon {icon}")
        yield from (f"{kind}; {command}; {terminal}" for kind in types)


def _ordered(entries: Iterator[str]) -> Sequence[str]:
    """Return entries of high priority first, then types without wildcards first; else the order stays."""

    def key(entry: str) -> tuple[int, int]:
        found = _PRIORITY.search(entry)
        priority = int(found[1]) if found and int(found[1]) <= 9 else _USUAL_PRIORITY
        wildcards = (re.match(r"\S+/\*", entry) is not None) + 2 * entry.startswith("*/")
        return -priority, wildcards

    return [re.sub(r"\s*;\s*$", "", _WRITTEN_PRIORITY.sub("", entry, count=1)) for entry in sorted(entries, key=key)]


COMMANDS: Mapping[str, Command] = {"update-mime": _update_mime}
"""Programs by name."""
