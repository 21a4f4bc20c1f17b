"""How an image wants to be started, whatever its format.

OCI and docker images and ACIs say it in their configuration; a plain root filesystem says it in the document that the
build leaves in it. The image may be anybody's, so every value is checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from pkg2image.image.config import ImageConfig, Port
from pkg2image.image.read import ImageContents
from pkg2image.image.scan import reading
from pkg2image.recipes.model import DEFAULT_PATH, SmokeTest

_MOST_PORT = 0xFFFF


@dataclass(frozen=True, slots=True)
class Identity:
    """Who runs a container.

    Args:
        uid: Number of the user.
        gid: Number of the group.
        groups: Numbers of further groups.
    """

    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """How an image is started, and how to see that it works.

    Args:
        config: Its runtime configuration.
        identity: The numbers of its user.
        smoke_test: What its recipe says about that; None when there is none.
        is_service: Whether it was made to start a service.
    """

    config: ImageConfig
    identity: Identity
    smoke_test: SmokeTest | None = None
    is_service: bool = False


def settings_of(contents: ImageContents) -> Settings:
    """Return how an image is started.

    Raises:
        RequestError: When the image does not say it in the right form.
    """
    with reading(contents.path):
        inferred = contents.inside.inferred
        config = _config(contents, inferred)
        return Settings(
            config=config,
            identity=identity_of(config.user, contents.inside.users, contents.inside.groups),
            smoke_test=_smoke_test(inferred.get("smoke_test")),
            is_service=bool(inferred.get("chosen")),
        )


def _config(contents: ImageContents, inferred: Mapping[str, Any]) -> ImageConfig:
    match contents.format:
        case "oci" | "docker":
            return _of_oci(_mapping(contents.config.get("config")))
        case "aci":
            return _of_aci(_mapping(contents.config.get("app")), inferred)
        case _:
            return _of_document(inferred)


def _of_oci(config: Mapping[str, Any]) -> ImageConfig:
    return ImageConfig(
        entrypoint=_words(config.get("Entrypoint")),
        command=_words(config.get("Cmd")),
        environment=_environment(_pair(text) for text in _words(config.get("Env"))),
        user=_text(config.get("User")),
        workdir=_text(config.get("WorkingDir")),
        ports=tuple(map(_port, sorted(_mapping(config.get("ExposedPorts"))))),
        volumes=tuple(map(_text, sorted(_mapping(config.get("Volumes"))))),
        stop_signal=_text(config.get("StopSignal")),
    )


def _of_aci(app: Mapping[str, Any], inferred: Mapping[str, Any]) -> ImageConfig:
    words = _words(app.get("exec"))
    # The format does not say where the default arguments begin; the build's own document does.
    entrypoint = _words(_value(inferred, "entrypoint"))
    leading = len(entrypoint) if entrypoint and words[: len(entrypoint)] == entrypoint else 1
    handlers = {_text(each.get("name")): _words(each.get("exec")) for each in _objects(app.get("eventHandlers"))}
    user, group = _text(app.get("user")), _text(app.get("group"))
    return ImageConfig(
        entrypoint=words[:leading],
        command=words[leading:],
        environment=_environment(
            (_text(each.get("name")), _text(each.get("value"))) for each in _objects(app.get("environment"))
        ),
        user=f"{user}:{group}" if group else user,
        workdir=_text(app.get("workingDirectory")),
        ports=tuple(_port(f"{each.get('port')}/{each.get('protocol')}") for each in _objects(app.get("ports"))),
        volumes=tuple(_text(each.get("path")) for each in _objects(app.get("mountPoints"))),
        first_start=handlers.get("pre-start", ()),
    )


def _of_document(inferred: Mapping[str, Any]) -> ImageConfig:
    pairs = _mapping(_value(inferred, "environment"))
    return ImageConfig(
        entrypoint=_words(_value(inferred, "entrypoint")),
        command=_words(_value(inferred, "command")),
        environment=_environment((name, _text(value)) for name, value in pairs.items()),
        user=_text(_value(inferred, "user")),
        workdir=_text(_value(inferred, "workdir")),
        ports=tuple(map(_port, _words(_value(inferred, "ports")))),
        volumes=_words(_value(inferred, "volumes")),
        stop_signal=_text(_value(inferred, "stop_signal")),
    )


def _value(inferred: Mapping[str, Any], name: str) -> object:
    return _mapping(inferred.get("values")).get(name, {}).get("value")


def _smoke_test(document: object) -> SmokeTest | None:
    if document is None:
        return None
    try:
        return SmokeTest.model_validate(document)
    except ValidationError as error:
        raise ValueError("its smoke test is not in the form of a recipe") from error


def identity_of(
    user: str, users: tuple[Mapping[str, object], ...], groups: tuple[Mapping[str, object], ...]
) -> Identity:
    """Return the numbers of a user as container runtimes find them.

    Args:
        user: ``name``, ``uid``, ``name:group`` or empty for root.
        users: Lines of ``/etc/passwd``: ``name``, ``uid``, ``gid``.
        groups: Lines of ``/etc/group``: ``name``, ``gid``, ``members``.

    Raises:
        ValueError: When a name is not in the image.

    Spec: OCI image-spec v1.1 config.md "User".
    """
    name, _, group = (user or "0").partition(":")
    line = next((line for line in users if name in (line["name"], str(line["uid"]))), None)
    if line is None and not _is_number(name):
        raise ValueError(f"its user {name!r} is not in its /etc/passwd")
    uid = _number(line["uid"]) if line else int(name)
    if group:
        found = next((each for each in groups if group in (each["name"], str(each["gid"]))), None)
        if found is None and not _is_number(group):
            raise ValueError(f"its group {group!r} is not in its /etc/group")
        return Identity(uid, _number(found["gid"]) if found else int(group))
    gid = _number(line["gid"]) if line else 0
    further = {_number(each["gid"]) for each in groups if line and line["name"] in _list(each["members"])}
    return Identity(uid, gid, tuple(sorted(further - {gid})))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 10


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise ValueError(f"{value!r} is not a number")  # noqa: TRY004 - foreign data, not a wrong argument
    return value


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [each for each in _list(value) if isinstance(each, dict)]


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or "\0" in value:
        raise ValueError(f"{str(value)[:80]!r} of its configuration is not a text")
    return value


def _words(value: object) -> tuple[str, ...]:
    return tuple(map(_text, _list(value)))


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value


def _environment(pairs: Any) -> tuple[tuple[str, str], ...]:
    return tuple({"PATH": DEFAULT_PATH, **dict(pairs)}.items())


def _port(text: str) -> Port:
    number, _, protocol = text.partition("/")
    if not _is_number(number) or int(number) > _MOST_PORT or protocol not in {"", "tcp", "udp"}:
        raise ValueError(f"{text[:80]!r} is not a port")
    return Port(int(number), protocol or "tcp")
