"""pam-auth-update: ``/etc/pam.d/common-*`` of the profiles that packages ship.

Spec: pam-auth-update(8).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pkg2image.maintscript.commands.pam_profiles import (
    TYPES,
    Profile,
    parse_profile,
    render_saved,
    render_stack,
    used_profiles,
)
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import Files
from pkg2image.maintscript.session import Command, Invocation

_PROFILES = "/usr/share/pam-configs"
_TEMPLATES = "/usr/share/pam"
_CONFIGURATION = "/etc/pam.d"
_SAVED = "/var/lib/pam"
_LISTS = ("--remove", "--disable", "--enable")


@dataclass(frozen=True, slots=True)
class _Request:
    force: bool
    lists: Mapping[str, frozenset[str]]


def _pam_auth_update(call: Invocation) -> int:
    request = _parse(call.arguments)
    files = call.files
    profiles = _load(files)
    shown = [profile for profile in profiles if profile.name not in request.lists["--remove"]]
    current = _current(files)
    if current is None and not request.force:
        call.stderr.text(
            "\npam-auth-update: Local modifications to /etc/pam.d/common-*, not updating.\n"
            "pam-auth-update: Run pam-auth-update --force to override.\n\n"
        )
        return 0
    chosen = _choose(request, shown, current or (), _seen(files))
    if not chosen:
        raise NotUnderstoodError("pam-auth-update without any profile")
    files.make_directory(_SAVED, 0o755, parents=True)
    files.write(f"{_SAVED}/seen", "".join(f"{profile.name}\n" for profile in shown).encode(), mode=0o644)
    for stack in TYPES:
        _write_stack(files, stack, chosen, force=request.force)
    return 0


def _parse(arguments: tuple[str, ...]) -> _Request:
    lists: dict[str, set[str]] = {name: set() for name in _LISTS}
    force = False
    into: set[str] | None = None
    words = list(arguments)
    while words:
        word = words.pop(0)
        if word == "--root" and words and words[0] in {"", "/"}:
            del words[0]
        elif word in lists:
            into = lists[word]
        elif word in {"--package", "--force"}:
            force = force or word == "--force"
            into = None
        elif into is not None and not word.startswith("--"):
            into.add(word)
        else:
            raise NotUnderstoodError(f"pam-auth-update {word}")
    return _Request(force, {name: frozenset(names) for name, names in lists.items()})


def _load(files: Files) -> list[Profile]:
    """Return all profiles: those of higher priority first, of the same one the last in the alphabet."""
    names = [name for name in files.list(_PROFILES) if not name.endswith("~") and not name.startswith("#")]
    found = (parse_profile(name, files.text(f"{_PROFILES}/{name}")) for name in names)
    return sorted((item for item in found if item), key=lambda item: (item.priority, item.name), reverse=True)


def _seen(files: Files) -> frozenset[str]:
    path = f"{_SAVED}/seen"
    return frozenset(files.text(path).splitlines()) if files.is_file(path) else frozenset()


def _current(files: Files) -> tuple[str, ...] | None:
    """Return the names of the profiles in use, or None when there are none yet or the files were changed by hand."""
    names: list[str] = []
    for stack in TYPES:
        paths = (f"{_CONFIGURATION}/common-{stack}", f"{_SAVED}/{stack}")
        if not all(files.is_file(path) for path in paths):
            return None
        used = used_profiles(files.text(paths[0]), files.text(paths[1]), stack)
        if used is None:
            return None
        names += used
    return tuple(dict.fromkeys(names))


def _choose(
    request: _Request, profiles: Sequence[Profile], current: Sequence[str], seen: frozenset[str]
) -> list[Profile]:
    enabled = (set(current) | request.lists["--enable"]) & {profile.name for profile in profiles}
    enabled -= request.lists["--disable"]
    seen |= request.lists["--disable"]
    known = seen if enabled else frozenset()
    enabled |= {item.name for item in profiles if item.fields.get("Default") == "yes" and item.name not in known}
    chosen = [profile for profile in profiles if profile.name in enabled]
    for profile in list(chosen):
        if profile in chosen:
            chosen = [other for other in chosen if other.name not in profile.conflicts]
    return chosen


def _write_stack(files: Files, stack: str, profiles: Sequence[Profile], *, force: bool) -> None:
    target, pristine = f"{_CONFIGURATION}/common-{stack}", f"{_TEMPLATES}/common-{stack}"
    text = render_stack(files.text(target), stack, profiles) if files.is_file(target) else None
    if text is None and force:
        text = render_stack(files.text(pristine), stack, profiles)
    if text is None:
        raise NotUnderstoodError(f"{target} without the blocks of pam-auth-update")
    if force and files.is_file(target):
        files.copy(target, f"{target}.pam-old")
    files.write(target, text.encode("utf-8", "surrogateescape"), mode=0o644)
    files.write(f"{_SAVED}/{stack}", render_saved(stack, profiles).encode("utf-8", "surrogateescape"), mode=0o644)


COMMANDS: Mapping[str, Command] = {"pam-auth-update": _pam_auth_update}
"""Programs by name."""
