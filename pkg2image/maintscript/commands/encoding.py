"""Contents in another form: base64, and the reading side of gzip.

Compressing is refused: what comes out depends on the version of the library.

Spec: the manuals of GNU coreutils 9.1 and gzip 1.12.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping

from pkg2image.maintscript.commands.inputs import Inputs
from pkg2image.maintscript.commands.options import Grammar, number
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.session import Command, Invocation

_BASE64 = Grammar("dw:", {"decode": "d", "wrap=": "w"})
_GZIP = Grammar("cdf", {"stdout": "c", "to-stdout": "c", "decompress": "d", "uncompress": "d", "force": "f"})
_MAX_OUTPUT = 16 * 1024 * 1024  # bytes
_GZIP_WINDOW = 31  # zlib's number for a gzip header and the largest window


def _base64(call: Invocation) -> int:
    """``base64 [-d] [-w columns] [file]``."""
    options = _BASE64.parse(call.arguments)
    if len(options.operands) > 1:
        return call.fail(f"extra operand '{options.operands[1]}'")
    inputs = Inputs(call, options.operands)
    data = inputs.data()
    if inputs.status:
        return inputs.status
    if "d" in options:
        try:
            call.stdout.write(base64.b64decode(data.replace(b"\n", b""), validate=True))
        except binascii.Error as error:
            raise NotUnderstoodError("base64 -d of something else") from error
        return 0
    text = base64.b64encode(data)
    columns = number(options.last("w") or "76", "base64: columns")
    lines = [text[start : start + columns] for start in range(0, len(text), columns)] if columns else [text]
    call.stdout.write(b"".join(line + b"\n" for line in lines) if columns else text)
    return 0


def _gunzip(call: Invocation) -> int:
    """``zcat [file...]``, ``gunzip -c``, ``gzip -dc``."""
    options = _GZIP.parse(call.arguments)
    if (call.name != "zcat" and options.operands and "c" not in options) or (
        call.name == "gzip" and "d" not in options
    ):
        raise NotUnderstoodError(f"{call.name} {' '.join(call.arguments)}".rstrip())
    inputs = Inputs(call, options.operands)
    for _, data in inputs:
        call.stdout.write(_inflated(data, call.name))
    return inputs.status


def _inflated(data: bytes, name: str) -> bytes:
    pieces = []
    size = 0
    while data:
        stream = zlib.decompressobj(_GZIP_WINDOW)
        try:
            piece = stream.decompress(data, _MAX_OUTPUT - size + 1)
        except zlib.error as error:
            raise NotUnderstoodError(f"{name} of something else") from error
        size += len(piece)
        if size > _MAX_OUTPUT or not stream.eof:
            raise NotUnderstoodError(f"{name} of a file that is too large or cut off")
        pieces.append(piece)
        data = stream.unused_data
    return b"".join(pieces)


COMMANDS: Mapping[str, Command] = {"base64": _base64, "zcat": _gunzip, "gunzip": _gunzip, "gzip": _gunzip}
"""Programs by name."""
