"""What Python needs of its own library before a program says anything, and what of it only developers need.

Spec: CPython's ``Python/pylifecycle.c`` and ``Lib/site.py``, and the modules that its C code imports by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

STARTED_WITH = (
    # The interpreter looks for os.py to find its library; these are imported before a program runs, or frozen in the
    # interpreter and looked at for tracebacks.
    *("abc", "codecs", "genericpath", "io", "os", "posixpath", "site", "stat", "_collections_abc", "_sitebuiltins"),
    *("sitecustomize", "usercustomize", "encodings", "importlib._bootstrap", "importlib._bootstrap_external"),
    *("importlib.machinery", "zipimport"),
    # What its C code imports when it has to: warnings, tracebacks, dates, generic aliases, copies, numbers, templates.
    *("__future__", "_colorize", "_py_warnings", "_pylong", "_strptime", "annotationlib", "collections.abc", "copyreg"),
    *("functools", "linecache", "string.templatelib", "traceback", "types", "typing", "warnings"),
)
"""Modules of every program; those that a release does not have are not looked for."""

WHOLE = ("encodings",)
"""Packages of which the data of a program decides what is needed: they are kept with all their modules."""

UNFOLLOWED: Mapping[str, frozenset[str]] = {
    # What only somebody at a prompt starts.
    "_sitebuiltins.py": frozenset({"pydoc"}),
    "site.py": frozenset({"_pyrepl", "readline", "rlcompleter"}),
    "pydoc.py": frozenset({"pydoc_data", "tkinter"}),
    # Stand-ins for modules in machine code that every Debian has.
    "abc.py": frozenset({"_py_abc"}),
    "datetime.py": frozenset({"_pydatetime"}),
    "decimal.py": frozenset({"_pydecimal"}),
    "_pylong.py": frozenset({"decimal"}),  # numbers of more digits than Python agrees to print
}
"""File of the standard library -> modules that it imports and that are not followed from there."""

ALSO: Mapping[str, str] = {"sysconfig.py": "_sysconfigdata", "sysconfig/__init__.py": "_sysconfigdata"}
"""File of the standard library -> how the names of modules begin that it puts together."""

NAMES_ONLY = frozenset({"_compat_pickle.py"})
"""Files of the standard library of which the constants name modules that somebody else may import."""

# Rule -> what it leaves out of the standard library even for who may run anything with it.
_RULES = {
    "test suites": (
        r"(?:.*/)?(?:test|tests|idle_test)/.*|_(?:testcapi|testbuffer|testimportmultiple|testinternalcapi|testmultiphase"
        r"|testclinic|testclinic_limited|testlimitedcapi|testsinglephase|testexternalinspection|xxtestfuzz"
        r"|ctypes_test)\.[^/]*|xx(?:limited|limited_35|subtype)\.[^/]*"
    ),
    "editors and demonstrations": r"(?:idlelib|turtledemo|__phello__)/.*|(?:__hello__|__phello__\.foo|antigravity)\.py",
    "the installer of pip": r"ensurepip/.*",
    "translation from Python 2": r"lib2to3/.*",
    "building of extensions": r"config-3[^/]*/.*|(?:distutils|msilib)/.*",
    "help texts of the prompt": r"pydoc_data/.*",
    "other operating systems": (
        r"_(?:aix|android|apple|ios|osx)_support\.py|asyncio/windows_\w+\.py|ctypes/macholib/.*|encodings/(?:mbcs|oem)\.py"
        r"|multiprocessing/popen_spawn_win32\.py"
    ),
}
_WINDOWS = "windows without Tk"
_TOOLKIT = re.compile(r"tkinter/.*|turtle\.py|_tkinter\.[^/]*", re.DOTALL)
_ANY_RULE = re.compile("|".join(f"({pattern})" for pattern in _RULES.values()), re.DOTALL)
_RULE_NAMES = tuple(_RULES)


def developer_rule(name: str, *, has_toolkit: bool) -> str:
    """Return the rule by which a file of the standard library is for developers only, empty when there is none.

    Args:
        name: Below the directory of the library, or of its extensions.
        has_toolkit: Whether the image has what draws windows.
    """
    if not has_toolkit and _TOOLKIT.fullmatch(name):
        return _WINDOWS
    match = _ANY_RULE.fullmatch(name)
    return _RULE_NAMES[match.lastindex - 1] if match and match.lastindex else ""
