"""Sizes as people read them."""

from __future__ import annotations

import pytest

from pkg2image.sizes import size_text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1_234_567, "1.2 MB"),
        (999_949_999, "999.9 MB"),
        (1_500_000_000, "1.50 GB"),
        (12_345_678_901_234, "12345.68 GB"),
    ],
)
def test_sizes(size: int, text: str) -> None:
    assert size_text(size) == text
