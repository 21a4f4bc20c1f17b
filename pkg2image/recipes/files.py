"""Where recipes are: those of pkg2image, and directories of them that users keep."""

from __future__ import annotations

from pathlib import Path

from pkg2image.errors import RequestError

BUILTIN = Path(__file__).parent
"""The directory of the recipes of pkg2image; each file is called like its recipe."""

_SUFFIXES = (".yaml", ".yml")


def is_path(choice: str) -> bool:
    """Say whether a word names a recipe by its place, and not by its name."""
    return "/" in choice or choice.endswith(_SUFFIXES) or choice in {".", ".."}


def recipe_files(directory: Path) -> tuple[Path, ...]:
    """Return the recipe files of a directory in the order of their names.

    Raises:
        RequestError: When it cannot be read, or has none.
    """
    try:
        found = sorted(path for path in directory.iterdir() if path.suffix in _SUFFIXES and path.name[0] != ".")
    except OSError as error:
        raise RequestError(f"cannot read the recipes in {directory}: {error.strerror or error}") from error
    if not found:
        raise RequestError(
            f"cannot find a recipe in {directory}: it has no file called *{_SUFFIXES[0]}",
            hint="see what one looks like with `pkg2image recipes show postgresql`",
        )
    return tuple(found)
