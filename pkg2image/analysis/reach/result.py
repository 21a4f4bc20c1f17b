"""What is left of an image, and why: values, which whoever looks at an image can have without making one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pkg2image.rootfs.minimize import Dropped
from pkg2image.rootfs.tree import Tree


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a path is kept.

    Args:
        referrer: The file that names it, without leading slash; empty for what is kept for itself.
        why: How it is named (`pkg2image.analysis.reach.references.Reference`), or what it is.
    """

    referrer: str
    why: str

    def __str__(self) -> str:
        """Return it as a clause after the path."""
        return f"/{self.referrer} {self.why}" if self.referrer else self.why


@dataclass(frozen=True, slots=True)
class Slimmed:
    """A tree of what can be reached.

    Args:
        tree: What is kept.
        reasons: Path -> why it is kept, for everything in the tree.
        dropped: What is not, in byte order of the paths.
    """

    tree: Tree
    reasons: Mapping[str, Reason]
    dropped: tuple[Dropped, ...]

    def chain(self, path: str) -> Iterator[str]:
        """Yield the references that lead to a path, as sentences, from the path back to where somebody comes in.

        Args:
            path: Canonical path in the tree.
        """
        seen: set[str] = set()
        while path in self.reasons and path not in seen:
            seen.add(path)
            reason = self.reasons[path]
            yield str(reason) if reason.referrer else f"/{path} {reason.why}"
            path = reason.referrer
