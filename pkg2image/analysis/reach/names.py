"""What the names in programs and texts lead to: files, directories, programs, shared objects.

A name is a guess: whoever says ``/usr/lib`` means no file in it, and whoever says ``/usr/share/zoneinfo`` means all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from pkg2image.analysis.reach.references import Reference
from pkg2image.analysis.shebangs import PROGRAM_DIRECTORIES
from pkg2image.deb.elf_strings import named_files
from pkg2image.rootfs.globbing import matches
from pkg2image.rootfs.tree import Kind, Tree

# Directories that many share: naming one says nothing about what is in it.
_SHARED = re.compile(
    r"(?:usr/|usr/local/|opt/)?(?:bin|sbin|games|etc|include|lib(?:32|64|exec|o32|x32)?|share|src|man)?"
    r"|usr(?:/local)?|opt|srv|run(?:/lock)?"
    r"|(?:usr/)?lib/[^/]+-linux-[^/]+"
    r"|var(?:/(?:backups|cache|db|lib|local|lock|log|mail|opt|run|spool|tmp))?|var/lib/dpkg(?:/.*)?"
    r"|usr/share/(?:doc|info|java|javascript|locale|man|maven-repo|misc|xml)|usr/lib/(?:debug|jvm|python3|ssl)"
    r"|usr/lib/locale(?:/.*)?|usr/share/i18n(?:/.*)?|etc/(?:alternatives|default|init\.d|profile\.d|skel|ssl)"
    # What a configuration chooses from.
    r"|(?:usr/)?lib/[^/]+/(?:gconv|sasl2|security)|usr/share/ca-certificates(?:/.*)?",
    re.DOTALL,
)
_FOLLOWED = re.compile(
    r"(?:usr/(?:local/)?(?:lib|share)|etc)/(?:[^/]+-linux-[^/]+/)?"
    r"(?:perl|perl5|perl-base|site_perl|php|pypy3|python[0-9.]*|ruby)(?:/.*)?"
    r"|usr/lib/jvm(?:/.*)?",
    re.DOTALL,
)
_INTERPRETER = re.compile(
    r"(?:ba|da|k|mk|z)?sh|python[0-9.]*|perl[0-9.]*|ruby[0-9.]*|php[a-z0-9.-]*|java|node(?:js)?|[gm]?awk|lua[0-9.]*"
    r"|env|setpriv|tini|dumb-init"
)
_LIBRARY_OF_LANGUAGE = re.compile(
    r"usr/lib/python3\.[0-9]+/(?!dist-packages/).*|usr/lib/ruby/[0-9][^/]*/.*"
    r"|usr/(?:lib/[^/]+-linux-[^/]+/perl-base|(?:share|lib/[^/]+-linux-[^/]+)/perl/[0-9.]+)/.*"
    r"|usr/lib/jvm/[^/]+/(?:jre/)?(?!bin/)[^/]+/.*",
    re.DOTALL,
)
UNFOLLOWED = re.compile(
    r"usr/(?:lib|share)/(?:[^/]+-linux-[^/]+/)?(?:cli|elixir|emacs|erlang|ghc|gnu-smalltalk|guile|lua|mono|node_modules"
    r"|nodejs|ocaml|octave|R|racket|sbcl[^/]*|scheme|tcltk|tcl[0-9.]*|tk[0-9.]*|vim)/.*",
    re.DOTALL,
)
"""Where modules of languages lie that nothing here can read: what is there is kept."""

_VARIABLE = re.compile(r"[%$*?{}#]|@@?[A-Z]")
_AGAIN = re.compile(r"(?<=[\w.])(?=/(?:etc|opt|usr|var)/)")
_VERSIONED = re.compile(rb"[\w.+~%-]{1,64}\.so(?:\.(?:[0-9]+|%[a-z]{1,3}))*\.%[a-z]{1,3}(?![\w.%-])", re.ASCII)
_FIRST_LINE = re.compile(rb"#!\\?[ \t]*/\S*")
_QUOTED = re.compile(rb"[\"'`(|][ \t]*([a-z][a-z0-9+._-]{1,40})(?=[\"'`\s)])")
_CONSTANT = re.compile(rb"[\x00|] ?(?:exec )?([a-z][a-z0-9+._-]{1,40})(?=[\x00 ])")


def is_shared(place: str) -> bool:
    """Say whether a directory is one of many users.

    Args:
        place: Canonical path.
    """
    return _SHARED.fullmatch(place) is not None


def is_followed(place: str) -> bool:
    """Say whether a file is a module of a language whose imports are followed, or a directory of such.

    Args:
        place: Canonical path.
    """
    return _FOLLOWED.fullmatch(place) is not None


def is_interpreter(program: str) -> bool:
    """Say whether a program does what its arguments or its input say, and starts others only for them.

    Args:
        program: Its name, or its path.
    """
    return _INTERPRETER.fullmatch(program.rpartition("/")[2]) is not None


def is_library_of_language(place: str) -> bool:
    """Say whether a file is of the standard library of a language whose imports are followed.

    Args:
        place: Canonical path.
    """
    return _LIBRARY_OF_LANGUAGE.fullmatch(place) is not None


def paths_in_text(data: bytes) -> Sequence[str]:
    """Return the absolute paths and the names of shared objects in a text, sorted.

    First lines of scripts are left out: of its own a script has one anyway, and of others a text only speaks.
    """
    return named_files(iter((_FIRST_LINE.sub(b"", data),)))


def quoted_words(data: bytes) -> Sequence[str]:
    """Return the words of a program text that may be names of other programs, sorted."""
    return sorted({word.decode() for word in _QUOTED.findall(data)})


def names_of_versions(data: bytes) -> list[str]:
    """Return the forms of ``printf`` in a program that make the name of a library with its version, sorted."""
    return sorted({match.decode("ascii") for match in _VERSIONED.findall(data)})


def constant_words(data: bytes) -> Sequence[str]:
    """Return the constants of a compiled program that may be names of other programs, sorted."""
    return sorted({word.decode() for word in _CONSTANT.findall(data)})


def program_paths(tree: Tree) -> dict[str, str]:
    """Return name -> path of what can be started by its name alone."""
    found: dict[str, str] = {}
    for directory in PROGRAM_DIRECTORIES:
        place = tree.reach(directory)
        for name in tree.children(place) if place is not None else ():
            found.setdefault(name, f"{place}/{name}")
    return found


def references_of_path(tree: Tree, text: str, rule: Callable[[str], str]) -> Iterator[Reference]:
    """Yield what an absolute path that somebody names leads to.

    Args:
        tree: The image.
        text: The path as it was written: perhaps with variables or wildcards, perhaps several without a separator.
        rule: The data rules: what they leave out is not kept for being named.
    """
    variable = _VARIABLE.search(text)
    if variable and text[variable.start()] in "*?":
        yield from (Reference(place, f"names {text}") for place in matches(tree, text)[:1000] if not rule(place))
        return
    if variable:
        directory = text[: variable.start()].rpartition("/")[0]
        yield from _references(tree, directory, text, rule)
        return
    for piece in (text,) if tree.reach(text) is not None else dict.fromkeys((text, *_AGAIN.split(text))):
        yield from _references(tree, piece, piece, rule)


def _references(tree: Tree, path: str, text: str, rule: Callable[[str], str]) -> Iterator[Reference]:
    place = tree.reach(path)
    if place is None:
        plugin = f"{path}.so"
        if path.count("/") > 2 and tree.reach(plugin) is not None:
            yield Reference(plugin, f"names {text}")
        return
    if tree[place].kind is not Kind.DIRECTORY:
        if not rule(place):
            yield Reference(path, f"names {text}")
    elif not is_shared(place) and not is_followed(place):
        yield Reference(path, f"names the directory {text}", below=True)
