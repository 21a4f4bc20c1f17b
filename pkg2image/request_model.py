"""The model that a request is checked with when it may hold anything: an image file, or values nobody has looked at.

Apart from `pkg2image.request`, because a command line is checked by its options already and should not pay for more.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, ValidationError

from pkg2image.errors import RequestError
from pkg2image.idmap import IdMap
from pkg2image.request import LAST_EPOCH, MOST_LAYERS, Format


def _as_text(value: object) -> object:
    return str(value) if type(value) is int else value


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str | int) else value


Text = Annotated[str, BeforeValidator(_as_text)]
"""A word; a whole number needs no quotes."""

Words = Annotated[tuple[Text, ...], BeforeValidator(_as_list)]
"""A list of words; one word may be written without brackets."""


class IdsModel(BaseModel):
    """The fields of `pkg2image.idmap.IdMap`."""

    model_config = ConfigDict(extra="forbid")

    users: Mapping[str, StrictInt] = Field(default_factory=dict)
    groups: Mapping[str, StrictInt] = Field(default_factory=dict)


def _as_map(ids: IdsModel) -> IdMap:
    return IdMap(ids.users, ids.groups)


class RequestModel(BaseModel):
    """The fields of `pkg2image.request.BuildRequest`, as they may be written."""

    model_config = ConfigDict(extra="forbid")

    packages: Words = Field(min_length=1)
    suite: str = "stable"
    architectures: Words = ()
    mirror: str | None = None
    elsewhere: Words = ()
    sources: Words = ()
    extra_sources: Words = ()
    keyrings: tuple[Path, ...] = ()
    closure: Literal["runtime", "full"] = "runtime"
    with_packages: Words = ()
    without: Words = ()
    recommends: bool = False
    scripts: Literal["emulate", "strict", "none"] = "emulate"
    preseed: Mapping[str, Text] = Field(default_factory=dict)
    ids: Annotated[IdsModel, AfterValidator(_as_map)] = Field(default_factory=IdsModel, validate_default=True)
    recipe: str = "auto"
    formats: tuple[Format, ...] = (Format.OCI,)
    output: Path | None = None
    tag: str | None = None
    entrypoint: Words | None = None
    command: Words | None = None
    environment: Mapping[str, Text] = Field(default_factory=dict)
    user: Text | None = None
    workdir: str | None = None
    ports: Words = ()
    volumes: Words = ()
    labels: Mapping[str, Text] = Field(default_factory=dict)
    stop_signal: str | None = None
    compression: str = "gzip"
    layers: int = Field(default=20, ge=1, le=MOST_LAYERS)
    epoch: int | None = Field(default=None, ge=0, le=LAST_EPOCH)
    force: bool = False
    strict: bool = False
    sbom: Annotated[tuple[Literal["spdx", "spdx3", "cyclonedx", "none"], ...], BeforeValidator(_as_list)] = ("spdx",)
    sbom_inside: bool = False
    no_shell: bool = False
    no_ca_certificates: bool = False
    slim: bool = False
    features: Words = ()
    locales: Words = ()
    keep: Words = ()


def checked(values: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return the values as `BuildRequest` takes them.

    Args:
        values: Names and whatever was given for them.
        where: What is checked, for errors.

    Raises:
        RequestError: When anything is wrong; every problem is named by its place.
    """
    try:
        model = RequestModel.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(_problem(detail) for detail in error.errors())
        raise RequestError(
            f"cannot use {where}: {problems}", hint="pkg2image build --help shows what is possible"
        ) from error
    return {name: getattr(model, name) for name in RequestModel.model_fields}


def _problem(detail: Any) -> str:
    path = ".".join(str(part) for part in detail["loc"]) or "the whole"
    return f"{path}: {detail['msg'][:1].lower()}{detail['msg'][1:]}"
