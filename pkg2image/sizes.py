"""Sizes as people read them."""

from __future__ import annotations


def size_text(size: int) -> str:
    """Return a size in bytes for people, in the powers of ten that registries show."""
    value = float(size)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.2f} GB"
