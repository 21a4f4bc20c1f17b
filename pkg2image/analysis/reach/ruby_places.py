"""Where the libraries of Ruby lie in an image.

Spec: Debian Ruby Policy; ``$LOAD_PATH``; Gem::Specification of RubyGems.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pkg2image.rootfs.architectures import TRIPLETS
from pkg2image.rootfs.tree import Kind, Tree

_RELEASE = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")
_GEM = re.compile(r"(.*)/gems/([^/]+)/.*", re.DOTALL)
_STANDARD = re.compile(
    r"usr/lib/(?:[^/]+/)?ruby/(?:[0-9.]+/.*|vendor_ruby/(?:rubygems|bundler)(?:/.*|\.rb))", re.DOTALL
)
_NOT_RUN = frozenset({"bench", "doc", "examples", "ext", "features", "sig", "spec", "test", "tests"})


def gem_of(path: str) -> tuple[str, str] | None:
    """Return where the gem of a file has its specification, and its name with its version; None when it is of none."""
    match = _GEM.fullmatch(path)
    return (match[1], match[2]) if match else None


def is_standard(path: str) -> bool:
    """Say whether a file is of Ruby's own library, or of RubyGems."""
    return _STANDARD.fullmatch(path) is not None


class RubyPlaces:
    """The directories of libraries in an image.

    Args:
        tree: The image.
        architecture: Debian architecture.
    """

    __slots__ = ("_by_name", "_tree", "gems", "roots", "specifications")

    def __init__(self, tree: Tree, architecture: str) -> None:
        self._tree = tree
        library = f"usr/lib/{TRIPLETS.get(architecture, '')}"
        releases = [child for child in tree.children("usr/lib/ruby") if _RELEASE.fullmatch(child)]
        homes = ("usr/lib/ruby", f"{library}/ruby")
        roots = [f"{home}/vendor_ruby/{release}" for release in releases for home in homes]
        roots.append("usr/lib/ruby/vendor_ruby")
        roots += (f"{home}/{release}" for release in releases for home in homes)
        self.roots = tuple(root for root in roots if tree.is_directory(root))
        gem_homes = (
            *(
                f"{home}/gems/{release}"
                for release in releases
                for home in ("usr/lib/ruby", f"{library}/ruby", "var/lib")
            ),
            *(f"usr/share/rubygems-integration/{name}" for name in ("all", *releases)),
            *(f"{library}/rubygems-integration/{release}" for release in releases),
        )
        self.specifications = tuple(f"{home}/specifications" for home in gem_homes if tree.is_directory(home))
        self.gems = tuple(self._gem_roots(gem_homes))
        self._by_name: dict[str, list[str]] | None = None

    def _gem_roots(self, homes: tuple[str, ...]) -> Iterator[str]:
        for home in homes:
            for gem in self._tree.children(f"{home}/gems"):
                if self._tree.is_directory(f"{home}/gems/{gem}/lib"):
                    yield f"{home}/gems/{gem}/lib"
            for platform in self._tree.children(f"{home}/extensions"):
                for release in self._tree.children(f"{home}/extensions/{platform}"):
                    above = f"{home}/extensions/{platform}/{release}"
                    yield from (f"{above}/{gem}" for gem in self._tree.children(above))

    def find(self, feature: str) -> Iterator[str]:
        """Yield the files that a feature may be: the first of Ruby itself and Debian, and those of all gems.

        Args:
            feature: Path below a place of libraries, with or without a suffix.
        """
        names = (feature,) if feature.endswith((".rb", ".so")) else (f"{feature}.rb", f"{feature}.so")
        for name in names:
            yield from list(self._present(self.roots, name))[:1]
            yield from self._present(self.gems, name)

    def elsewhere(self, feature: str) -> Iterator[str]:
        """Yield the files of this name in places of their own, which programs add to where they look."""
        if self._by_name is None:
            self._by_name = {}
            for path, entry in self._tree.walk():
                if path.endswith((".rb", ".so")) and entry.kind is not Kind.DIRECTORY and not is_standard(path):
                    self._by_name.setdefault(path.rpartition("/")[2], []).append(path)
        names = (feature,) if feature.endswith((".rb", ".so")) else (f"{feature}.rb", f"{feature}.so")
        for name in names:
            for path in self._by_name.get(name.rpartition("/")[2], ()):
                if f"/{path}".endswith(f"/{name}"):
                    yield path

    def _present(self, roots: tuple[str, ...], name: str) -> Iterator[str]:
        for root in roots:
            place = self._tree.reach(f"{root}/{name}")
            if place is not None and self._tree[place].kind is Kind.FILE:
                yield f"{root}/{name}"

    def place_of(self, path: str) -> str | None:
        """Return the place of libraries that a file lies in, None when it is in none."""
        inside = [root for root in (*self.roots, *self.gems) if path.startswith(f"{root}/")]
        return max(inside, key=len) if inside else None

    def below(self, directory: str) -> Iterator[str]:
        """Yield the files in a directory at any depth, without tests and what libraries were made from."""
        waiting = [directory]
        while waiting:
            here = waiting.pop()
            for child in self._tree.children(here):
                path = f"{here}/{child}"
                if self._tree[path].kind is not Kind.DIRECTORY:
                    yield path
                elif child not in _NOT_RUN:
                    waiting.append(path)
