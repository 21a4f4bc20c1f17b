"""Which modules a Python, Perl or Ruby program loads before it does anything else.

Only what a program loads without any condition is told: statements of the outermost level, not those of functions or
in a ``try``. The rest of the program, and what its modules load in turn, is declared by Debian's packages, whose tools
read the same statements.

Spec: The Python Language Reference, "The import statement"; perlfunc ``use``, ``require``, perlpod; Ruby's
``Kernel#require``.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterator, Mapping

from pkg2image.analysis.evidence import Evidence, Wanted
from pkg2image.analysis.reach.python_strings import has_newer_strings
from pkg2image.rootfs.architectures import TRIPLETS
from pkg2image.rootfs.tree import Tree, parent_of

_PERL = re.compile(r"^(?:use|require)[ \t]+([A-Z]\w*(?:::\w+)*)[^\n]*?;", re.MULTILINE)
_PERL_POD = re.compile(r"^=[a-zA-Z].*?(?:^=cut\b[^\n]*$|\Z)", re.MULTILINE | re.DOTALL)
_PERL_END = re.compile(r"^__(?:END|DATA)__$", re.MULTILINE)
_RUBY = re.compile(r"""^require[ \t(]+["']([A-Za-z0-9_][A-Za-z0-9_/.-]*)["']""", re.MULTILINE)
_GRAMMAR = (3, 11)  # the oldest that this program runs on: what is read must not depend on who reads
_LANGUAGE = re.compile(r"(python|perl|ruby)[0-9.]*")
# Modules of Python without a file: they are compiled into the interpreter of some release of Debian at least.
_PYTHON_BUILTIN = frozenset(
    (
        *("_ast", "_thread", "array", "atexit", "binascii", "builtins", "cmath", "errno", "faulthandler", "fcntl"),
        *("gc", "grp", "itertools", "marshal", "math", "posix", "pwd", "pyexpat", "select", "spwd", "sys", "syslog"),
        *("time", "unicodedata", "xxsubtype", "zlib"),
    )
)


def shown_by_modules(
    tree: Tree, path: str, *, interpreter: str, data: bytes, package: str, architecture: str
) -> Iterator[Wanted]:
    """Yield the modules that a program loads and the image does not have, each once.

    Args:
        tree: The root filesystem.
        path: Canonical path of the program.
        interpreter: Its interpreter, with or without a path; nothing is yielded for other languages.
        data: The program.
        package: Who ships it.
        architecture: Debian architecture.
    """
    language = _LANGUAGE.fullmatch(interpreter.rpartition("/")[2])
    if language is None:
        return
    loaded, places = _LANGUAGES[language[1]]
    text = data.decode("utf-8", "surrogateescape")
    for name in sorted(set(loaded(text))):
        found = places(tree, path, name, architecture)
        if not any(tree.reach(place) for place in found):
            evidence = Evidence(path, f"loads {name}", package)
            yield Wanted(f"{language[1].capitalize()} module {name}", found, evidence)


def _python(text: str) -> Iterator[str]:
    if has_newer_strings(text):
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about escapes in strings of others
            program = ast.parse(text.encode("utf-8", "surrogateescape"), feature_version=_GRAMMAR)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for statement in program.body:
        if isinstance(statement, ast.Import):
            names = [alias.name for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
            names = [statement.module]
        else:
            continue
        yield from {name.partition(".")[0] for name in names} - _PYTHON_BUILTIN - {"__future__"}


def _perl(text: str) -> Iterator[str]:
    end = _PERL_END.search(text)
    yield from _PERL.findall(_PERL_POD.sub("", text[: end.start()] if end else text))


def _ruby(text: str) -> Iterator[str]:
    yield from (name.removesuffix(".rb") for name in _RUBY.findall(text.partition("\n__END__\n")[0]))


def _python_places(tree: Tree, path: str, name: str, architecture: str) -> tuple[str, ...]:
    triplet = TRIPLETS.get(architecture, "")
    own = [child for child in tree.children("usr/lib") if re.fullmatch(r"python3\.[0-9]+", child)]
    found = ["usr/lib/python3/dist-packages", parent_of(path)]
    found += (f"usr/lib/{child}{below}" for child in own for below in ("", "/lib-dynload"))
    suffixes = [".py", "/__init__.py", ".so"]
    suffixes += (f".cpython-{child.removeprefix('python').replace('.', '')}-{triplet}.so" for child in own)
    return tuple(f"{place}/{name}{suffix}" for place in found for suffix in suffixes)


def _perl_places(tree: Tree, path: str, name: str, architecture: str) -> tuple[str, ...]:  # noqa: ARG001
    return tuple(f"{place}/{name.replace('::', '/')}.pm" for place in perl_directories(tree, architecture))


def perl_directories(tree: Tree, architecture: str) -> tuple[str, ...]:
    """Return where Debian's perl looks for modules, in its order.

    Args:
        tree: The root filesystem.
        architecture: Debian architecture.
    """
    library = f"usr/lib/{TRIPLETS.get(architecture, '')}"
    names = (re.fullmatch(r"perl(5\.\d+)\.\d+", child) for child in tree.children("usr/bin"))
    releases = sorted({match[1] for match in names if match})
    return (
        "etc/perl",
        *(f"{library}/perl5/{release}" for release in releases),
        *("usr/share/perl5", f"{library}/perl-base"),
        *(f"{place}/{release}" for release in releases for place in (f"{library}/perl", "usr/share/perl")),
    )


def _ruby_places(tree: Tree, path: str, name: str, architecture: str) -> tuple[str, ...]:  # noqa: ARG001
    releases = [child for child in tree.children("usr/lib/ruby") if re.fullmatch(r"\d+\.\d+\.\d+", child)]
    return tuple(
        f"usr/lib/ruby/{place}/{name}{suffix}" for place in ("vendor_ruby", *releases) for suffix in (".rb", ".so")
    )


_LANGUAGES: Mapping[str, tuple[Callable[[str], Iterator[str]], Callable[[Tree, str, str, str], tuple[str, ...]]]] = {
    "python": (_python, _python_places),
    "perl": (_perl, _perl_places),
    "ruby": (_ruby, _ruby_places),
}
