"""a2enmod and its siblings, and a2query: what the Apache web server loads, and who decided so.

Spec: a2enmod(8), a2query(1); the programs of apache2 2.4.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pkg2image.maintscript.commands.options import Grammar
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import Files
from pkg2image.maintscript.session import Command, Invocation, Noop
from pkg2image.rootfs.tree import Kind

_ROOT = "/etc/apache2"
_STATE = "/var/lib/apache2"
_GRAMMAR = Grammar("qfmp", {"quiet": "q", "force": "f", "maintmode": "m", "purge": "p"})
_KINDS = {
    "mod": ("module", "mods", ".load"),
    "conf": ("conf", "conf", ".conf"),
    "site": ("site", "sites", ".conf"),
}
_ESSENTIAL = frozenset(
    {"alias", "auth_basic", "authn_file", "authz_host", "authz_user", "autoindex", "deflate", "dir", "env"}
    | {"filter", "logio", "mime", "negotiation", "setenvif", "unixd", "version", "watchdog"}
)
_BY_ADMIN, _BY_MAINT = 32, 33
_COMMENT = re.compile(r"\s*(?:#.*)?")


@dataclass(frozen=True, slots=True)
class _Switch:
    """One call of a program of the family.

    Args:
        call: The call.
        kind: ``mod``, ``conf`` or ``site``.
        enable: Or disable.
        flags: Letters of the options.
    """

    call: Invocation
    kind: str
    enable: bool
    flags: frozenset[str]

    @property
    def files(self) -> Files:
        return self.call.files

    @property
    def suffix(self) -> str:
        return _KINDS[self.kind][2]

    def available(self, name: str, suffix: str = "") -> str:
        return f"{_ROOT}/{_KINDS[self.kind][1]}-available/{name}{suffix or self.suffix}"

    def enabled(self, name: str, suffix: str = "") -> str:
        return f"{_ROOT}/{_KINDS[self.kind][1]}-enabled/{name}{suffix or self.suffix}"

    def error(self, text: str) -> bool:
        self.call.stderr.text(f"ERROR: {text}\n")
        return False

    def say(self, text: str) -> None:
        self.call.stdout.text(f"{text}\n")


def _switch(call: Invocation) -> int:
    if call.environment.get("APACHE_CONFDIR", _ROOT) != _ROOT or "APACHE_STATE_DIRECTORY" in call.environment:
        raise NotUnderstoodError(f"{call.name} for another instance of Apache")
    if not call.files.is_directory(_ROOT):
        # The server is not in the image: the real program would not be there to be called.
        call.session.noops.append(Noop(" ".join((call.name, *call.arguments)), call.line))
        return 0
    options = _GRAMMAR.parse(call.arguments)
    if not options.operands:
        raise NotUnderstoodError(f"{call.name} without a name")
    flags = frozenset(name for name, _ in options.given)
    switch = _Switch(call, call.name[4:] if call.name[2:4] == "en" else call.name[5:], call.name[2:4] == "en", flags)
    status = 0
    for word in options.operands:
        pattern = word.removesuffix(switch.suffix)
        where = switch.available if switch.enable else switch.enabled
        found = call.files.glob(where(pattern)) if set(pattern) & set("*?[") else (where(pattern),)
        if not found:
            switch.error(f"No {_KINDS[switch.kind][0]} found matching {pattern}!")
            status = 1
        for path in found:
            name = path.rpartition("/")[2].removesuffix(switch.suffix)
            status = status if _apply(switch, name) else 1
    return status


def _apply(switch: _Switch, name: str) -> bool:
    if switch.enable and switch.kind == "mod" and name == "cgi" and _threaded(switch):
        switch.say("Your MPM seems to be threaded. Selecting cgid instead of cgi.")
        name = "cgid"
    if not switch.files.exists(switch.available(name)):
        if "p" in switch.flags:
            _mark(switch, name)
            return True
        return switch.error(f"{_KINDS[switch.kind][0].capitalize()} {name} does not exist!")
    return _enable(switch, name) if switch.enable else _disable(switch, name)


def _threaded(switch: _Switch) -> bool:
    enabled = {mpm for mpm in ("prefork", "worker", "event") if switch.files.exists(switch.enabled(f"mpm_{mpm}"))}
    return "prefork" not in enabled and bool(enabled)


def _enable(switch: _Switch, name: str) -> bool:
    if not _meet_relations(switch, name):
        return False
    wanted = [(switch.available(name), switch.enabled(name))]
    if switch.kind == "mod" and switch.files.exists(switch.available(name, ".conf")):
        wanted.insert(0, (switch.available(name, ".conf"), switch.enabled(name, ".conf")))
    states = [_link_state(switch.files, target, link) for target, link in wanted]
    if "foreign" in states:
        return switch.error(f"{name} not properly enabled: a file or another link is in the way")
    new = states[-1] == "missing"
    if new:
        switch.say(f"Enabling {_KINDS[switch.kind][0]} {name}.")
    for (target, link), state in zip(wanted, states, strict=True):
        if state == "missing":
            switch.files.symlink(f"../{target.removeprefix(_ROOT + '/')}", link)
    if new:
        _mark(switch, name)
    return True


def _meet_relations(switch: _Switch, name: str) -> bool:
    """Enable what a module depends on, and see that nothing it conflicts with is enabled."""
    if switch.kind != "mod":
        missing = [
            item
            for item in _relations(switch, name, "Depends")
            if not switch.files.exists(f"{_ROOT}/mods-enabled/{item}.load")
        ]
        for item in missing[:1]:
            switch.call.stderr.text(f"WARNING: Module {item} is not enabled, but {name} depends on it, aborting\n")
        return not missing
    for item in _relations(switch, name, "Depends"):
        if not _apply(switch, item):
            return switch.error(f"Could not enable dependency {item} for {name}, aborting")
    conflicts = [
        item
        for item in _relations(switch, name, "Conflicts")
        if _link_state(switch.files, switch.available(item), switch.enabled(item)) == "ok"
    ]
    for item in conflicts:
        switch.error(f"Module {item} is enabled - cannot proceed due to conflicts. It needs to be disabled first!")
    return not conflicts


def _relations(switch: _Switch, name: str, field: str) -> tuple[str, ...]:
    """Return the names in a comment ``# Depends: ...`` before the first directive."""
    for line in switch.files.text(switch.available(name)).splitlines():
        if match := re.match(rf"# {field}:\s+(.*?)\s*$", line):
            return tuple(match[1].split())
        if not _COMMENT.fullmatch(line):
            break
    return ()


