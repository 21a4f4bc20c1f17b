"""What of a request a lock holds: all that decides about the content of an image, and nothing else.

Where packages come from is told by the sources of the lock, and by what their packages hash to; formats, names and
places of what is written are nobody's business.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from pkg2image.lock.values import (
    ids_of,
    map_value,
    numbers_value,
    read_map,
    read_number,
    read_text,
    read_words,
    text_value,
    words_value,
)
from pkg2image.request import BuildRequest, make_request

_TEXTS = {
    "Closure": "closure",
    "Scripts": "scripts",
    "User": "user",
    "Work-Dir": "workdir",
    "Stop-Signal": "stop_signal",
}
_WORDS = {
    "Packages": "packages",
    "With": "with_packages",
    "Without": "without",
    "Features": "features",
    "Locales": "locales",
    "Keep": "keep",
    "Entrypoint": "entrypoint",
    "Cmd": "command",
    "Ports": "ports",
    "Volumes": "volumes",
}
_MAPS = {"Preseed": "preseed", "Env": "environment", "Labels": "labels"}
_FLAGS = {
    "Recommends": "recommends",
    "No-Shell": "no_shell",
    "No-CA-Certificates": "no_ca_certificates",
    "Slim": "slim",
    "Sbom-Inside": "sbom_inside",
}
_NUMBERS = {"Layers": "layers", "Epoch": "epoch"}
_FIELDS = {**_WORDS, **_TEXTS, **_MAPS, **_FLAGS, **_NUMBERS}

_PLAIN = BuildRequest(packages=())


def content_request(request: BuildRequest, *, suite: str, recipe: str) -> BuildRequest:
    """Return what of a request decides about the content; everything else is as by default.

    Args:
        request: What the user asked for.
        suite: Codename of the main suite.
        recipe: Name of the recipe that was chosen, or ``none``.
    """
    kept = {name: getattr(request, name) for name in _FIELDS.values()}
    # Of the path of a package only the last part: the same file in another directory makes the same image.
    words = tuple(f"./{PurePosixPath(word).name}" if _is_file(word) else word for word in request.packages)
    return replace(BuildRequest(**kept), packages=words, suite=suite, recipe=recipe, ids=request.ids)


def relocked(locked: BuildRequest, asked: BuildRequest, architecture: str) -> BuildRequest:
    """Return a request that is about the content as a lock says, and else as a user asks.

    Args:
        locked: Of the lock.
        asked: What the user asks for; its packages, which may be files, are kept.
        architecture: Of the lock.
    """
    content = {name: getattr(locked, name) for name in _FIELDS.values()}
    return replace(
        asked,
        **{**content, "packages": asked.packages},
        suite=locked.suite,
        recipe=locked.recipe,
        ids=locked.ids,
        architectures=(architecture,),
    )


def request_fields(request: BuildRequest) -> Iterator[tuple[str, str]]:
    """Yield what is not as by default in a request, as fields of a lock."""
    for name, attribute in _FIELDS.items():
        value = getattr(request, attribute)
        if value != getattr(_PLAIN, attribute):
            yield name, _written(name, value)
    for name, numbers in (("Uids", request.ids.users), ("Gids", request.ids.groups)):
        if numbers:
            yield name, numbers_value(numbers)


def read_request(fields: Mapping[str, str], *, suite: str, recipe: str) -> BuildRequest:
    """Return the request of a lock.

    Args:
        fields: Of its head.
        suite: Codename of the main suite.
        recipe: Name of the recipe that was chosen, or ``none``.

    Raises:
        ValueError: When a value cannot be read.
        RequestError: When it makes no sense.
    """
    values: dict[str, Any] = {_FIELDS[name]: _read(name, fields[name]) for name in _FIELDS if name in fields}
    ids = ids_of(fields.get("Uids"), fields.get("Gids"))
    return make_request({**values, "suite": suite, "recipe": recipe, "uids": ids.users, "gids": ids.groups}, None)


def _written(name: str, value: Any) -> str:
    if name in _WORDS:
        return words_value(value)
    if name in _MAPS:
        return map_value(value)
    if name in _FLAGS:
        return "yes"
    return str(value) if name in _NUMBERS else text_value(value)


def _read(name: str, value: str) -> object:
    if name in _WORDS:
        return read_words(value)
    if name in _MAPS:
        return read_map(value)
    if name in _FLAGS:
        return value == "yes"
    return read_number(value) if name in _NUMBERS else read_text(value)


def _is_file(word: str) -> bool:
    return word.endswith(".deb") and "/" in word
