"""What the bytes of an image are for, as a page: a picture of tiles, why each file is there, and the same in words.

The picture is there twice, for wide and for narrow screens; the style sheet shows the one that fits. The page is whole
without its script, which shows the reasons of the file that is pointed at below the picture.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pkg2image.drawing.markup import escaped
from pkg2image.drawing.page import Page, asset, render_page
from pkg2image.drawing.squares import Rectangle
from pkg2image.drawing.tiles import HEAD, Tile, tiles
from pkg2image.image.account import NO_PACKAGE, Account, Part, Sort, Total, total_of, totals
from pkg2image.sizes import size_text

_WIDE = Rectangle(0, 0, 1240, 700)
_NARROW = Rectangle(0, 0, 376, 640)
_LETTER = 6.7  # pixels of one at the size of the style sheet
_LINE = 13
_SHORTEST = 4  # letters of a name that still says something


@dataclass(frozen=True, slots=True)
class _Drawing:
    """What the lines of a picture need to know.

    Args:
        numbers: Path -> number of the file in the data of the page.
        with_titles: Whether tiles say what they are when they are pointed at.
    """

    numbers: Mapping[str, int]
    with_titles: bool


def sizes_page(account: Account) -> bytes:
    """Return a self-contained page, the same for the same image.

    Args:
        account: What the bytes of the image are for.
    """
    shown = [part for part in account.parts if part.size]
    numbers = {part.path: number for number, part in enumerate(shown)}
    return render_page(
        Page(
            title=f"{account.name}: what its bytes are for",
            body=_body(account, numbers),
            data=_data(shown),
            style=asset("sizes.css"),
            script=asset("sizes.js"),
        )
    ).encode()


def _data(parts: list[Part]) -> dict[str, object]:
    """Return what the script shows of files; many chains have the same sentences, which are in it once."""
    sentences: dict[str, int] = {}
    rows = [
        {
            "path": f"/{part.path}",
            "size": size_text(part.size),
            "package": part.package or NO_PACKAGE,
            "sort": str(part.sort),
            "chain": [sentences.setdefault(sentence, len(sentences)) for sentence in part.reason],
        }
        for part in parts
    ]
    return {"parts": rows, "sentences": list(sentences)}


def _body(account: Account, numbers: Mapping[str, int]) -> str:
    names = {part.package for part in account.parts} - {""}
    caption = f"{account.total} of {len(names)} packages" + (", slim" if account.slim else "")
    return "\n".join(
        (
            f'<header><h1>{escaped(account.name)}</h1><span class="quiet">{escaped(caption)}</span></header>',
            "<main>",
            *_legend(account),
            '<p id="hint" class="quiet" hidden>Point at a file, or tap it, to see why it is there.</p>',
            *_picture(account, _WIDE, "wide", _Drawing(numbers, with_titles=True)),
            *_picture(account, _NARROW, "narrow", _Drawing(numbers, with_titles=False)),
            "</main>",
            '<aside id="details" aria-live="polite"></aside>',
            *_left_out(account),
            *_packages(account),
            *_files(account, numbers),
        )
    )


def _legend(account: Account) -> Iterator[str]:
    yield '<ul class="legend">'
    for name, total in totals(account.parts, lambda part: part.sort).items():
        key = f'<span class="key {Sort(name).name.lower()}"></span>'
        yield f'<li>{key}{escaped(name)}: <span class="quiet">{total}</span></li>'
    yield "</ul>"


def _picture(account: Account, room: Rectangle, name: str, drawing: _Drawing) -> Iterator[str]:
    words = "Packages and their files as tiles, as large as their bytes; the same is in the tables below"
    box = f'viewBox="0 0 {room.width:g} {room.height:g}"'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" class="{name}" {box} role="img" aria-label="{words}">'
    for tile in tiles(account, room):
        yield from _tile(tile, drawing)
    yield "</svg>"


def _tile(tile: Tile, drawing: _Drawing) -> Iterator[str]:
    place = tile.place
    kind = "box" if tile.head else tile.sort.name.lower()
    number = f' data-n="{drawing.numbers[tile.part.path]}"' if tile.part else ""
    yield f'<g class="tile {kind}"{number}>'
    if drawing.with_titles:
        yield f"<title>{escaped(_title(tile))}</title>"
    yield f'<rect x="{place.x:.1f}" y="{place.y:.1f}" width="{place.width:.1f}" height="{place.height:.1f}"/>'
    letters = int((place.width - 8) / _LETTER)
    left = f'x="{place.x + 4:.1f}"'
    if tile.head:
        text = f"{tile.label} {size_text(tile.size)}"
        line = _fitted(text if len(text) <= letters else tile.label, letters)
        yield f'<text class="head" {left} y="{place.y + HEAD - 4:.1f}">{escaped(line)}</text>'
    elif letters >= min(_SHORTEST, len(tile.label)) and place.height >= _LINE + 2:
        yield f'<text {left} y="{place.y + _LINE:.1f}">{escaped(_fitted(tile.label, letters))}</text>'
        size = size_text(tile.size)
        if place.height >= 2 * _LINE + 4 and len(size) <= letters:
            yield f'<text {left} y="{place.y + 2 * _LINE:.1f}">{size}</text>'
    yield "</g>"


def _title(tile: Tile) -> str:
    if tile.part is None:
        return f"{tile.label}: {Total(tile.files, tile.size)}"
    part = tile.part
    lines = [f"/{part.path}", f"{size_text(part.size)}, {part.package or NO_PACKAGE}", str(part.sort)]
    return "\n".join((*lines, *part.reason[:1]))


def _fitted(text: str, letters: int) -> str:
    return text if len(text) <= letters else f"{text[: max(0, letters - 1)]}\u2026"


def _left_out(account: Account) -> Iterator[str]:
    if account.left_out:
        rules = dict.fromkeys((item.by, item.rule) for item in account.left_out)
        found = {rule: total_of(item for item in account.left_out if (item.by, item.rule) == rule) for rule in rules}
        yield from _table(
            "Left out",
            ("Rule", "By"),
            (((rule, by), total) for (by, rule), total in sorted(found.items(), key=lambda each: -each[1].size)),
        )


def _packages(account: Account) -> Iterator[str]:
    found = totals(account.parts, _package_of)
    yield from _table("Packages", ("Package",), (((name,), total) for name, total in found.items()))


def _table(caption: str, columns: tuple[str, ...], rows: Iterator[tuple[tuple[str, ...], Total]]) -> Iterator[str]:
    heads = "".join(f"<th>{name}</th>" for name in columns)
    yield f"<table><caption>{caption}</caption>"
    yield f'<thead><tr>{heads}<th class="number">Files</th><th class="number">Size</th></tr></thead><tbody>'
    for names, total in rows:
        cells = "".join(f"<td>{escaped(name)}</td>" for name in names)
        yield (
            f'<tr>{cells}<td class="number">{total.files:,}</td><td class="number">{size_text(total.size)}</td></tr>'
        )
    yield "</tbody></table>"


def _files(account: Account, numbers: Mapping[str, int]) -> Iterator[str]:
    yield "<section><h2>Every file</h2>"
    by_package: defaultdict[str, list[Part]] = defaultdict(list)
    for part in account.parts:
        by_package[_package_of(part)].append(part)
    for name, total in totals(account.parts, _package_of).items():
        yield f"<details><summary>{escaped(name)}: {total}</summary><ul>"
        for part in sorted(by_package[name], key=lambda part: -part.size):
            number = f' data-n="{numbers[part.path]}"' if part.path in numbers else ""
            yield f'<li{number}>/{escaped(part.path)} <span class="quiet">{size_text(part.size)}</span></li>'
        yield "</ul></details>"
    yield "</section>"


def _package_of(part: Part) -> str:
    return part.package or NO_PACKAGE
