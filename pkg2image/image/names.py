"""Names as each format wants them: platforms, image references, tags, AC identifiers.

Debian's names are wider than everybody else's: package names hold ``+``, versions hold ``+``, ``~`` and ``:``. What
has to be changed is changed here, and only here.

Spec: OCI image-spec v1.1 image-index.md "Platform Variants"; appc spec 0.8.11 types.md and aci.md "labels".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pkg2image.errors import RequestError

_PLATFORMS = {
    "amd64": ("amd64", ""),
    "arm64": ("arm64", "v8"),
    "armel": ("arm", "v5"),
    "armhf": ("arm", "v7"),
    "i386": ("386", ""),
    "loong64": ("loong64", ""),
    "mips64el": ("mips64le", ""),
    "ppc64el": ("ppc64le", ""),
    "riscv64": ("riscv64", ""),
    "s390x": ("s390x", ""),
}

APPC_ARCHITECTURES = {
    "amd64": "amd64",
    "arm64": "aarch64",
    "armhf": "armv7l",
    "i386": "i386",
    "ppc64el": "ppc64le",
    "s390x": "s390x",
}

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::[0-9]+)?"
_REPOSITORY = re.compile(rf"(?:(?P<host>{_HOST})/)?(?P<path>{_COMPONENT}(?:/{_COMPONENT})*)", re.ASCII)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re.ASCII)
_LONGEST_REPOSITORY = 255

AC_IDENTIFIER = re.compile(r"[a-z0-9]+(?:[-._~/][a-z0-9]+)*", re.ASCII)
AC_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
_PLAIN = re.compile(rb"(?P<plain>[a-z0-9]|(?<=[a-z0-9])[-._/](?=[a-z0-9]))|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Platform:
    """What a container runtime calls an architecture.

    Args:
        architecture: GOARCH.
        variant: ``v7`` and so on, empty where an architecture has only one.
        os: Always ``linux``.
    """

    architecture: str
    variant: str = ""
    os: str = "linux"

    def render(self) -> dict[str, str]:
        """Return the ``platform`` object of a descriptor."""
        variant = {"variant": self.variant} if self.variant else {}
        return {"architecture": self.architecture, "os": self.os, **variant}


def platform_of(architecture: str) -> Platform:
    """Return the platform of a Debian architecture.

    Raises:
        RequestError: When container images know no such architecture.
    """
    if architecture not in _PLATFORMS:
        raise RequestError(
            f"cannot make an image for {architecture}: container images have no name for this architecture",
            hint=f"use one of {', '.join(_PLATFORMS)}",
        )
    return Platform(*_PLATFORMS[architecture])


def appc_architecture(architecture: str) -> str:
    """Return the ``arch`` label of ACI for a Debian architecture.

    Raises:
        RequestError: When appc has no legal value for it together with ``os=linux``.
    """
    if architecture not in APPC_ARCHITECTURES:
        raise RequestError(
            f"cannot make an ACI for {architecture}: appc 0.8.11 has no legal arch label for it",
            hint=f"use --format oci, or one of {', '.join(APPC_ARCHITECTURES)}",
        )
    return APPC_ARCHITECTURES[architecture]


@dataclass(frozen=True, slots=True)
class Reference:
    """The name and tag of an image.

    Args:
        repository: Lower-case path, with or without the host of a registry before it.
        tag: For example ``latest``.
    """

    repository: str
    tag: str = "latest"

    @property
    def has_host(self) -> bool:
        """Whether the first component of the repository is a registry: it has a dot, a port, or is localhost."""
        first, slash, _ = self.repository.partition("/")
        return bool(slash) and (first == "localhost" or "." in first or ":" in first)

    @property
    def full(self) -> str:
        """The name with a host: without one ``localhost``, never a public registry, where it would name a stranger."""
        return str(self) if self.has_host else f"localhost/{self}"

    def __str__(self) -> str:
        """Return ``repository:tag``."""
        return f"{self.repository}:{self.tag}"


def parse_reference(text: str) -> Reference:
    """Parse ``[host[:port]/]path[:tag]``; the tag is ``latest`` when there is none.

    Raises:
        RequestError: When docker, podman or containerd would refuse the name.
    """
    head, colon, tail = text.rpartition(":")
    repository, tag = (head, tail) if colon and "/" not in tail else (text, "latest")
    match = _REPOSITORY.fullmatch(repository)
    if match is None or len(repository) > _LONGEST_REPOSITORY:
        raise RequestError(
            f"cannot name the image {text[:300]!r}: {repository[:300]!r} is not a repository name",
            hint="use lower-case letters and digits, with single . _ - or / between them, such as web/nginx:1.0",
        )
    host = match["host"]
    if host and host != host.lower() and "." not in host and ":" not in host:
        raise RequestError(f"cannot name the image {text[:300]!r}: repository names are in lower case")
    if _TAG.fullmatch(tag) is None:
        raise RequestError(
            f"cannot name the image {text[:300]!r}: {tag[:200]!r} is not a tag",
            hint="tags hold letters, digits, _ . and -, do not start with . or -, and have at most 128 characters",
        )
    return Reference(repository, tag)


def default_reference(package: str) -> Reference:
    """Return the name of a package's image, ``<package>:latest``, with ``+`` written as ``x`` (``g++`` is ``gxx``)."""
    parts = (part for part in re.split(r"[^a-z0-9.-]+", package.replace("+", "x")) if part)
    name = re.sub(r"[.-]*\.[.-]*", ".", "-".join(parts)).strip(".-")
    return Reference(name or "image")


def ac_identifier(text: str) -> str:
    """Return a text as an AC Identifier, reversibly: what does not fit becomes ``~`` and two hexadecimal digits.

    A separator stays as it is when it stands between two letters or digits, which is where the grammar allows it:
    ``libstdc++6`` becomes ``libstdc~2b~2b6``, ``postgresql-15`` stays. An identifier cannot begin with a separator,
    so a text that would is put behind ``x`` (and then is not reversible; package names never are such texts).

    Spec: appc spec 0.8.11 types.md "AC Identifier Type".
    """
    raw = text.encode("utf-8", "surrogateescape")
    written = _PLAIN.sub(lambda byte: byte[0] if byte["plain"] else b"~%02x" % ord(byte[0]), raw).decode()
    return written if written and not written.startswith("~") else f"x{written}"


def ac_name(text: str) -> str:
    """Return a text as an AC Name: runs of anything but letters and digits become one ``-``.

    Spec: appc spec 0.8.11 types.md "AC Name Type".
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower(), flags=re.ASCII).strip("-") or "x"