def _link_state(files: Files, target: str, link: str) -> str:
    if not files.exists(link):
        if files.lstat(link):
            files.remove(link)
        return "missing"
    entry = files.lstat(link)
    is_link = entry is not None and entry.kind is Kind.SYMLINK
    return "ok" if is_link and files.canonical(link) == files.canonical(target) else "foreign"


def _disable(switch: _Switch, name: str) -> bool:
    files = switch.files
    if switch.kind == "mod":
        depending = [
            other.rpartition("/")[2].removesuffix(".load")
            for other in files.glob(f"{_ROOT}/mods-enabled/*.load")
            if name in _relations(switch, other.rpartition("/")[2].removesuffix(".load"), "Depends")
        ]
        if depending and "f" not in switch.flags:
            return switch.error(f"The following modules depend on {name} and need to be disabled first: {depending}")
        if not all(_apply(switch, other) for other in depending):
            return False
        if name in _ESSENTIAL and "f" not in switch.flags and files.lstat(switch.enabled(name)):
            raise NotUnderstoodError(f"{switch.call.name} asks about the essential module {name}")
    if files.lstat(switch.enabled(name)) is None:
        if "p" in switch.flags:
            _mark(switch, name)
        return True
    for link in (switch.enabled(name), switch.enabled(name, ".conf")):
        entry = files.lstat(link)
        if entry is not None and entry.kind is Kind.SYMLINK:
            files.remove(link)
    _mark(switch, name)
    switch.say(f"{_KINDS[switch.kind][0].capitalize()} {name} disabled.")
    return True


