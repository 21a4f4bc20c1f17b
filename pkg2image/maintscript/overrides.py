"""Scripts and commands that an image does without, as data.

Most scripts are interpreted as they are. Some want what no image should hold - an initialised database, a cluster, the
state of a running service - and some call the package's own programs to make it. ``overrides.yaml`` names them, each
with the reason: a script may be skipped whole, or single commands count as done while the rest of the script runs.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files

import yaml

from pkg2image.errors import RequestError
from pkg2image.yamltext import parse_yaml

SCRIPTS = ("preinst", "config", "postinst")
"""The scripts of a first installation, in their order."""

_DATA = "overrides.yaml"
_REQUIRED = frozenset({"packages", "because", "why"})
_OPTIONAL = frozenset({"scripts", "commands", "prints", "status", "makes", "withholds", "without"})


class Because(StrEnum):
    """What kind of reason an override has."""

    FIRST_START = "first start"  # data of the service: an entrypoint or a volume makes it
    NO_EFFECT = "no effect"  # checks of the machine, messages, byte code: nothing of an image depends on it
    NO_HOST = "no host"  # boot loaders, kernels, hardware, running services: an image has none
    ELSEWHERE = "made elsewhere"  # the skeleton or a trigger of ours makes the same, or programs do without the cache


@dataclass(frozen=True, slots=True)
class Override:
    """One rule.

    Args:
        packages: Names of packages; shell patterns.
        because: The kind of reason.
        why: The reason in words.
        scripts: Scripts that are not interpreted at all.
        commands: Programs that count as done when one of the scripts calls them, by name, or by the absolute path
            of what is in no directory of programs.
        prints: What these programs say.
        status: What they exit with.
        makes: Absolute paths that they would make: scripts find an empty file there, images do not.
        withholds: Absolute paths that the script itself makes afterwards, and that images do not have.
        without: The rule holds only for images that have none of these packages.
    """

    packages: tuple[str, ...]
    because: Because
    why: str
    scripts: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    prints: str = ""
    makes: tuple[str, ...] = ()
    withholds: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    status: int = 0

    def skips(self, script: str) -> bool:
        """Say whether the rule leaves out a script."""
        return script in self.scripts


@dataclass(frozen=True, slots=True)
class Overrides:
    """All rules.

    Args:
        rules: In the order of the file.
    """

    rules: tuple[Override, ...] = ()

    def of(self, package: str, present: Container[str] = ()) -> tuple[Override, ...]:
        """Return the rules for a package.

        Args:
            package: Its name.
            present: Names of the packages of the image.
        """
        return tuple(
            rule
            for rule in self.rules
            if any(fnmatchcase(package, pattern) for pattern in rule.packages)
            and not any(name in present for name in rule.without)
        )


NONE = Overrides()
"""No rule: every script as it is."""


@cache
def built_in() -> Overrides:
    """Return the rules that come with the program."""
    return parse_overrides(files(__package__).joinpath(_DATA).read_text(encoding="utf-8"), origin=_DATA)


def parse_overrides(text: str, *, origin: str) -> Overrides:
    """Read a list of rules: mappings of packages, because, why, and scripts or commands.

    Args:
        text: A YAML document.
        origin: What is read, for errors.

    Raises:
        RequestError: When the document is no such list.
    """
    try:
        document = parse_yaml(text)
    except yaml.YAMLError as error:
        raise RequestError(f"cannot read {origin}: not YAML") from error
    if not isinstance(document, list):
        raise RequestError(f"cannot read {origin}: not a list of rules")
    return Overrides(tuple(_rule(rule, f"{origin}: [{number}]") for number, rule in enumerate(document)))


def _rule(rule: object, place: str) -> Override:
    if not isinstance(rule, dict) or not _REQUIRED <= set(rule) <= _REQUIRED | _OPTIONAL:
        raise RequestError(f"cannot read {place}: not a mapping with {', '.join(sorted(_REQUIRED))}")
    if rule["because"] not in [*Because] or not all(isinstance(rule.get(key, ""), str) for key in ("why", "prints")):
        raise RequestError(f"cannot read {place}: because is one of {', '.join(Because)}, and why is a sentence")
    if rule.get("status", 0) not in range(126):
        raise RequestError(f"cannot read {place}: status is a number below 126")
    override = Override(
        _words(rule, "packages", place),
        Because(rule["because"]),
        rule["why"],
        _words(rule, "scripts", place),
        _words(rule, "commands", place),
        rule.get("prints", ""),
        _words(rule, "makes", place),
        _words(rule, "withholds", place),
        _words(rule, "without", place),
        rule.get("status", 0),
    )
    if not set(override.scripts) <= set(SCRIPTS):
        raise RequestError(f"cannot read {place}: scripts are {', '.join(SCRIPTS)}")
    if not override.packages or not (override.scripts or override.commands):
        raise RequestError(f"cannot read {place}: it has no packages, or neither scripts nor commands")
    return override


def _words(rule: Mapping[str, object], key: str, place: str) -> tuple[str, ...]:
    words = rule.get(key, [])
    if not isinstance(words, list) or not all(isinstance(word, str) and word for word in words):
        raise RequestError(f"cannot read {place}: {key}: not a list of names")
    return tuple(words)
