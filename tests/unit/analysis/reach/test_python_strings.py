"""F-strings that only Python 3.12 and its successors can read."""

from __future__ import annotations

import pytest

from pkg2image.analysis.reach.python_strings import has_newer_strings


@pytest.mark.parametrize(
    ("text", "newer"),
    [
        ("", False),
        ("x = 'plain' # f'{a['b']}'", False),
        ("f'{x[\"b\"]:>{width}} {{literal}}'", False),
        ('f"""{f"{1}"}\n{x["y"]}"""', False),
        ("f'{\"#\"}' # comment", False),
        ("rf'\\d{x}' f'\\N{DASH}\\{y}'", False),
        ("f'{x", False),
        ("f'{{' 'x", False),
        ("f'''{\nx\n}'''", False),
        ("f'{x['b']}'", True),
        ("first = f'{a}'\nsecond = f'{'b'}'", True),
        ("f'{\"\\n\"}'", True),
        ("f'''{x # why\n}'''", True),
        ("f'{\nx}'", True),
        ("f'{x:{y:{z}}}'", True),
        ("f'{f'{1}'}'", True),
    ],
)
def test_what_is_newer(text: str, newer: bool) -> None:  # noqa: FBT001
    assert has_newer_strings(text) is newer
