"""The shell of a self-contained page: markup, style, data and script in one file that asks nobody for anything.

The policy in its head lets only the style and the script run that were put in here; even what slipped through an
escape could neither run nor reach the network.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files

from pkg2image.drawing.markup import embedded_json, escaped

MARK = "<!-- drawn by pkg2image -->"


@dataclass(frozen=True, slots=True)
class Page:
    """What is on a page.

    Args:
        title: As text.
        body: Markup, in which everything from outside is escaped already; the page is whole without its script.
        data: What the script reads from the element ``data``.
        style: Style sheets beside that of all pages, one after the other.
        script: The program of the page.
    """

    title: str
    body: str
    data: object
    style: str
    script: str


def render_page(page: Page) -> str:
    """Return a page as an HTML document.

    Spec: HTML; Content Security Policy Level 3.
    """
    style = f"{asset('page.css')}{page.style}"
    policy = f"default-src 'none'; style-src '{_pin(style)}'; script-src '{_pin(page.script)}'"
    return "\n".join(
        (
            "<!DOCTYPE html>",
            MARK,
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width">',
            f"<title>{escaped(page.title)}</title>",
            f"<style>{style}</style>",
            "</head>",
            "<body>",
            page.body,
            f'<script id="data" type="application/json">{embedded_json(page.data)}</script>',
            f"<script>{page.script}</script>",
            "</body>",
            "</html>",
            "",
        )
    )


def asset(name: str) -> str:
    """Return a style sheet or a program that lies beside this module."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _pin(text: str) -> str:
    return f"sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}"
