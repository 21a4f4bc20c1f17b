"""What Java programs refer to: the files of the virtual machine, and the jars on their class path.

The virtual machine reads its library by names put together, so that all of it stays but for what compiles and debugs.
A jar says in its manifest which others it needs; Debian has them beside it. One that says nothing may need any of those
that the image shares. Native parts of libraries are loaded by names that are in compiled classes, and stay.

Spec: JAR File Specification, "Class-Path Attribute"; Debian Policy for Java; java-wrappers.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator

from pkg2image.analysis.reach.references import FindReferences, Material, Reference
from pkg2image.rootfs.architectures import TRIPLETS
from pkg2image.rootfs.tree import Kind, parent_of

_MACHINE = re.compile(r"(usr/lib/jvm/[^/]+)/(?:jre/)?(?:bin/[^/]+|lib/(?:.*/)?libjvm\.so|lib/(?:.*/)?libjli\.so)")
# Rule -> what it leaves out of the library of a virtual machine.
_RULES = {
    "compiling for older releases": r"lib/ct\.sym",
    "sources": r"(?:lib/)?src\.zip|lib/src(?:/.*)?|jmods/.*|include/.*|man/.*|demo/.*|sample/.*",
    "debuggers": r"lib/(?:.*/)?lib(?:saproc|jdwp|dt_socket)\.so",
    "class archives for large heaps": r"lib/(?:.*/)?classes_nocoops[^/]*\.jsa",
}
_ANY_RULE = re.compile("|".join(f"(?:{pattern})" for pattern in _RULES.values()), re.DOTALL)
_KEPT = ("conf", "jre", "legal", "lib", "release")
_SHARED = "usr/share/java"
_LARGEST_JAR = 64 << 20  # bytes
_LARGEST_MANIFEST = 1 << 20
_MOST = 2000  # entries of a class path

_SHELLS = frozenset({"sh", "dash", "bash"})
_JAR = re.compile(rb"(?<![\w.+-])([\w.+-]{1,200}\.jar)\b", re.ASCII)
_FIND_JARS = re.compile(rb"\b(?:find_jars?|find_java_jars?)[ \t]+([\w.+ \t-]+)", re.ASCII)
_STARTS_JAVA = re.compile(
    rb"\bJAVA_HOME\b|\bJAVACMD\b|/usr/lib/jvm\b|\bjava-wrappers\b|(?:^|[ \t/\"'])java[ \t]", re.MULTILINE
)
_JAVA = "java"


def class_path(data: bytes) -> tuple[str, ...]:
    """Return the other jars that a jar names in its manifest, in order; nothing when it is no jar.

    Args:
        data: The jar.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as jar, jar.open("META-INF/MANIFEST.MF") as file:
            manifest = file.read(_LARGEST_MANIFEST)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError, RuntimeError, NotImplementedError, zlib.error):
        return ()
    # A line that begins with a blank goes on with the one before.
    text = re.sub(r"\r?\n ", "", manifest.decode("utf-8", "replace"))
    match = re.search(r"^Class-Path:([^\r\n]*)", text, re.MULTILINE | re.IGNORECASE)
    return tuple(word for word in (match[1].split() if match else ())[:_MOST] if word.isascii())


def java_in_shell(data: bytes) -> tuple[str, ...]:
    """Return the names of the jars that a shell script works with, and ``java`` when it starts it.

    Args:
        data: The script.
    """
    found = {match[1].decode("ascii") for match in _JAR.finditer(data)}
    for match in _FIND_JARS.finditer(data):
        found |= {f"{word.decode('ascii').removesuffix('.jar')}.jar" for word in match[1].split()}
    if _STARTS_JAVA.search(data):
        found.add(_JAVA)
    return tuple(sorted(found))


def java_references(material: Material) -> FindReferences:
    """Return what finds the references of jars, and of what starts Java."""
    return _Java(material).find


class _Java:
    """The Java files of an image."""

    __slots__ = ("_homes", "_material")

    def __init__(self, material: Material) -> None:
        self._material = material
        self._homes: set[str] = set()

    def find(self, path: str) -> Iterator[Reference]:
        """Yield what a file refers to."""
        if self._material.entry(path) is None:
            return
        machine = _MACHINE.fullmatch(path)
        if machine is not None:
            if machine[1] not in self._homes:
                self._homes.add(machine[1])
                yield from self._machine(machine[1])
        elif path.endswith((".jar", ".war", ".ear")):
            yield from self._jar(path)
        elif self._material.interpreter(path) in _SHELLS:
            yield from self._shell(path)

    def _machine(self, home: str) -> Iterator[Reference]:
        for name in _KEPT:
            for file in self._below(f"{home}/{name}"):
                relative = file.removeprefix(f"{home}/").removeprefix("jre/")
                if not _ANY_RULE.fullmatch(relative):
                    yield Reference(file, "is the virtual machine of")
        for directory in ("usr/lib/jni", f"usr/lib/{TRIPLETS.get(self._material.architecture, '')}/jni"):
            yield Reference(directory, "loads native parts of libraries", below=True)

    def _below(self, directory: str) -> Iterator[str]:
        tree = self._material.tree
        waiting = [directory] if directory in tree else []
        while waiting:
            here = waiting.pop()
            if tree[here].kind is Kind.DIRECTORY:
                waiting += (f"{here}/{child}" for child in tree.children(here))
            else:
                yield here

    def _jar(self, path: str) -> Iterator[Reference]:
        named = self._material.extract(path, class_path, largest=_LARGEST_JAR)
        for name in named:
            base = name.removeprefix("file:")
            for place in (base,) if base.startswith("/") else (f"{parent_of(path)}/{base}", f"{_SHARED}/{base}"):
                yield Reference(place, f"has {name} on its class path")
        if not named and path.endswith(".jar"):
            yield from self._shared("does not say which jars it needs")

    def _shared(self, why: str) -> Iterator[Reference]:
        for child in self._material.tree.children(_SHARED):
            if child.endswith(".jar"):
                yield Reference(f"{_SHARED}/{child}", why)

    def _shell(self, path: str) -> Iterator[Reference]:
        for name in self._material.extract(path, java_in_shell):
            if name != _JAVA:
                yield Reference(f"{_SHARED}/{name}", f"names {name}")
                continue
            yield Reference("usr/bin/java", "starts Java")
            for home in self._material.tree.children("usr/lib/jvm"):
                yield Reference(f"usr/lib/jvm/{home}/bin/java", "starts Java")
