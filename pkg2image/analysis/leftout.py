"""What does not work because the user does without a package that something depends on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from pkg2image.analysis.completeness import Unmet

_SHOWN = 5
_OUTCOMES = {"library": "load", "version": "load", "interpreter": "start"}


def owing(unmet: Sequence[Unmet], missed: Mapping[str, Collection[str]]) -> dict[Unmet, tuple[str, ...]]:
    """Return what is unmet and comes of packages that were left out -> these packages.

    Args:
        unmet: As `completeness` returns it.
        missed: Package -> names of those that it depends on and the user does without.
    """
    return {
        item: tuple(sorted(missed[item.package]))
        for item in unmet
        if item.kind in _OUTCOMES and missed.get(item.package)
    }


def consequences(owed: Mapping[Unmet, tuple[str, ...]]) -> Iterator[str]:
    """Yield a sentence for each left-out package: which files do not work without it.

    Args:
        owed: As `owing` returns it.
    """
    for names in sorted(set(owed.values())):
        items = [item for item, packages in owed.items() if packages == names]
        files = list(dict.fromkeys(_file(item) for item in items))
        shown = ", ".join(files[:_SHOWN]) + (f" and {len(files) - _SHOWN} more files" if len(files) > _SHOWN else "")
        what = ", ".join(dict.fromkeys(item.what for item in items))
        outcomes = " or ".join(dict.fromkeys(_OUTCOMES[item.kind] for item in items))
        yield f"without {' and '.join(names)}, which has {what}, this will not {outcomes}: {shown}"


def _file(item: Unmet) -> str:
    return f"/{item.path} ({item.package})"
