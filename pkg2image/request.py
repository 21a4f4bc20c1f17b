"""What the user asked for: flags and the image file become one `BuildRequest`.

An image file is YAML with the same words as the options; options given on the command line win over it. Errors name
the path in the file (``environment.LANG``) and all of them are told at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from pkg2image.errors import RequestError
from pkg2image.yamltext import parse_yaml

_MAX_FILE = 1 << 20  # an image file is written by hand; a megabyte is a mistake


class Format(StrEnum):
    """What can be written."""

    OCI = "oci"
    DOCKER = "docker"
    ACI = "aci"
    ROOTFS = "rootfs"
    DIR = "dir"


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str | int) else value


Words = Annotated[tuple[str, ...], BeforeValidator(_as_list)]
"""A list of words; one word may be written without brackets."""


class BuildRequest(BaseModel):
    """Everything that decides about an image; equal requests on equal repositories give equal bytes.

    Attributes:
        packages: As the user wrote them: ``name``, ``name=version``, ``name/suite``, ``name:arch``, ``name-`` or
            ``./file.deb``.
        suite: Suite or codename.
        architectures: Debian architectures; empty means the host's.
        mirror: Base URL of the distribution's archive.
        sources: One-line sources, deb822 text, or paths of files with either; they replace the default sources.
        extra_sources: The same, beside the default sources.
        keyrings: Files with the keys of the sources that name none themselves.
        closure: ``runtime`` or ``full``.
        with_packages: Packages to add.
        without: Names that must not be in.
        recommends: Whether Recommends are followed.
        recipe: ``auto``, ``none``, the name of a built-in recipe, or the path of a recipe file.
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
        compression: ``gzip``, ``zstd``, ``xz`` (not for layers) or ``none``, with or without ``:LEVEL``.
        layers: The most layers an image may have.
        epoch: SOURCE_DATE_EPOCH in seconds; None means the newest Release date of the plan.
        force: Whether an existing file that is not an image of ours may be replaced.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    packages: Words = Field(min_length=1)
    suite: str = "stable"
    architectures: Words = ()
    mirror: str | None = None
    sources: Words = ()
    extra_sources: Words = ()
    keyrings: tuple[Path, ...] = ()
    closure: Literal["runtime", "full"] = "runtime"
    with_packages: Words = Field(default=(), alias="with")
    without: Words = ()
    recommends: bool = False
    recipe: str = "auto"
    formats: tuple[Format, ...] = (Format.OCI,)
    output: Path | None = None
    tag: str | None = None
    entrypoint: Words | None = None
    command: Words | None = None
    environment: Mapping[str, str] = Field(default_factory=dict)
    user: str | None = None
    workdir: str | None = None
    ports: Words = ()
    volumes: Words = ()
    labels: Mapping[str, str] = Field(default_factory=dict)
    stop_signal: str | None = None
    compression: str = "gzip"
    layers: int = Field(default=20, ge=1, le=120)
    epoch: int | None = Field(default=None, ge=0, le=0x1FFFFFFFF)
    force: bool = False


def make_request(flags: Mapping[str, Any], image_file: Path | None) -> BuildRequest:
    """Merge an image file with flags and check the result.

    Args:
        flags: Option name -> value; None and empty tuples mean "not given".
        image_file: Path of a YAML image file, or None.

    Raises:
        RequestError: When the file cannot be read or anything in the request is wrong; every problem is named.
    """
    given = {name: value for name, value in flags.items() if value not in (None, (), {})}
    base = _read_image_file(image_file) if image_file else {}
    where = str(image_file) if image_file else "the request"
    try:
        return BuildRequest.model_validate(_merge(base, given))
    except ValidationError as error:
        problems = "; ".join(_problem(detail) for detail in error.errors())
        raise RequestError(
            f"cannot use {where}: {problems}", hint="pkg2image build --help shows what is possible"
        ) from error


def _merge(base: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, value in given.items():
        known = merged.get(name)
        merged[name] = {**known, **value} if isinstance(known, dict) and isinstance(value, Mapping) else value
    return merged


def _problem(detail: Any) -> str:
    path = ".".join(str(part) for part in detail["loc"]) or "the whole"
    return f"{path}: {detail['msg'][:1].lower()}{detail['msg'][1:]}"


def _read_image_file(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_FILE + 1)
    except OSError as error:
        raise RequestError(f"cannot read the image file {path}: {error.strerror}") from error
    if len(data) > _MAX_FILE:
        raise RequestError(f"cannot use the image file {path}: it is larger than 1 MiB")
    try:
        value = parse_yaml(data)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RequestError(
            f"cannot use the image file {path}: not YAML: {' '.join(str(error).split())[:300]}"
        ) from error
    if not isinstance(value, dict):
        raise RequestError(f"cannot use the image file {path}: it is not a mapping of options")
    return {str(name): item for name, item in value.items()}
