"""Language and region: what ``locale`` and ``paperconf`` say in the language that scripts run in, ``C.UTF-8``.

Spec: locale(1), paperconf(1), papersize(5).
"""

from __future__ import annotations

from collections.abc import Mapping

from pkg2image.maintscript.commands.options import Grammar
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.session import Command, Invocation, OfImage

_LANGUAGES = {"": "ANSI_X3.4-1968", "C": "ANSI_X3.4-1968", "POSIX": "ANSI_X3.4-1968", "C.UTF-8": "UTF-8"}
_KEYWORDS = {"width": "210", "height": "297"}  # LC_PAPER, in millimetres: A4
_PAPER = "/etc/papersize"
_DEFAULTS = {"libpaper2": "a4", "libpaper1": "letter"}  # what the versions of the library take without a choice


def _locale(call: Invocation) -> int:
    """``locale charmap``, ``locale width height``."""
    environment = call.environment
    names = ("LC_ALL", "LC_PAPER", "LC_CTYPE", "LANG")
    if not call.arguments or any(environment.get(name, "") not in _LANGUAGES for name in names):
        raise NotUnderstoodError(f"locale {' '.join(call.arguments)}".rstrip())
    language = environment.get("LC_ALL") or environment.get("LC_CTYPE") or environment.get("LANG") or ""
    known = {**_KEYWORDS, "charmap": _LANGUAGES[language]}
    for keyword in call.arguments:
        if keyword not in known:
            raise NotUnderstoodError(f"locale {keyword}")
        call.stdout.text(f"{known[keyword]}\n")
    return 0


def _paperconf(call: Invocation) -> int:
    """``paperconf [-n]``: the name of the paper that the administrator chose, or the default."""
    options = Grammar("n").parse(call.arguments)
    if options.operands or {"PAPERSIZE", "PAPERCONF"} & call.environment.keys():
        raise NotUnderstoodError(f"paperconf {' '.join(call.arguments)}".rstrip())
    otherwise = [paper for library, paper in _DEFAULTS.items() if library in call.session.installed]
    lines = call.files.text(_PAPER).splitlines() if call.files.is_file(_PAPER) else otherwise
    name = next((words[0] for line in lines if (words := line.partition("#")[0].split())), "")
    if not name:
        raise NotUnderstoodError(f"paperconf without a paper in {_PAPER}")
    call.stdout.text(f"{name}\n")
    return 0


COMMANDS: Mapping[str, Command] = {"locale": _locale, "paperconf": OfImage(_paperconf)}
"""Programs by name."""
