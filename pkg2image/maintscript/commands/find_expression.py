"""The expressions of ``find``, read into functions.

Spec: POSIX.1-2017 find; the manual of GNU findutils 4.9. Tests of times, inodes, links and regular expressions are
refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pkg2image.maintscript.commands.account_files import read_accounts
from pkg2image.maintscript.commands.find_found import Found, formatted
from pkg2image.maintscript.commands.modes import Change
from pkg2image.maintscript.commands.options import number
from pkg2image.maintscript.commands.ownership import group_name, user_name
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import FilesError
from pkg2image.maintscript.patterns import matches
from pkg2image.maintscript.session import Invocation
from pkg2image.rootfs.tree import Kind

_TYPES = {
    "f": Kind.FILE,
    "d": Kind.DIRECTORY,
    "l": Kind.SYMLINK,
    "p": Kind.FIFO,
    "b": Kind.BLOCK,
    "c": Kind.CHARACTER,
}
_UNITS = {"c": 1, "w": 2, "b": 512, "": 512, "k": 1024, "M": 1024**2, "G": 1024**3}
_SIZE = re.compile(r"([-+]?)([0-9]{1,12})([cwbkMG]?)\Z", re.ASCII)
_NUMBER = re.compile(r"([-+]?)([0-9]{1,10})\Z", re.ASCII)
_MAX_DEPTH = 50


Test = Callable[[Found], bool]


@dataclass(slots=True)
class Walk:
    """What the options of an expression say about the way, and what its actions leave.

    Args:
        invocation: The run of find.
        shallowest: ``-mindepth``.
        deepest: ``-maxdepth``, None for no limit.
        bottom_up: ``-depth``, and what ``-delete`` implies.
        acts: Whether the expression has an action, so that nothing is printed by default.
        quits: Set by ``-quit``.
        follows: Set by ``-follow``: symlinks are what they lead to.
        status: Exit status so far.
        batches: Commands of ``-exec ... +`` with the paths for them.
    """

    invocation: Invocation
    shallowest: int = 0
    deepest: int | None = None
    bottom_up: bool = False
    acts: bool = False
    quits: bool = False
    follows: bool = False
    status: int = 0
    batches: list[tuple[tuple[str, ...], list[str]]] = field(default_factory=list)

    def fail(self, message: str) -> None:
        """Report something and go on."""
        self.status = self.invocation.fail(message)


class Reader:
    """A position in the words of an expression.

    Args:
        words: The words.
        walk: Receives options; actions report to it.
    """

    def __init__(self, words: tuple[str, ...], walk: Walk) -> None:
        self._words = words
        self._at = 0
        self._walk = walk
        self._depth = 0

    def read(self) -> Test:
        """Return the whole expression, ``-print`` added when it has no action.

        Raises:
            NotUnderstoodError: When it is wrong or uses what is not supported.
        """
        test = self._alternatives() if self._words else (lambda _: True)
        if self._at < len(self._words):
            raise NotUnderstoodError(f"find: {self._words[self._at]!r} here")
        if self._walk.acts:
            return test
        output = self._walk.invocation.stdout

        def printing(found: Found) -> bool:
            if test(found):
                output.text(f"{found.path}\n")
            return True

        return printing

    def _peek(self) -> str:
        return self._words[self._at] if self._at < len(self._words) else ""

    def _next(self) -> str:
        if self._at >= len(self._words):
            raise NotUnderstoodError(f"find: something is missing after {self._words[-1]!r}")
        self._at += 1
        return self._words[self._at - 1]

    def _alternatives(self) -> Test:
        tests = [self._sequence()]
        while self._peek() in {"-o", "-or"}:
            self._next()
            tests.append(self._sequence())
        return (lambda found: any(test(found) for test in tests)) if len(tests) > 1 else tests[0]

    def _sequence(self) -> Test:
        tests = [self._negation()]
        while self._peek() not in {"", "-o", "-or", ")"}:
            if self._peek() in {"-a", "-and"}:
                self._next()
            tests.append(self._negation())
        return (lambda found: all(test(found) for test in tests)) if len(tests) > 1 else tests[0]

    def _negation(self) -> Test:
        word = self._next()
        if word in {"!", "-not"}:
            self._depth += 1
            if self._depth > _MAX_DEPTH:
                raise NotUnderstoodError("find: nested too deeply")
            test = self._negation()
            return lambda found: not test(found)
        if word == "(":
            self._depth += 1
            if self._depth > _MAX_DEPTH:
                raise NotUnderstoodError("find: nested too deeply")
            test = self._alternatives()
            if self._next() != ")":
                raise NotUnderstoodError("find: a ( without )")
            return test
        if word not in _PRIMARIES:
            raise NotUnderstoodError(f"find {word}")
        return _PRIMARIES[word](self, word)

    def always_(self, _word: str) -> Test:
        """``-true`` and options without meaning here."""
        return lambda _: True

    def follow_(self, _word: str) -> Test:
        """``-follow``."""
        self._walk.follows = True
        return lambda _: True

    def never_(self, _word: str) -> Test:
        """``-false``."""
        return lambda _: False

    def limit_(self, word: str) -> Test:
        """``-maxdepth`` and ``-mindepth``."""
        value = number(self._next(), f"find {word}")
        if word == "-maxdepth":
            self._walk.deepest = value
        else:
            self._walk.shallowest = value
        return lambda _: True

    def bottom_up_(self, _word: str) -> Test:
        """``-depth``."""
        self._walk.bottom_up = True
        return lambda _: True

    def pattern_(self, word: str) -> Test:
        """``-name``, ``-path`` and their like."""
        pattern = self._next()
        if "[^" in pattern:
            raise NotUnderstoodError(f"find {word} {pattern}")
        if word.startswith("-i"):
            if "[" in pattern:
                raise NotUnderstoodError(f"find {word} {pattern}")
            pattern = pattern.lower()
        whole = word.endswith(("path", "wholename"))

        def test(found: Found) -> bool:
            text = found.path if whole else found.name
            return matches(pattern, text.lower() if word.startswith("-i") else text)

        return test

    def link_name_(self, _word: str) -> Test:
        """``-lname``."""
        pattern = self._next()
        return lambda found: found.entry.kind is Kind.SYMLINK and matches(pattern, found.entry.target)

    def type_(self, _word: str) -> Test:
        """``-type``."""
        letters = self._next().split(",")
        if not set(letters) <= _TYPES.keys() | {"s"}:
            raise NotUnderstoodError(f"find -type {','.join(letters)}")
        kinds = {_TYPES[letter] for letter in letters if letter in _TYPES}
        return lambda found: found.entry.kind in kinds

    def empty_(self, _word: str) -> Test:
        """``-empty``."""
        files = self._walk.invocation.files

        def test(found: Found) -> bool:
            if found.entry.kind is Kind.DIRECTORY:
                return not files.list(found.path)
            return found.entry.kind is Kind.FILE and found.entry.size == 0

        return test

    def owner_(self, word: str) -> Test:
        """``-user`` and ``-group``."""
        name = self._next()
        accounts = read_accounts(self._walk.invocation.files)
        try:
            known = user_name(accounts, name) if word == "-user" else group_name(accounts, name)
        except LookupError as error:
            raise NotUnderstoodError(f"find {word} {name}: unknown") from error
        if word == "-user":
            return lambda found: found.entry.user == known
        return lambda found: found.entry.group == known

    def number_(self, word: str) -> Test:
        """``-uid`` and ``-gid``."""
        match = _NUMBER.match(self._next())
        if match is None:
            raise NotUnderstoodError(f"find {word}")
        accounts = read_accounts(self._walk.invocation.files)
        known = {user.name: user.uid for user in reversed(accounts.users)}
        if word == "-gid":
            known = {group.name: group.gid for group in reversed(accounts.groups)}

        def test(found: Found) -> bool:
            owner = found.entry.user if word == "-uid" else found.entry.group
            if owner not in known and not owner.isdigit():
                raise NotUnderstoodError(f"find {word}: the number of {owner}")
            return _compare(match[1], known[owner] if owner in known else int(owner), int(match[2]))

        return test

    def nobody_(self, word: str) -> Test:
        """``-nouser`` and ``-nogroup``."""
        if word == "-nouser":
            return lambda found: found.entry.user.isdigit()
        return lambda found: found.entry.group.isdigit()

    def permissions_(self, _word: str) -> Test:
        """``-perm``."""
        text = self._next()
        mode = Change(text.lstrip("-/")).apply(0, directory=False, umask=0)
        if text.startswith("-"):
            return lambda found: found.entry.mode & mode == mode
        if text.startswith("/"):
            return lambda found: mode == 0 or found.entry.mode & mode != 0
        return lambda found: found.entry.mode == mode

    def size_(self, _word: str) -> Test:
        """``-size``."""
        match = _SIZE.match(self._next())
        if match is None:
            raise NotUnderstoodError("find -size")
        sign, amount, unit = match[1], int(match[2]), _UNITS[match[3]]

        def test(found: Found) -> bool:
            if found.entry.kind is not Kind.FILE:
                raise NotUnderstoodError("find -size of something else than a file")
            return _compare(sign, -(-found.entry.size // unit), amount)

        return test

    def print_(self, word: str) -> Test:
        """``-print`` and ``-print0``."""
        self._walk.acts = True
        end = "\0" if word == "-print0" else "\n"

        def test(found: Found) -> bool:
            self._walk.invocation.stdout.text(found.path + end)
            return True

        return test

    def printf_(self, _word: str) -> Test:
        """``-printf``."""
        self._walk.acts = True
        template = self._next()

        def test(found: Found) -> bool:
            self._walk.invocation.stdout.text(formatted(template, found))
            return True

        return test

    def prune_(self, _word: str) -> Test:
        """``-prune``."""

        def test(found: Found) -> bool:
            found.prune = True
            return True

        return test

    def quit_(self, _word: str) -> Test:
        """``-quit``."""
        self._walk.acts = True

        def test(_found: Found) -> bool:
            self._walk.quits = True
            return True

        return test

    def delete_(self, _word: str) -> Test:
        """``-delete``."""
        self._walk.acts = self._walk.bottom_up = True
        files = self._walk.invocation.files

        def test(found: Found) -> bool:
            if found.path == ".":
                return True
            try:
                if found.entry.kind is Kind.DIRECTORY:
                    files.remove_directory(found.path)
                else:
                    files.remove(found.path)
            except FilesError as error:
                self._walk.fail(f"cannot delete '{found.path}': {error.reason}")
                return False
            return True

        return test

    def exec_(self, _word: str) -> Test:
        """``-exec``."""
        self._walk.acts = True
        words: list[str] = []
        while (word := self._next()) != ";" and not (word == "+" and words[-1:] == ["{}"]):
            words.append(word)
        if not words:
            raise NotUnderstoodError("find -exec without a command")
        walk = self._walk
        if word == "+":
            if any("{}" in earlier for earlier in words[:-1]):
                raise NotUnderstoodError("find -exec: more than one {} before +")
            paths: list[str] = []
            walk.batches.append((tuple(words[:-1]), paths))

            def collect(found: Found) -> bool:
                paths.append(found.path)
                return True

            return collect

        def run(found: Found) -> bool:
            return walk.invocation.run([word.replace("{}", found.path) for word in words]) == 0

        return run


def _compare(sign: str, value: int, given: int) -> bool:
    """Compare as the sign before a number asks for: more, less, or the same."""
    return value > given if sign == "+" else value < given if sign == "-" else value == given


_ALWAYS = ("-true", "-xdev", "-mount", "-noleaf", "-warn", "-nowarn", "-ignore_readdir_race")
_PRIMARIES: Mapping[str, Callable[[Reader, str], Test]] = {
    **dict.fromkeys(_ALWAYS, Reader.always_),
    "-false": Reader.never_,
    "-follow": Reader.follow_,
    **dict.fromkeys(("-maxdepth", "-mindepth"), Reader.limit_),
    **dict.fromkeys(("-depth", "-d"), Reader.bottom_up_),
    **dict.fromkeys(("-name", "-iname", "-path", "-ipath", "-wholename", "-iwholename"), Reader.pattern_),
    "-lname": Reader.link_name_,
    "-type": Reader.type_,
    "-empty": Reader.empty_,
    **dict.fromkeys(("-user", "-group"), Reader.owner_),
    **dict.fromkeys(("-uid", "-gid"), Reader.number_),
    **dict.fromkeys(("-nouser", "-nogroup"), Reader.nobody_),
    "-perm": Reader.permissions_,
    "-size": Reader.size_,
    **dict.fromkeys(("-print", "-print0"), Reader.print_),
    "-printf": Reader.printf_,
    "-prune": Reader.prune_,
    "-quit": Reader.quit_,
    "-delete": Reader.delete_,
    "-exec": Reader.exec_,
}
