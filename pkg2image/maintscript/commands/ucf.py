"""ucf and ucfr: configuration files that scripts install, with a memory of what was installed.

On a first installation ucf copies the default to its place. Its numbered backups of its own files (``hashfile.0``)
are not made. A question about a changed file cannot come up on a first installation; if it would, it is not
understood.

Spec: ucf(1), ucfr(1).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from pkg2image.maintscript.commands.divert import load_diversions, true_name
from pkg2image.maintscript.commands.options import Grammar, Options
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import Files
from pkg2image.maintscript.session import Command, Invocation
from pkg2image.rootfs.tree import Kind

_STATE = "/var/lib/ucf"
_HASHES = f"{_STATE}/hashfile"
_REGISTRY = f"{_STATE}/registry"
_CACHED_SIZE = 25600  # bytes from which on a file is cached for --three-way only
_UCF = Grammar(
    "s:d::D::pP:vZ",
    {
        "src-dir=": "s",
        "sum-file=": "sum-file",
        "package=": "P",
        "purge": "p",
        "verbose": "v",
        "three-way": "three-way",
        "debconf-ok": "debconf-ok",
        "debconf-template=": "debconf-template",
    },
)
_ONE_DASH = frozenset({"-three-way", "-debconf-ok", "-purge", "-verbose"})
_UCFR = Grammar("fpv", {"force": "f", "purge": "p", "verbose": "v"})


@dataclass(frozen=True, slots=True)
class _Install:
    """One call that installs a file.

    Args:
        call: The call.
        options: Its options.
        new: The default, canonical.
        target: Where it goes.
    """

    call: Invocation
    options: Options
    new: str
    target: str

    @property
    def files(self) -> Files:
        return self.call.files

    @property
    def sum(self) -> str:
        return _md5(self.files, self.new)


def _ucf(call: Invocation) -> int:
    # Its getopt takes long options with one dash too.
    options = _UCF.parse([f"-{word}" if word in _ONE_DASH else word for word in call.arguments])
    files = call.files
    if "p" in options:
        if len(options.operands) != 1:
            return call.fail("*** ERROR: Need exactly one argument when purging", 2)
        return _purge(files, _canonical_if_there(files, options.operands[0]))
    if len(options.operands) != 2:
        return call.fail("*** ERROR: Need exactly two arguments", 2)
    new, target = options.operands
    if not files.exists(new):
        return call.fail(f"Error: The new file {new} does not exist!")
    target = true_name(files, _canonical_if_there(files, target), options.last("P") or "")
    files.make_directory(f"{_STATE}/cache", 0o755, parents=True)
    return _install(_Install(call, options, f"/{files.canonical(new)}", target))


def _canonical_if_there(files: Files, path: str) -> str:
    return f"/{files.canonical(path)}" if files.exists(path) else files.absolute(path)


def _install(request: _Install) -> int:
    if not request.files.exists(request.target):
        return _install_missing(request)
    has, new = _md5(request.files, request.target), request.sum
    last = _lines(request.files, _HASHES).get(request.target)
    known = _historical_sums(request) if last is None else {}
    unmodified = has in known.values() or (has == last != new)
    if unmodified:
        request.call.stderr.text(f"Replacing config file {request.target} with new version\n")
        return _replace(request)
    if new == last:
        return 0
    if new in {has, known.get("default")}:
        return _remember(request)
    raise NotUnderstoodError(f"ucf asks about the changed file {request.target}")


def _install_missing(request: _Install) -> int:
    last = _lines(request.files, _HASHES).get(request.target)
    if last is None:
        request.call.stderr.text(f"\nCreating config file {request.target} with new version\n")
        return _replace(request)
    if last == request.sum:
        request.call.stderr.text(f"Not replacing deleted config file {request.target}\n")
        return 0
    raise NotUnderstoodError(f"ucf asks about the deleted file {request.target}")


def _historical_sums(request: _Install) -> dict[str, str]:
    """Return the sums of earlier defaults by name; ``default`` is what is taken for a file of unknown history."""
    files = request.files
    directory, _, name = request.new.rpartition("/")
    directory = request.options.last("s") or directory
    folder, single = f"{directory}/{name}.md5sum.d", f"{directory}/{name}.md5sum"
    if files.is_directory(folder):
        return {item: files.text(f"{folder}/{item}").split(None, 1)[0] for item in files.list(folder)}
    single = request.options.last("sum-file") or single
    if not files.is_file(single):
        return {}
    lines = (line.split() for line in files.text(single).splitlines())
    return {
        fields[-1] if fields[-1] == "default" else str(index): fields[0] for index, fields in enumerate(lines) if fields
    }


def _replace(request: _Install) -> int:
    files, target = request.files, request.target
    entry = files.lstat(target)
    if entry is not None and entry.kind is Kind.SYMLINK and not files.exists(target):
        files.remove(target)
    files.copy(request.new, target, preserve=not files.exists(target))
    return _remember(request)


def _remember(request: _Install) -> int:
    """Note the sum of the default and keep a copy of it."""
    files, target = request.files, request.target
    _append(files, _HASHES, target, f"{request.sum}  {target}")
    entry = files.lookup(request.new)
    if "three-way" in request.options or (entry is not None and entry.size < _CACHED_SIZE):
        files.copy(request.new, _cached(target), preserve=True)
    return 0


def _cached(target: str) -> str:
    return f"{_STATE}/cache/{target.replace('/', ':')}"


def _purge(files: Files, target: str) -> int:
    files.make_directory(f"{_STATE}/cache", 0o755, parents=True)
    if files.is_file(_HASHES):
        _append(files, _HASHES, target, "")
    if files.is_file(_cached(target)):
        files.remove(_cached(target))
    return 0


def _ucfr(call: Invocation) -> int:
    options = _UCFR.parse(call.arguments)
    if len(options.operands) != 2:
        return call.fail("*** ERROR: Need exactly two arguments", 3)
    package, path = options.operands
    if not path.startswith("/"):
        return 0
    files, real = call.files, f"/{call.files.canonical(path)}"
    files.make_directory(_STATE, 0o755, parents=True)
    if not files.is_file(_REGISTRY):
        files.write(_REGISTRY, b"", mode=0o644)
    if "p" in options:
        return _forget(call, options, package, real)
    owner = _lines(files, _REGISTRY).get(real)
    taken = owner not in {None, package}
    if taken and "f" not in options and path not in load_diversions(files):
        return call.fail(f"Attempt from package {package}  to take {real} away from package {owner}", 4)
    if owner is None or (taken and path not in load_diversions(files)):
        _append(files, _REGISTRY, real, f"{package} \t {real}")
    return 0


def _forget(call: Invocation, options: Options, package: str, path: str) -> int:
    owner = _lines(call.files, _REGISTRY).get(path)
    if owner is None:
        return 0
    if owner != package and "f" not in options:
        return call.fail(f"Association belongs to {owner}, not {package}", 5)
    _append(call.files, _REGISTRY, path, "")
    return 0


def _lines(files: Files, path: str) -> dict[str, str]:
    """Return the last word of every line -> the first one."""
    lines = files.text(path).splitlines() if files.is_file(path) else []
    return {words[-1]: words[0] for line in lines if len(words := line.split()) > 1}


def _append(files: Files, path: str, key: str, line: str) -> None:
    """Drop the line that ends in a word, and put another one at the end."""
    old = files.text(path).splitlines() if files.is_file(path) else []
    kept = [item for item in old if item.split()[-1:] != [key]]
    text = "".join(f"{item}\n" for item in (*kept, line) if item)
    files.write(path, text.encode("utf-8", "surrogateescape"), mode=0o644)


def _md5(files: Files, path: str) -> str:
    return hashlib.md5(files.read(path), usedforsecurity=False).hexdigest()


COMMANDS: Mapping[str, Command] = {"ucf": _ucf, "ucfr": _ucfr}
"""Programs by name."""
