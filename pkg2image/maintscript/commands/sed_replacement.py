"""What ``s`` puts in place of a match.

Spec: the manual of GNU sed 4.9, "The s Command".
"""

from __future__ import annotations

from collections.abc import Sequence

from pkg2image.maintscript.commands.regex import Match


def replaced(parts: Sequence[bytes | int | str], match: Match, whole: bytes) -> bytes:
    """Return a replacement.

    Args:
        parts: Bytes, numbers of groups (0: the whole match), and the letters that change case: ``L`` and ``U`` until
            ``E``, ``l`` and ``u`` for one character.
        match: What was found.
        whole: Its text.
    """
    pieces = []
    case = once = ""
    for part in parts:
        if isinstance(part, str):
            case, once = (case, part) if part in {"l", "u"} else (part, "")
            continue
        text = part if isinstance(part, bytes) else match.group(part) if part else whole
        text = text.lower() if case == "L" else text.upper() if case == "U" else text
        if once and text:
            text = (text[:1].lower() if once == "l" else text[:1].upper()) + text[1:]
            once = ""
        pieces.append(text)
    return b"".join(pieces)
