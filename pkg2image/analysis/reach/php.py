"""What PHP refers to: the extensions that its configuration loads, and the libraries that scripts include.

Which configuration is read depends on the program: ``php-fpm8.2`` reads ``/etc/php/8.2/fpm``. Extensions that none of
them names stay out. Scripts include by paths put together, so that the shared libraries of PHP stay as they are.

Spec: PHP manual, "The configuration file", "Loading of extensions" (``extension``, ``zend_extension``,
``extension_dir``); Debian's php-common (README.Debian, phpenmod(8)).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pkg2image.analysis.reach.references import FindReferences, Material, Reference
from pkg2image.rootfs.tree import Kind

_PROGRAM = re.compile(
    r"(?:usr/(?:local/)?s?bin/(php|php-cgi|php-fpm|phpdbg)([0-9]+\.[0-9]+)|usr/lib/(?:.*/)?(libapache2?-?mod_?php|libphp)"
    r"([0-9]+\.[0-9]+)?\.so[^/]*)"
)
# Program -> directories of its configuration; a library may be in a web server or anything else.
_CONFIGURATIONS = {"php": ("cli",), "php-cgi": ("cgi",), "php-fpm": ("fpm",), "phpdbg": ("phpdbg",)}
_OF_LIBRARY = ("apache2", "embed")
_HOME = "etc/php"
_EXTENSIONS = "usr/lib/php"
_INCLUDED = ("usr/share/php", "usr/share/pear", "usr/share/php-composer")
_LINE = re.compile(rb"^[ \t]*(extension|zend_extension|extension_dir)[ \t]*=[ \t]*[\"']?([^\"';\s]+)", re.MULTILINE)


def loaded_extensions(data: bytes) -> tuple[str, ...]:
    """Return what a configuration file of PHP loads: ``extension=<name>``, ``extension_dir=<path>``; sorted.

    Args:
        data: The file.
    """
    found = {f"{match[1].decode()}={match[2].decode('utf-8', 'surrogateescape')}" for match in _LINE.finditer(data)}
    return tuple(sorted(item for item in found if item.isascii()))


def php_references(material: Material) -> FindReferences:
    """Return what finds the references of PHP and of its configuration."""
    return _Php(material).find


class _Php:
    """The PHP files of an image."""

    __slots__ = ("_material",)

    def __init__(self, material: Material) -> None:
        self._material = material

    def find(self, path: str) -> Iterator[Reference]:
        """Yield what a file refers to."""
        if self._material.entry(path) is None:
            return
        program = _PROGRAM.fullmatch(path)
        if program is not None:
            for release in (program[2] or program[4],) if program[2] or program[4] else self._releases():
                yield from self._started(release, _CONFIGURATIONS.get(program[1] or "", _OF_LIBRARY))
        elif path.startswith(f"{_HOME}/") and path.endswith(".ini"):
            yield from self._configuration(path)

    def _releases(self) -> tuple[str, ...]:
        return self._material.tree.children(_HOME)

    def _started(self, release: str, kinds: tuple[str, ...]) -> Iterator[Reference]:
        tree = self._material.tree
        for kind in kinds:
            home = f"{_HOME}/{release}/{kind}"
            yield Reference(f"{home}/php.ini", "is configured by")
            for child in tree.children(f"{home}/conf.d"):
                yield Reference(f"{home}/conf.d/{child}", "is configured by")
        for directory in _INCLUDED:
            yield Reference(directory, "has its scripts include from", below=True)

    def _configuration(self, path: str) -> Iterator[Reference]:
        """Yield the extensions of a configuration; of all builds of PHP that are in the image."""
        found = [item.partition("=")[::2] for item in self._material.extract(path, loaded_extensions)]
        tree = self._material.tree
        directories = [value for key, value in found if key == "extension_dir"]
        directories += (
            f"{_EXTENSIONS}/{child}"
            for child in tree.children(_EXTENSIONS)
            if tree[f"{_EXTENSIONS}/{child}"].kind is Kind.DIRECTORY and child.isdigit()
        )
        for key, value in found:
            if key == "extension_dir":
                continue
            if "/" in value:
                yield Reference(value, f"loads the extension {value}")
            else:
                for directory in directories:
                    yield Reference(f"{directory}/{value.removesuffix('.so')}.so", f"loads the extension {value}")
