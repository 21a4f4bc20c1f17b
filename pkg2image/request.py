"""What the user asked for: flags and the image file become one `BuildRequest`.

An image file is YAML with the same words as the options; options given on the command line win over it. Errors name
the path in the file (``environment.LANG``) and all of them are told at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from pkg2image.errors import RequestError
from pkg2image.idmap import IdMap, check_ids

_MAX_FILE = 1 << 20  # an image file is written by hand; a megabyte is a mistake
_ALIASES = {"with": "with_packages"}
_ID_OPTIONS = {"users": "uids", "groups": "gids"}
_COMMAND_LINES = frozenset({"entrypoint", "command"})
_EXAMPLE = "write it as in: packages: [nginx, curl]"
LAST_EPOCH = 0x1FFFFFFFF
"""The last second that every format can hold: 33 bits, eleven octal digits in a tar."""
MOST_LAYERS = 120
"""Overlay file systems of common kernels stop at 128."""


class Format(StrEnum):
    """What can be written."""

    OCI = "oci"
    DOCKER = "docker"
    ACI = "aci"
    ROOTFS = "rootfs"
    DIR = "dir"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRequest:
    """Everything that decides about an image; equal requests on equal repositories give equal bytes.

    Args:
        packages: As the user wrote them: ``name``, ``name=version``, ``name/suite``, ``name:arch``, ``name-`` or
            ``./file.deb``.
        suite: Suite or codename.
        architectures: Debian architectures; empty means the host's.
        mirror: Base URL of the distribution's archive.
        elsewhere: Further places that may have packages; ``{date}`` in them stands for the date of a Release.
        sources: One-line sources, deb822 text, or paths of files with either; they replace the default sources.
        extra_sources: The same, beside the default sources.
        keyrings: Files with the keys of the sources that name none themselves.
        closure: ``runtime`` or ``full``.
        with_packages: Packages to add.
        without: Names that must not be in.
        recommends: Whether Recommends are followed.
        scripts: What is done with maintainer scripts: ``emulate``, ``strict`` or ``none``.
        preseed: Answers to questions of packages, ``package/question`` -> value.
        ids: Numbers that users and groups of packages get.
        recipe: ``auto``, ``none``, the name of a built-in recipe, or the path of a recipe file or a directory of them.
        formats: What to write.
        output: File, or directory for several outputs; None means a name made of the package in the working directory.
        tag: Reference of the image, ``name[:tag]``.
        entrypoint: Replaces the recipe's.
        command: Replaces the recipe's.
        environment: Added to the recipe's.
        user: Replaces the recipe's.
        workdir: Replaces the recipe's.
        ports: Added, as ``80``, ``80/tcp``.
        volumes: Added.
        labels: Added.
        stop_signal: Replaces the recipe's.
        compression: ``gzip``, ``zstd``, ``xz`` (not for layers), with or without ``:LEVEL``, ``stored`` or ``none``.
        layers: The most layers an image may have.
        epoch: SOURCE_DATE_EPOCH in seconds; None means the newest Release date of the plan.
        force: Whether an existing file that is not an image of ours may be replaced.
        strict: Whether an image whose files ask for what is not in it is an error.
        sbom: What the bill of materials beside the image is written as: ``spdx``, ``spdx3``, ``cyclonedx``; ``none``
            means that there is none.
        sbom_inside: Whether the image carries its bill of materials, too.
        no_shell: Whether no shell is added for files that show that they need one.
        no_ca_certificates: Whether no certificates are added for files that show that they need them.
        slim: Whether only what can be reached from how the image is started is kept.
        features: Optional parts of the application, as its recipe names them.
        locales: What a slim image has beside C.UTF-8, as in ``de_DE``.
        keep: Patterns of paths that a slim image has in any case.
    """

    packages: tuple[str, ...]
    suite: str = "stable"
    architectures: tuple[str, ...] = ()
    mirror: str | None = None
    elsewhere: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    extra_sources: tuple[str, ...] = ()
    keyrings: tuple[Path, ...] = ()
    closure: str = "runtime"
    with_packages: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    recommends: bool = False
    scripts: str = "emulate"
    preseed: Mapping[str, str] = field(default_factory=dict)
    ids: IdMap = field(default_factory=IdMap)
    recipe: str = "auto"
    formats: tuple[Format, ...] = (Format.OCI,)
    output: Path | None = None
    tag: str | None = None
    entrypoint: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    workdir: str | None = None
    ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    stop_signal: str | None = None
    compression: str = "gzip"
    layers: int = 20
    epoch: int | None = None
    force: bool = False
    strict: bool = False
    sbom: tuple[str, ...] = ("spdx",)
    sbom_inside: bool = False
    no_shell: bool = False
    no_ca_certificates: bool = False
    slim: bool = False
    features: tuple[str, ...] = ()
    locales: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()


def make_request(flags: Mapping[str, Any], image_file: Path | None) -> BuildRequest:
    """Merge an image file with flags and check the result.

    Args:
        flags: Option name -> value; None and empty tuples mean "not given", but an empty command line means none.
            ``uids`` and ``gids`` are the two parts of what an image file calls ``ids``.
        image_file: Path of a YAML image file, or None.

    Raises:
        RequestError: When the file cannot be read or anything in the request is wrong; every problem is named.
    """
    given = {
        name: value
        for name, value in flags.items()
        if value not in (None, (), {}) or (value == () and name in _COMMAND_LINES)
    }
    base = _read_image_file(image_file) if image_file else {}
    given, base = _by_field(given), _by_field(base)
    where = str(image_file) if image_file else "the request"
    values = _merge(base, given)
    if not _is_plain(values):
        from pkg2image.request_model import checked  # noqa: PLC0415 -- see that module

        values = checked(values, where)
    request = BuildRequest(**values)
    check_ids(request.ids)
    if "none" in request.sbom and len(request.sbom) > 1:
        raise RequestError(
            f"cannot use {where}: no bill of materials is wanted, and one is",
            hint="leave --sbom none out, or the other --sbom",
        )
    if not request.slim and (request.locales or request.keep):
        raise RequestError(
            f"cannot use {where}: locales and what to keep are for slim images; others have all of it",
            hint="add --slim",
        )
    return request


def _is_plain(values: Mapping[str, Any]) -> bool:
    """Say whether values are all as the command line makes them, so that no model has to look at them."""
    return bool(values.get("packages")) and all(
        name in _PLAIN and _PLAIN[name](value) for name, value in values.items()
    )


def _texts(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(text, str) for text in value)


def _text(value: object) -> bool:
    return isinstance(value, str)


def _mapping(value: object) -> bool:
    return isinstance(value, dict) and _texts((*value, *value.values()))


_PLAIN: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("packages", "architectures", "sources", "extra_sources", "elsewhere"), _texts),
    **dict.fromkeys(("with_packages", "without"), _texts),
    **dict.fromkeys(("entrypoint", "command", "ports", "volumes", "features", "locales", "keep"), _texts),
    **dict.fromkeys(("suite", "mirror", "recipe", "tag", "user", "workdir", "stop_signal", "compression"), _text),
    **dict.fromkeys(("environment", "labels", "preseed"), _mapping),
    **dict.fromkeys(
        ("recommends", "force", "strict", "no_shell", "no_ca_certificates", "slim", "sbom_inside"),
        lambda value: isinstance(value, bool),
    ),
    "keyrings": lambda value: isinstance(value, tuple) and all(isinstance(path, Path) for path in value),
    "output": lambda value: isinstance(value, Path),
    "formats": lambda value: isinstance(value, tuple) and all(isinstance(each, Format) for each in value),
    "closure": lambda value: value in ("runtime", "full"),
    "sbom": lambda value: _texts(value) and {"spdx", "spdx3", "cyclonedx", "none"}.issuperset(value),
    "scripts": lambda value: value in ("emulate", "strict", "none"),
    "layers": lambda value: type(value) is int and 1 <= value <= MOST_LAYERS,
}
"""What a value looks like that needs no more checking; an epoch always does."""


def _by_field(values: Mapping[str, Any]) -> dict[str, Any]:
    # ``with`` is a word of the language, so the field cannot have the name of the option.
    fields = {_ALIASES.get(name, name): value for name, value in values.items()}
    mirror = fields.get("mirror")
    if isinstance(mirror, tuple | list) and mirror:
        fields = {**fields, "mirror": mirror[0], "elsewhere": tuple(mirror[1:])}
    ids = {kind: fields.pop(option) for kind, option in _ID_OPTIONS.items() if option in fields}
    return fields | {"ids": ids} if ids else fields


def _merge(base: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, value in given.items():
        known = merged.get(name)
        merged[name] = _merge(known, value) if isinstance(known, dict) and isinstance(value, Mapping) else value
    return merged


def _read_image_file(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_FILE + 1)
    except OSError as error:
        raise RequestError(
            f"cannot read the image file {path}: {error.strerror}", hint="name the file after -f"
        ) from error
    if len(data) > _MAX_FILE:
        raise RequestError(f"cannot use the image file {path}: it is larger than 1 MiB", hint=_EXAMPLE)
    import yaml  # noqa: PLC0415 -- most requests are made of options alone, and the library takes its time

    from pkg2image.yamltext import parse_yaml  # noqa: PLC0415 -- likewise

    try:
        value = parse_yaml(data)
    except yaml.YAMLError as error:
        raise RequestError(
            f"cannot use the image file {path}: not YAML: {' '.join(str(error).split())[:300]}", hint=_EXAMPLE
        ) from error
    if not isinstance(value, dict):
        raise RequestError(f"cannot use the image file {path}: it is not a mapping of options", hint=_EXAMPLE)
    return {str(name): item for name, item in value.items()}
