"""The recipe: what a well-known application needs beside its packages.

A recipe adds to what the packages say and their scripts make: how the program is started, what state it keeps, how to
see that it works, and what an image needs that Debian leaves to an init system or to packages that are cut. It names no
versions; where a path has one in it, ``{glob:/usr/lib/postgresql/*/bin}`` stands for the path in the image
(`pkg2image.recipes.expand`).

Recipes are files that people write, so every mistake is found when they are read, and named by its place in the file.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StrictInt,
    StringConstraints,
    model_validator,
)

from pkg2image.image.config import ImageConfig, Port

GLOB = re.compile(r"\{glob:(/[^{}]*)\}")
NUMBER = re.compile(r"\{number:([a-z0-9][a-z0-9.+-]*)\}")
_PORT = re.compile(r"([1-9][0-9]{0,4})/(tcp|udp)")
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def _absolute_path(text: str) -> str:
    plain = GLOB.sub(r"\1", text)
    if not plain.startswith("/"):
        raise ValueError("must be an absolute path")
    if plain != "/" and not all(part not in {"", ".", ".."} for part in plain[1:].split("/")):
        raise ValueError("must not have empty components, . or ..")
    return text


def _mode(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"0[0-7]{3,4}", value):
        return int(value, 8)
    raise ValueError('must be octal digits in quotes that start with 0, for example "0755"')


def _environment_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", text):
        raise ValueError("must be letters, digits and underscores")
    return text


def _numbered(text: str) -> str:
    plain = NUMBER.sub("0", text)
    if not re.fullmatch(r"[a-z0-9][a-z0-9.+-]+", plain) or len(set(NUMBER.findall(text))) > 1:
        raise ValueError("must be the name of a package, in which one {number:NAME-} may stand for a version")
    return text


def _port(text: str) -> str:
    match = _PORT.fullmatch(text)
    if match is None or int(match[1]) > 0xFFFF:
        raise ValueError("must be NUMBER/tcp or NUMBER/udp, for example 5432/tcp")
    return text


AccountName = Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_-]{0,30}$")]
Owner = Annotated[str, StringConstraints(pattern=r"^([a-z_][a-z0-9_-]{0,30}|[0-9]{1,9})$")]
PackageName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.+-]+$")]
FeaturePackage = Annotated[str, AfterValidator(_numbered)]
PortText = Annotated[str, AfterValidator(_port)]
PortName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Identity = Annotated[StrictInt, Field(ge=1, lt=60000)]  # Debian Policy 9.2.2: above are special ranges
Text = Annotated[str, StringConstraints(min_length=1)]
AbsolutePath = Annotated[str, AfterValidator(_absolute_path)]
EnvironmentName = Annotated[str, AfterValidator(_environment_name)]
Mode = Annotated[int, BeforeValidator(_mode), PlainSerializer(lambda mode: f"0{mode:03o}", str)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RecipeUser(_Part):
    """A system user.

    Args:
        uid: The number to have, for example that of other images that use the same volumes; the first free one when
            there is none, or when another user has it.
        group: Primary group; by default one of the same name.
        groups: Further groups.
        gecos: Full name.
        home: Home directory, not made by this.
        shell: Login shell.
    """

    uid: Identity | None = None
    group: AccountName | None = None
    groups: tuple[AccountName, ...] = ()
    gecos: str = ""
    home: AbsolutePath = "/nonexistent"
    shell: AbsolutePath = "/usr/sbin/nologin"


class RecipeGroup(_Part):
    """A system group.

    Args:
        gid: The number to have; the first free one when there is none, or when another group has it.
    """

    gid: Identity | None = None


class RecipeDirectory(_Part):
    """A directory, made or given this owner and mode when it exists.

    Args:
        user: Owner by name or number.
        group: Group by name or number.
        mode: Permission bits.
    """

    user: Owner = "root"
    group: Owner = "root"
    mode: Mode = 0o755


class RecipeFile(_Part):
    """A file; either content or script says what is in it.

    Args:
        user: Owner by name or number.
        group: Group by name or number.
        mode: Permission bits.
        content: The text itself.
        script: Name of a file beside the recipe; reading the recipe puts its text into `content` instead.
    """

    user: Owner = "root"
    group: Owner = "root"
    mode: Mode = 0o644
    content: str | None = None
    script: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")] | None = None

    @model_validator(mode="after")
    def _has_one_source(self) -> RecipeFile:
        if (self.content is None) == (self.script is None):
            raise ValueError("needs either content or script")
        return self


class RecipeCut(_Part):
    """Dependencies that this application declares and an image of it does not need.

    Args:
        names: What is depended on, as shell patterns.
        only: Whose dependencies they are, as shell patterns.
        why: The reason, which every plan shows.
    """

    names: tuple[Text, ...] = Field(min_length=1)
    only: tuple[Text, ...] = Field(min_length=1)
    why: Text


class RecipeFeature(_Part):
    """An optional part of the application, turned on by ``--feature``.

    Args:
        packages: Further packages that an image has with it; ``{number:postgresql-}`` in a name stands for what follows
            in the name of a package of the image, and is a number.
        paths: Patterns of files that a slim image has only with it; a directory stands for all that is in it.
        keep: Patterns of further files that a slim image has with it; it may have them without it too.
        why: What it is good for, which ``recipes show`` tells.
    """

    packages: tuple[FeaturePackage, ...] = ()
    paths: tuple[AbsolutePath, ...] = ()
    keep: tuple[AbsolutePath, ...] = ()
    why: Text

    @model_validator(mode="after")
    def _is_something(self) -> RecipeFeature:
        if not (self.packages or self.paths):
            raise ValueError("needs packages or paths")
        return self


class SmokeStep(_Part):
    """One question to the running application: a command, or a message to a port.

    Args:
        run: Command line inside the container.
        port: Where the message is sent, from inside the network of the container: ``80/tcp``.
        send: The message. Each character is a byte: those above U+00FF cannot be sent.
        expect: What the standard output of the command, or the answer of the port, must contain.
    """

    run: tuple[str, ...] = ()
    port: Annotated[str, AfterValidator(_port)] = ""
    send: Annotated[str, StringConstraints(pattern=r"^[\x00-\xff]*$")] = ""
    expect: str = ""

    @model_validator(mode="after")
    def _asks_one_thing(self) -> SmokeStep:
        if bool(self.run) == bool(self.port):
            raise ValueError("needs either run or port")
        if self.port and not self.expect:
            raise ValueError("a port needs an answer to expect")
        if self.port and any(char > "\xff" for char in self.expect):
            raise ValueError("a port answers bytes: each character of expect must be one, up to U+00FF")
        return self


class SmokeTest(_Part):
    """How to see that an image of this application works.

    Args:
        environment: Of the container, for example a password.
        command: Arguments of the container, in place of the recipe's.
        ready: Command line that succeeds inside the container as soon as it is ready. Without it the first step is
            repeated until it succeeds; without steps the container is no service, and must end with exit code 0.
        expect: What a container that is no service must print.
        steps: Questions to ask when it is ready.
    """

    environment: dict[EnvironmentName, str] = {}
    command: tuple[str, ...] = ()
    ready: tuple[str, ...] = ()
    expect: str = ""
    steps: tuple[SmokeStep, ...] = ()


class Recipe(_Part):
    """Everything about one application.

    Args:
        name: Short name.
        description: One line.
        applies_to: Shell patterns of package names; who asks for such a package gets this recipe.
        packages: Further packages the application needs in an image.
        cut: Dependencies that the runtime closure leaves out on top of those it always does.
        groups: Groups to add, by name.
        users: Users to add, by name.
        directories: Directories by path.
        files: Files by path.
        symlinks: Link targets by path of the link.
        entrypoint: Program and leading arguments. Without them it is started as its packages say, and what the recipe
            says about that below is added to it or stands in its place.
        command: Default arguments.
        environment: Variables in order.
        user: Who runs it: ``name`` or ``name:group``; empty means root, or whom its packages name.
        workdir: Where it runs.
        ports: Where it listens, by a name for the port: ``postgresql: 5432/tcp``.
        volumes: Directories that hold state.
        stop_signal: What makes it stop cleanly.
        first_start: Command that prepares its state and ends; starting the application does the same when it is due.
        features: Optional parts by name, which an image has when they are asked for.
        keep: Patterns of paths that slim images have in any case.
        smoke_test: How to see that it works.
    """

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    description: Text
    applies_to: tuple[Text, ...] = ()
    packages: tuple[PackageName, ...] = ()
    cut: tuple[RecipeCut, ...] = ()
    groups: dict[AccountName, RecipeGroup] = {}
    users: dict[AccountName, RecipeUser] = {}
    directories: dict[AbsolutePath, RecipeDirectory] = {}
    files: dict[AbsolutePath, RecipeFile] = {}
    symlinks: dict[AbsolutePath, Text] = {}
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environment: dict[EnvironmentName, str] = {}
    user: Annotated[str, StringConstraints(pattern=r"^([a-z0-9_][a-z0-9_-]*(:[a-z0-9_][a-z0-9_-]*)?)?$")] = ""
    workdir: AbsolutePath = "/"
    ports: dict[PortName, PortText] = {}
    volumes: tuple[AbsolutePath, ...] = ()
    stop_signal: Annotated[str, StringConstraints(pattern=r"^(SIG[A-Z][A-Z0-9+]*)?$")] = ""
    first_start: tuple[str, ...] = ()
    features: dict[PortName, RecipeFeature] = {}
    keep: tuple[AbsolutePath, ...] = ()
    smoke_test: SmokeTest | None = None

    def image_config(self, base: ImageConfig | None = None) -> ImageConfig:
        """Return how an image of this application is started.

        Args:
            base: How its packages say that it is; None for a recipe that says everything itself.
        """
        base = base or ImageConfig()
        environment = {"PATH": DEFAULT_PATH, **dict(base.environment), **self.environment}
        return ImageConfig(
            entrypoint=self.entrypoint or base.entrypoint,
            command=self.command or base.command,
            environment=tuple(environment.items()),
            user=self.user or base.user,
            workdir=base.workdir if self.workdir == "/" else self.workdir,
            ports=tuple(self._ports(base)),
            volumes=tuple(dict.fromkeys((*base.volumes, *self.volumes))),
            stop_signal=self.stop_signal or base.stop_signal,
            first_start=self.first_start or base.first_start,
        )

    def _ports(self, base: ImageConfig) -> list[Port]:
        named = [
            Port(int(number), protocol, name)
            for name, text in self.ports.items()
            for number, protocol in _PORT.findall(text)
        ]
        known = {(port.number, port.protocol) for port in named}
        return [*named, *(port for port in base.ports if (port.number, port.protocol) not in known)]

    def dump(self) -> dict[str, Any]:
        """Return the recipe as it would stand alone in a file: defaults left out, texts of scripts in it."""
        return self.model_dump(mode="json", exclude_defaults=True)
