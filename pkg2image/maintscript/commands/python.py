"""Python of the image: its byte code is made when it runs, and nothing else that it could do is emulated.

Spec: the manuals of py_compile and compileall.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.session import Command, Invocation, Noop, OfImage

_COMPILERS = frozenset({"py_compile", "compileall"})
_SCRIPT = re.compile(r"/usr/lib/(?:python3|pypy3)[0-9.]*/([a-z_]+)\.py")
_ALONE = re.compile(r"-[EISBOqsu]+")


def _python(call: Invocation) -> int:
    """``python3 [options] -m py_compile file...``, or the same by the path of the module."""
    words = list(call.arguments)
    while words and _ALONE.fullmatch(words[0]):
        words.pop(0)
    if words[:1] == ["-m"]:
        module = (words[1:2] or [""])[0]
    else:
        script = _SCRIPT.fullmatch(words[0]) if words else None
        module = script[1] if script else ""
    if module not in _COMPILERS:
        raise NotUnderstoodError(f"a program for {call.name}")
    call.session.noops.append(Noop(" ".join((call.name, *call.arguments)), call.line))
    return 0


COMMANDS: Mapping[str, Command] = {
    name: OfImage(_python) for name in ("python3", *(f"python3.{minor}" for minor in range(5, 30)))
}
"""Programs by name."""