def _mark(switch: _Switch, name: str) -> None:
    """Note who enabled or disabled something, in place of what was noted before."""
    directory = f"{_STATE}/{_KINDS[switch.kind][0]}"
    actor = "maint" if "m" in switch.flags else "admin"
    marks = f"{directory}/{'enabled' if switch.enable else 'disabled'}_by_{actor}"
    switch.files.make_directory(marks, 0o755, parents=True)
    for folder in switch.files.list(directory):
        if switch.files.is_file(f"{directory}/{folder}/{name}"):
            switch.files.remove(f"{directory}/{folder}/{name}")
    if "p" not in switch.flags:
        switch.files.write(f"{marks}/{name}", b"", mode=0o644)


def _query(call: Invocation) -> int:
    bare = call.arguments[-1:] in {("-m",), ("-s",), ("-c",)}
    options = Grammar("m:s:c:avMdq", permute=False).parse((*call.arguments, *([""] if bare else ())))
    if len({name for name, _ in options.given} - {"q"}) != 1 or options.operands:
        raise NotUnderstoodError(f"a2query {' '.join(call.arguments)}")
    letter, value = next(item for item in options.given if item[0] != "q")
    if letter in "msc":
        return _query_state(call, {"m": "mod", "s": "site", "c": "conf"}[letter], value, quiet="q" in options)
    if letter == "M":
        paths = call.files.glob(f"{_ROOT}/mods-enabled/mpm_*.load")
        text = paths[0].rpartition("mpm_")[2].removesuffix(".load") if paths else "invalid"
    else:
        text = _constant(call.files, {"a": "API", "v": "SERVER_VERSION", "d": "MODULE_DIR"}[letter])
    call.stdout.text("" if "q" in options else f"{text}\n")
    return 0


def _constant(files: Files, name: str) -> str:
    """Return what the packaged program says about its server."""
    found = re.search(rf'^our \${name} = "([^"]*)";', files.text("/usr/sbin/a2query"), re.MULTILINE)
    if found is None:
        raise NotUnderstoodError(f"a2query does not know {name}")
    return found[1]


def _query_state(call: Invocation, kind: str, pattern: str, *, quiet: bool) -> int:
    what, directory, suffix = _KINDS[kind]
    name = re.sub(r"\.(?:conf|load)", "", pattern.removeprefix("mod"), count=1)
    entries = call.files.glob(f"{_ROOT}/{directory}-enabled/*{suffix}")
    enabled = [path.rpartition("/")[2].removesuffix(suffix) for path in entries]
    found = [item for item in enabled if name in {"", item}]
    for item in found:
        actor = _actor(call.files, what, "enabled", item)
        call.stdout.text("" if quiet else f"{item} (enabled by {_ACTORS.get(actor, 'unknown')})\n")
    if found:
        return 0
    actor = _actor(call.files, what, "disabled", name)
    reason = f" (disabled by {_ACTORS[actor]})" if actor else ""
    call.stderr.text("" if quiet else f"No {what} matches {name}{reason}\n")
    return {"maint": _BY_MAINT, "admin": _BY_ADMIN}.get(actor, 1)


_ACTORS = {"maint": "maintainer script", "admin": "site administrator"}


def _actor(files: Files, what: str, state: str, name: str) -> str:
    marks = (actor for actor in _ACTORS if files.exists(f"{_STATE}/{what}/{state}_by_{actor}/{name}"))
    return next(marks, "")


COMMANDS: Mapping[str, Command] = {
    **dict.fromkeys(("a2enmod", "a2enconf", "a2ensite", "a2dismod", "a2disconf", "a2dissite"), _switch),
    "a2query": _query,
}
"""Programs by name."""
