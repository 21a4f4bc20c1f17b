"""A map of numbers: what makes sense in any image."""

from __future__ import annotations

import pytest

from pkg2image.errors import RequestError
from pkg2image.idmap import IdMap, check_ids


@pytest.mark.parametrize("number", [0, 1, 26, 999, 65534, 65536, 2**32 - 2])
def test_numbers(number: int) -> None:
    check_ids(IdMap({"postgres": number}, {"postgres": number}))


WRONG = {
    "a negative number": (IdMap({"web": -1}), "the user 'web' the number -1: not the number of a user"),
    "no number at all": (IdMap(groups={"web": 2**32 - 1}), "the group 'web' the number 4294967295: not the number of"),
    "the same in 16 bits": (IdMap({"web": 65535}), "the number 65535: not the number of a user"),
    "one for two users": (IdMap({"web": 5, "mail": 5}), "the user 'mail' the number 5: 'web' is to have it"),
    "one for two groups": (IdMap({}, {"web": 5, "mail": 5}), "the group 'mail' the number 5: 'web' is to have it"),
}


@pytest.mark.parametrize(("ids", "message"), WRONG.values(), ids=WRONG.keys())
def test_what_makes_no_sense(ids: IdMap, message: str) -> None:
    with pytest.raises(RequestError, match=message) as raised:
        check_ids(ids)
    assert raised.value.hint


def test_as_data_it_is_sorted() -> None:
    rendered = IdMap({"web": 2, "app": 1}, {"zoo": 3, "bar": 4}).render()
    assert [list(numbers.items()) for numbers in rendered.values()] == [
        [("app", 1), ("web", 2)],
        [("bar", 4), ("zoo", 3)],
    ]
