"""What texts around Python import: shell scripts that start it, ``.pth`` files, entry points of distributions.

Spec: python(1) ``-m``, ``-c``; ``site`` of Python's library; "Entry points specification" of the Python Packaging User
Guide.
"""

from __future__ import annotations

import re

from pkg2image.analysis.reach.python_source import imports_by_lines, python_source

PROGRAM = "program"
"""What is said of a module that a shell script runs, beside the kinds of findings in sources."""

_CALLED = re.compile(rb"\bpython[0-9.]*[\"']?(?:[ \t]+-[A-Zbdiqsuvx]+)*[ \t]+-m[ \t]*[\"']?([\w.]+)", re.ASCII)
_INLINE = re.compile(rb"\bpython[0-9.]*[\"']?[ \t]+(?:-\w+[ \t]+)*(?:-\w*c\b|-?[ \t]*<<)", re.ASCII)
_SECTION = re.compile(r"\[\s*([\w.:-]+)\s*\]")
_OBJECT = re.compile(r"[^=\[\]]+=\s*([\w.]+)")


def python_in_shell(data: bytes) -> tuple[str, ...]:
    """Return what a shell script has Python import: ``program:<module>`` of ``-m``, and findings of what is in it."""
    found = {f"{PROGRAM}:{match[1].decode('ascii')}" for match in _CALLED.finditer(data)}
    if _INLINE.search(data):
        text = re.sub(r"[\"';]", "\n", data.decode("utf-8", "surrogateescape"))
        found |= {item for item in imports_by_lines(text) if item.isascii()}
    return tuple(sorted(found))


def path_file(data: bytes) -> tuple[str, ...]:
    """Return the findings of a ``.pth`` file: its lines are directories, or statements that import."""
    lines = data.decode("utf-8", "surrogateescape").splitlines()
    program = "\n".join(line for line in lines if line.startswith(("import ", "import\t")))
    return python_source(program.encode("utf-8", "surrogateescape"))


def entry_points(data: bytes) -> tuple[str, ...]:
    """Return the modules of the entry points of a distribution: ``<group>:<module>``."""
    found: set[str] = set()
    group = ""
    for line in data.decode("utf-8", "surrogateescape").splitlines():
        section, point = _SECTION.match(line.strip()), _OBJECT.match(line.strip())
        if section:
            group = section[1]
        elif point and group:
            found.add(f"{group}:{point[1]}")
    return tuple(sorted(item for item in found if item.isascii()))
