"""lighty-enable-mod and lighty-disable-mod: what the lighttpd web server loads.

Spec: lighty-enable-mod(1) of lighttpd 1.4.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import Files
from pkg2image.maintscript.session import Command, Invocation, Noop

_ROOT = "/etc/lighttpd"
_NAME = re.compile(r"\d+-([\w.-]+)\.conf", re.ASCII)
_RELATION = r"# -\*- {}: ([-\w, ]+) -\*-"
_NO_ACTION = 2


def _modules(files: Files, directory: str) -> dict[str, str]:
    """Return name -> path of the modules in a directory."""
    paths = {path: _NAME.fullmatch(path.rpartition("/")[2]) for path in files.glob(f"{_ROOT}/{directory}/*.conf")}
    return {match[1]: path for path, match in paths.items() if match}


def _switch(call: Invocation) -> int:
    if not call.arguments or call.arguments[0].startswith("-"):
        raise NotUnderstoodError(f"{call.name} {' '.join(call.arguments)}")
    files = call.files
    if not files.is_directory(_ROOT):
        # The server is not in the image: the real program would not be there to be called.
        call.session.noops.append(Noop(" ".join((call.name, *call.arguments)), call.line))
        return 0
    available, enabled = _modules(files, "conf-available"), _modules(files, "conf-enabled")
    todo = list(call.arguments)
    status = 0
    for name in todo:
        if name not in available:
            call.stdout.text(f"Ignoring unknown module: {name}\n")
            status = _NO_ACTION
        elif (name in enabled) is call.name.endswith("enable-mod"):
            call.stdout.text(f"nothing to do for {name}\n")
            status = _NO_ACTION
        elif call.name.endswith("enable-mod"):
            wanted = _related(files, available[name], "depends")
            if set(wanted) - set(available) or set(_related(files, available[name], "conflicts")) & set(enabled):
                call.stdout.text(f"Unresolved relations of {name}\n")
                return 1
            todo += [item for item in wanted if item not in enabled]
            enabled[name] = available[name].replace("conf-available", "conf-enabled")
            files.symlink(f"../conf-available/{available[name].rpartition('/')[2]}", enabled[name])
        else:
            users = [other for other in enabled if name in _related(files, available.get(other, ""), "depends")]
            todo += users
            files.remove(enabled.pop(name))
    return status


def _related(files: Files, path: str, relation: str) -> list[str]:
    """Return the names in a comment of a module."""
    found = re.findall(_RELATION.format(relation), files.text(path), re.ASCII) if files.is_file(path) else []
    return [item for names in found for item in re.split(r",\s+", names)]


_NAMES = ("lighty-disable-mod", "lighty-enable-mod", "lighttpd-disable-mod", "lighttpd-enable-mod")

COMMANDS: Mapping[str, Command] = dict.fromkeys(_NAMES, _switch)
"""Programs by name."""
