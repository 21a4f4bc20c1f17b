"""Profiles of PAM modules, and the stacks that are put together of them.

Spec: pam-auth-update(8), and the program itself (libpam-runtime 1.5) for what its manual leaves out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pkg2image.maintscript.failure import NotUnderstoodError

TYPES = ("auth", "account", "password", "session", "session-noninteractive")
"""The stacks, each with a file ``/etc/pam.d/common-<type>``."""

_FIELD = re.compile(r"(\S+):\s+(.*)\s*$")
_MODULE_LINE = re.compile(r"((?:\[[^]]+\]|\w+)\s+\S+)\s*(.*)")
_JUMP = re.compile(r"(\[[^0-9]*)[0-9]+(.*\])")
_END = re.compile(r"(\[.*)end(.*\])")
_PRIMARY = '# here are the per-package modules (the "Primary" block)'
_FALLBACK = "# here's the fallback if no module succeeds"
_ADDITIONAL = '# and here are more per-package modules (the "Additional" block)'
_LAST = "# end of pam-auth-update config"
_PERMIT = "[default=1]\t\t\tpam_permit.so"


@dataclass(frozen=True, slots=True)
class Profile:
    """A file of ``/usr/share/pam-configs``.

    Args:
        name: Of the file.
        fields: Field -> value; lines of modules are separated by line feeds.
    """

    name: str
    fields: Mapping[str, str]

    @property
    def priority(self) -> int:
        """Profiles with a higher one come first."""
        return int(self.fields.get("Priority", "0"))

    @property
    def conflicts(self) -> frozenset[str]:
        """Names of profiles that cannot be used together with this one."""
        return frozenset(filter(None, self.fields.get("Conflicts", "").split(", ")))

    def kind(self, stack: str) -> str:
        """Return ``Primary`` or ``Additional``, or an empty text when the profile is not in a stack."""
        return self.fields.get(f"{stack.capitalize()}-Type", "")

    def lines(self, stack: str, position: int) -> tuple[str, ...]:
        """Return the lines of modules.

        Args:
            stack: One of `TYPES`.
            position: From 0 in its block; the first profile may have other lines than the following ones.
        """
        key = stack.capitalize()
        initial = self.fields.get(f"{key}-Initial", "") if position == 0 else ""
        return tuple(filter(None, (initial or self.fields.get(key, "")).split("\n")))


def parse_profile(name: str, text: str) -> Profile | None:
    """Parse a profile; one that uses a module that exists no more is none.

    Raises:
        NotUnderstoodError: When it has no number as its priority, or a line before the first field.
    """
    fields: dict[str, str] = {}
    field = ""
    for line in text.splitlines(keepends=True):
        if match := _FIELD.match(line):
            field = match[1].removesuffix("-Final")
            fields[field] = match[2]
        elif not field:
            raise NotUnderstoodError(f"the PAM profile {name}")
        else:
            fields[field] = "\n".join(filter(None, (fields[field], line.strip()))).lstrip()
    if any("pam_tally" in value for value in fields.values()):
        return None
    if not fields.get("Priority", "").strip().isdigit():
        raise NotUnderstoodError(f"the PAM profile {name} without a priority")
    if "Session-Interactive-Only" not in fields:
        for suffix in ("", "-Type", "-Initial"):
            fields[f"Session-noninteractive{suffix}"] = fields.get(f"Session{suffix}", "")
    return Profile(name, fields)


def render_stack(template: str, stack: str, profiles: Sequence[Profile]) -> str | None:
    """Put the modules of profiles into the two blocks of a file.

    Args:
        template: The file as it is, with the blocks of before.
        stack: One of `TYPES`.
        profiles: In order.

    Returns:
        The new text, or None when the template has no such blocks.
    """
    output: list[str] = []
    # Every mark opens or closes a block; what lies in a block is replaced.
    marks = [(_PRIMARY, "Primary"), (_FALLBACK, ""), (_ADDITIONAL, "Additional"), (_LAST, "")]
    inside = False
    for line in template.splitlines(keepends=True):
        mark, block = marks[0] if marks else ("\0", "")
        if line.startswith(mark):
            marks.pop(0)
            inside = bool(block)
            output.append(line)
            if block:
                output += _block(stack, profiles, block)
        elif not inside:
            output.append(line)
    return None if marks else "".join(output)


def _block(stack: str, profiles: Sequence[Profile], block: str) -> list[str]:
    kind = stack.removesuffix("-noninteractive")
    chosen = [profile for profile in profiles if profile.kind(stack) == block]
    lines = [line for position, profile in enumerate(chosen) for line in profile.lines(stack, position)]
    if block == "Primary" and not lines:
        return [f"{kind}\t{_PERMIT}\n"]
    # A jump to the end of the primary block leads over what is left of it and the fallback.
    last = len(lines) if block == "Primary" else len(lines) - 1
    return [f"{kind}\t{_numbered(line, last - index)}\n" for index, line in enumerate(lines)]


def _numbered(line: str, left: int) -> str:
    match = _MODULE_LINE.match(line)
    if match is None:
        raise NotUnderstoodError(f"the PAM module line {line!r}")
    return f"{match[1].replace('end', str(left))} {' '.join(match[2].split())}"


def render_saved(stack: str, profiles: Sequence[Profile]) -> str:
    """Return the file of ``/var/lib/pam`` that remembers what a stack was made of."""
    texts = []
    primary = [profile for profile in profiles if profile.kind(stack) not in {"", "Additional"}]
    additional = [profile for profile in profiles if profile.kind(stack) not in {"", "Primary"}]
    for group in (primary, additional):
        for position, profile in enumerate(group):
            if lines := profile.lines(stack, position):
                texts.append("\n".join((f"Module: {profile.name}", *lines)))
        if group is primary and not primary:
            texts.append(f"Module: null\n{_PERMIT}")
    return "".join(f"{text}\n" for text in texts)


def used_profiles(current: str, saved: str, stack: str) -> tuple[str, ...] | None:
    """Return the names of the profiles that a file is made of.

    Args:
        current: ``/etc/pam.d/common-<type>``.
        saved: What was remembered when it was made.
        stack: One of `TYPES`.

    Returns:
        The names, or None when somebody changed the blocks.
    """
    kind = stack.removesuffix("-noninteractive")
    wanted: list[tuple[str, str]] = []
    name = ""
    for line in saved.splitlines():
        if line.startswith("Module: "):
            name = line.removeprefix("Module: ")
        else:
            wanted.append((name, _plain(_END.sub(r"\1\2", line))))
    found = [_plain(line.removeprefix(kind).lstrip()) for line in _block_lines(current)]
    if [line for _, line in wanted] != found:
        return None
    return tuple(dict.fromkeys(name for name, _ in wanted))


def _plain(line: str) -> str:
    return " ".join(_JUMP.sub(r"\1\2", line).split())


def _block_lines(text: str) -> list[str]:
    lines: list[str] = []
    inside = False
    for line in text.splitlines():
        if line.startswith((_PRIMARY, _ADDITIONAL)):
            inside = True
        elif line.startswith((_FALLBACK, _LAST)):
            inside = False
        elif inside:
            lines.append(line)
    return lines
