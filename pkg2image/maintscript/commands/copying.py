"""``cp``.

Spec: POSIX.1-2017 cp; the manual of GNU coreutils 9.1. Backups, links instead of copies and questions are refused;
``-u`` is refused where it would have to compare times, which are those of the packages here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pkg2image.maintscript.commands.destinations import destinations
from pkg2image.maintscript.commands.options import Grammar, Options
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import Files, FilesError
from pkg2image.maintscript.session import Command, Invocation
from pkg2image.rootfs.tree import Entry, Kind

_GRAMMAR = Grammar(
    "adfnpPLHrRTt:uvxZ",
    {
        "archive": "a",
        "force": "f",
        "no-clobber": "n",
        "preserve?": "preserve",
        "no-preserve=": "no-preserve",
        "no-dereference": "P",
        "dereference": "L",
        "recursive": "r",
        "no-target-directory": "T",
        "target-directory=": "t",
        "update": "u",
        "verbose": "v",
        "one-file-system": "x",
        "remove-destination": "remove",
        "reflink?": "reflink",
        "context?": "Z",
    },
)
_DEFAULT = frozenset({"mode", "ownership", "timestamps"})
_ALL = frozenset({*_DEFAULT, "links", "xattr"})
_IGNORED = frozenset({"context"})  # SELinux labels, which images have none of


def cp(invocation: Invocation) -> int:
    """``cp [-a] [-d] [-f] [-n] [-p] [-P] [-L] [-r] [-T] [-t directory] [-v] source... target``."""
    options = _GRAMMAR.parse(invocation.arguments)
    preserved = _preserved(options)
    recursive = bool({"a", "r", "R"} & {name for name, _ in options.given})
    links = options.latest("P", "L", "H", "d", "a") or ("P" if recursive else "L")
    copier = _Copier(
        invocation,
        preserved=preserved,
        recursive=recursive,
        follow=links == "L",
        follow_operands=links in {"L", "H"},
        no_clobber="n" in options,
        update="u" in options,
        remove_first="remove" in options,
        verbose="v" in options,
    )
    for source, target in destinations(invocation, options, options.operands):
        copier.copy_operand(source, target)
    return copier.status


def _preserved(options: Options) -> frozenset[str]:
    preserved: set[str] = set()
    if any("mode" in value for value in options.all("no-preserve")):
        raise NotUnderstoodError("cp --no-preserve=mode")
    for name, value in options.given:
        if name == "a":
            preserved |= _ALL
        elif name == "p" or (name == "preserve" and not value):
            preserved |= _DEFAULT
        elif name == "d":
            preserved.add("links")
        elif name in {"preserve", "no-preserve"}:
            names = {known for item in value.split(",") for known in (_ALL if item == "all" else {item})}
            if not names <= _ALL | _IGNORED:
                raise NotUnderstoodError(f"cp --{name}={value}")
            preserved = preserved | names if name == "preserve" else preserved - names
    return frozenset(preserved - _IGNORED)


@dataclass(slots=True)
class _Copier:
    """One run of cp."""

    invocation: Invocation
    preserved: frozenset[str]
    recursive: bool
    follow: bool
    follow_operands: bool
    no_clobber: bool
    update: bool
    remove_first: bool
    verbose: bool
    status: int = 0
    _linked: dict[str, str] = field(default_factory=dict)

    @property
    def _files(self) -> Files:
        return self.invocation.files

    def copy_operand(self, source: str, target: str) -> None:
        """Copy what was named on the command line."""
        try:
            if self._is_inside(source, target):
                raise NotUnderstoodError(f"cp of {source} into itself")
            self._copy(source, target, follow=self.follow_operands)
        except FilesError as error:
            self._fail(f"cannot copy '{source}' to '{target}': {error.reason}")

    def _is_inside(self, source: str, target: str) -> bool:
        if not (self.recursive and self._files.is_directory(source)):
            return False
        return f"{self._files.canonical(target)}/".startswith(f"{self._files.canonical(source)}/")

    def _fail(self, message: str) -> None:
        self.status = self.invocation.fail(message)

    def _copy(self, source: str, target: str, *, follow: bool) -> None:
        entry = self._files.lookup(source) if follow else self._files.lstat(source)
        if entry is None:
            return self._fail(f"cannot stat '{source}': No such file or directory")
        if entry.kind is Kind.DIRECTORY:
            return self._copy_directory(source, target, entry)
        old = self._files.lstat(target)
        if old is not None and not self._may_replace(source, entry, target, old, follow=follow):
            return None
        if self.verbose:
            self.invocation.stdout.text(f"'{source}' -> '{target}'\n")
        if self._made_link(entry, target):
            return None
        self._files.copy(source, target, follow=follow)
        if entry.kind is not Kind.FILE:
            self._files.chown(target, "root", "root", follow=False)
        self._preserve(target, entry, follow=entry.kind is not Kind.SYMLINK)
        return None

    def _may_replace(self, source: str, entry: Entry, target: str, old: Entry, *, follow: bool) -> bool:
        """Say whether to go on with a target that exists, after removing it where cp does so."""
        files = self._files
        if self.no_clobber:
            return False
        if self.update:
            raise NotUnderstoodError("cp -u of a file that exists")
        new = files.lookup(target)
        if new is not None and new.kind is Kind.DIRECTORY and old.kind is Kind.DIRECTORY:
            self._fail(f"cannot overwrite directory '{target}' with non-directory '{source}'")
            return False
        if (
            files.canonical(source) == files.canonical(target)
            and (follow or old.kind is not Kind.SYMLINK)
            and not (self.remove_first and old.kind is Kind.SYMLINK)
        ):
            self._fail(f"'{source}' and '{target}' are the same file")
            return False
        if self.remove_first or entry.kind is not Kind.FILE:
            files.remove(target)
        elif new is None:
            self._fail(f"not writing through dangling symlink '{target}'")
            return False
        return True

    def _made_link(self, entry: Entry, target: str) -> bool:
        """Make a hard link to an earlier copy of another name of the same file, when links are preserved."""
        if not entry.inode or "links" not in self.preserved:
            return False
        first = self._linked.setdefault(entry.inode, target)
        if first == target:
            return False
        if self._files.lstat(target) is not None:
            self._files.remove(target)
        self._files.link(first, target)
        return True

    def _copy_directory(self, source: str, target: str, entry: Entry) -> None:
        files = self._files
        if not self.recursive:
            return self._fail(f"-r not specified; omitting directory '{source}'")
        old = files.lookup(target)
        if old is None:
            if files.lstat(target) is not None:
                return self._fail(f"cannot overwrite non-directory '{target}' with directory '{source}'")
            files.make_directory(target, entry.mode & 0o1777 & ~files.umask)
            if self.verbose:
                self.invocation.stdout.text(f"'{source}' -> '{target}'\n")
        elif old.kind is not Kind.DIRECTORY:
            return self._fail(f"cannot overwrite non-directory '{target}' with directory '{source}'")
        for name in files.list(source):
            self._copy(f"{source.rstrip('/')}/{name}", f"{target.rstrip('/')}/{name}", follow=self.follow)
        self._preserve(target, entry, follow=True)
        return None

    def _preserve(self, target: str, entry: Entry, *, follow: bool) -> None:
        files = self._files
        if "ownership" in self.preserved:
            files.chown(target, entry.user, entry.group, follow=follow)
        if "mode" in self.preserved:
            files.chmod(target, entry.mode, follow=follow)
        if "xattr" in self.preserved and follow:
            for name, value in entry.xattrs:
                files.set_xattr(target, name, value)
        if "timestamps" in self.preserved and follow:
            files.set_mtime(target, entry.mtime)


COMMANDS: Mapping[str, Command] = {"cp": cp}
