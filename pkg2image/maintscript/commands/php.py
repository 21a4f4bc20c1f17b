"""phpenmod, phpdismod and phpquery: links in ``conf.d`` of every PHP interface, and who made them.

Spec: the scripts of php-common, version 2:93.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pkg2image.maintscript.commands.options import Grammar, Options
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import Files
from pkg2image.maintscript.session import Command, Invocation
from pkg2image.rootfs.tree import Kind

_STATE = "/var/lib/php/modules"
_INTERFACES = "/usr/lib/php"
_PRIORITY = re.compile(r"^;\s*priority\s*=\s*(\d+)\s*$", re.MULTILINE | re.ASCII)
_VERSION = re.compile(r".*[0-9]\.[0-9]")
_ACTORS = ("admin", "maint")
_BY_ADMIN, _BY_MAINT, _FOREIGN = 32, 33, 34  # statuses of phpquery for modules that are switched off, or not ours


@dataclass(frozen=True, slots=True)
class _Module:
    """A module for one interface of one version."""

    files: Files
    version: str
    interface: str
    name: str

    @property
    def ini(self) -> str:
        return f"/etc/php/{self.version}/mods-available/{self.name}.ini"

    @property
    def link(self) -> str:
        found = _PRIORITY.search(self.files.text(self.ini))
        return f"{self.directory}/{found[1] if found else '20'}-{self.name}.ini"

    @property
    def directory(self) -> str:
        return f"/etc/php/{self.version}/{self.interface}/conf.d"

    def marker(self, action: str, actor: str) -> str:
        return f"{_STATE}/{self.version}/{self.interface}/{action}_by_{actor}/{self.name}"

    def status(self) -> int:
        """Return what phpquery would return for the module."""
        if not self.files.is_file(self.ini):
            return 1
        if self.files.exists(self.link):
            return 0 if not _is_link(self.files, self.link) or self.files.readlink(self.link) == self.ini else _FOREIGN
        disabled = [actor for actor in _ACTORS if self.files.exists(self.marker("disabled", actor))]
        return {"admin": _BY_ADMIN, "maint": _BY_MAINT}[disabled[0]] if disabled else 1

    def record(self, action: str, actor: str) -> None:
        """Note who enabled or disabled the module last."""
        markers = [self.marker(state, who) for state in ("disabled", "enabled") for who in _ACTORS]
        if self.files.exists(self.marker(action, "admin")):
            return
        if self.files.exists(self.marker(action, "maint")) and actor == "maint":
            return
        for path in markers:
            _remove(self.files, path)
        _touch(self.files, self.marker(action, actor))


def _switch(call: Invocation) -> int:
    options = Grammar("pfv:s:mqr", permute=False).parse(call.arguments)
    if "f" in options or not options.operands:
        raise NotUnderstoodError(f"{call.name} {' '.join(call.arguments)}")
    actor = "maint" if "m" in options else "admin"
    for name in (operand.partition("/")[0] for operand in options.operands):
        for version in _versions(call.files, options):
            for interface in _interfaces(call.files, options, version):
                module = _Module(call.files, version, interface, name)
                if call.name == "phpenmod":
                    _enable(call, module, actor)
                else:
                    _disable(call, module, actor, purge="p" in options)
            _register(call, options, version, name)
    return 0


def _versions(files: Files, options: Options) -> tuple[str, ...]:
    wanted = options.all("v")
    if wanted and "ALL" not in wanted:
        return wanted
    names = files.list(_INTERFACES) if files.is_directory(_INTERFACES) else ()
    return tuple(sorted((name for name in names if _VERSION.fullmatch(name)), key=float, reverse=True))


def _interfaces(files: Files, options: Options, version: str) -> tuple[str, ...]:
    wanted = options.all("s")
    if wanted and "ALL" not in wanted:
        return wanted
    directory = f"{_INTERFACES}/{version}/sapi"
    return files.list(directory) if files.is_directory(directory) else ()


def _register(call: Invocation, options: Options, version: str, name: str) -> None:
    path = f"{_STATE}/{version}/registry/{name}"
    if call.name == "phpenmod" and "r" in options:
        _touch(call.files, path)
    elif call.name == "phpdismod" and ("r" in options or "p" in options):
        _remove(call.files, path)


def _enable(call: Invocation, module: _Module, actor: str) -> None:
    files = call.files
    if not files.is_file(module.ini):
        _warn(call, f"Module {module.name} ini file doesn't exist under /etc/php/{module.version}/mods-available")
        return
    status = module.status()
    if status == _FOREIGN or (status == _BY_ADMIN and actor == "maint"):
        _warn(call, f"Not enabling the {module.name} module for PHP {module.version} {module.interface} SAPI")
    elif not files.is_directory(module.directory):
        _warn(call, f"Directory {module.directory} doesn't exist, not enabling the module")
    else:
        if not _is_link(files, module.link):
            files.symlink(module.ini, module.link)
        module.record("enabled", actor)


def _disable(call: Invocation, module: _Module, actor: str, *, purge: bool) -> None:
    files = call.files
    if not files.is_file(module.ini):
        if purge:
            raise NotUnderstoodError(f"phpdismod -p of the missing module {module.name}")
        _warn(call, f"Module {module.name} ini file doesn't exist under /etc/php/{module.version}/mods-available")
        return
    if module.status() == _FOREIGN:
        _warn(call, f"Not disabling module {module.name} for {module.interface} SAPI.")
        return
    if _is_link(files, module.link):
        files.remove(module.link)
    module.record("disabled", actor)
    if purge:
        for marker in (module.marker(state, who) for state in ("disabled", "enabled") for who in _ACTORS):
            _remove(files, marker)


def _query(call: Invocation) -> int:
    options = Grammar("dqv:s:m:MSV", permute=False).parse(call.arguments)
    actions = {name for name, _ in options.given} - {"q", "v", "s"}
    files = call.files
    match sorted(actions):
        case ["V"]:
            return _print(call, _versions(files, Options((), ())))
        case ["S"] if "v" in options:
            return _print(call, _interfaces(files, Options((), ()), options.last("v") or ""))
        case ["M"] if "v" in options:
            directory = f"{_STATE}/{options.last('v')}/registry"
            return _print(call, files.list(directory) if files.is_directory(directory) else ())
        case ["m"] if "v" in options and "s" in options:
            version, interface, name = (options.last(letter) or "" for letter in "vsm")
            return _Module(files, version, interface, name).status()
        case [] if "v" in options:
            path = f"{_INTERFACES}/{options.last('v')}" + (f"/sapi/{options.last('s')}" if "s" in options else "")
            return 0 if files.exists(path) else 1
    raise NotUnderstoodError(f"phpquery {' '.join(call.arguments)}")


def _print(call: Invocation, lines: tuple[str, ...]) -> int:
    call.stdout.text("".join(f"{line}\n" for line in lines))
    return 0


def _warn(call: Invocation, text: str) -> None:
    call.stderr.text(f"WARNING: {text}\n")


def _is_link(files: Files, path: str) -> bool:
    entry = files.lstat(path)
    return entry is not None and entry.kind is Kind.SYMLINK


def _touch(files: Files, path: str) -> None:
    files.make_directory(path.rpartition("/")[0], 0o755, parents=True)
    files.write(path, b"", append=True, mode=0o644)


def _remove(files: Files, path: str) -> None:
    if files.lstat(path):
        files.remove(path)


COMMANDS: Mapping[str, Command] = {"phpdismod": _switch, "phpenmod": _switch, "phpquery": _query}
"""Programs by name."""
