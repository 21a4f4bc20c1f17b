"""Rectangles as large as numbers: the areas are in proportion, nothing overlaps, nothing is left empty."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkg2image.drawing.squares import Rectangle, squares

SIZES = st.lists(st.integers(1, 10**9), min_size=1, max_size=40).map(lambda sizes: sorted(sizes, reverse=True))
ROOMS = st.builds(Rectangle, *(st.floats(-100, 100),) * 2, *(st.floats(10, 2000),) * 2)


@given(SIZES, ROOMS)
def test_areas_are_in_proportion(sizes: list[int], room: Rectangle) -> None:
    for size, place in zip(sizes, squares(sizes, room), strict=True):
        assert place.area == pytest.approx(room.area * size / sum(sizes), rel=1e-6, abs=room.area * 1e-9)


@given(SIZES, ROOMS)
def test_no_two_overlap_and_all_are_in_the_room(sizes: list[int], room: Rectangle) -> None:
    places = squares(sizes, room)
    slack = 1e-6 * (room.width + room.height)
    for place in places:
        assert place.x >= room.x - slack
        assert place.y >= room.y - slack
        assert place.x + place.width <= room.x + room.width + slack
        assert place.y + place.height <= room.y + room.height + slack
    for one, other in combinations(places, 2):
        wide = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
        high = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
        assert wide <= slack or high <= slack


@given(st.integers(1, 200), ROOMS)
def test_equal_sizes_are_near_to_squares(count: int, room: Rectangle) -> None:
    longest = max(room.width, room.height) / min(room.width, room.height)
    for place in squares([7] * count, room):
        assert max(place.width / place.height, place.height / place.width) <= max(3.0, longest) + 1e-6


def test_the_paper_s_example() -> None:
    places = squares([6, 6, 4, 3, 2, 2, 1], Rectangle(0, 0, 6, 4))
    assert [(place.x, place.y, place.width, place.height) for place in places[:3]] == [
        (0, 0, 3, 2),
        (0, 2, 3, 2),
        (3, 0, pytest.approx(12 / 7), pytest.approx(7 / 3)),
    ]


def test_where_there_is_no_room_nothing_is_seen() -> None:
    assert squares([2, 1], Rectangle(5, 6, 0, 10)) == [Rectangle(5, 6, 0, 0)] * 2
    assert squares([], Rectangle(0, 0, 1, 1)) == []


def test_a_margin() -> None:
    assert Rectangle(10, 10, 30, 20).within(2, top=5) == Rectangle(12, 17, 26, 11)
    assert Rectangle(0, 0, 3, 3).within(2).area == 0
