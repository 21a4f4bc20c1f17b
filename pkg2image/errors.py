"""The exception tree of pkg2image, its exit codes and hints.

Every foreseeable failure is a `Pkg2ImageError`; whatever else escapes is a bug. Messages read
``cannot <verb> <object>: <reason>``, lower case, without a period; a hint is one imperative line that
says what to do next. Only the command line turns them into text on a terminal and into an exit code.
"""

from __future__ import annotations


class Pkg2ImageError(Exception):
    """Base of all errors that a user may see.

    Args:
        message: One sentence, ``cannot <verb> <object>: <reason>``.
        hint: One imperative line about what to do next, or None.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(Pkg2ImageError):
    """The command line itself is wrong."""

    exit_code = 2


class RequestError(Pkg2ImageError):
    """The request (flags, image file, recipe, sources) asks for something that makes no sense."""

    exit_code = 3


class UnresolvableError(Pkg2ImageError):
    """No set of packages satisfies the request.

    Args:
        message: What cannot be installed.
        reasons: The chain of facts, from the request downwards, one sentence each.
        hint: What to do next.
    """

    exit_code = 4

    def __init__(self, message: str, *, reasons: tuple[str, ...] = (), hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.reasons = reasons


class IncompleteImageError(UnresolvableError):
    """The files of an image ask for what is not in it, and the request does not go on with that.

    Args:
        package: What the image is of.
        reasons: What is missing and who asks for it, one sentence each.
    """

    def __init__(self, package: str, reasons: tuple[str, ...]) -> None:
        super().__init__(
            f"cannot make a complete image of {package}: its files ask for what is not in it",
            reasons=reasons,
            hint="add what is missing with --with, or build without --strict",
        )
        self.package = package


class NetworkError(Pkg2ImageError):
    """A repository could not be reached, or what it sent was not what was asked for.

    Args:
        message: What cannot be downloaded and why.
        url: The address, without credentials.
        status: The HTTP status when there was an answer.
        hint: What to do next.
    """

    exit_code = 5

    def __init__(self, message: str, *, url: str = "", status: int | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.url = url
        self.status = status


class TrustError(Pkg2ImageError):
    """Something is not what a trusted key vouches for: signature, freshness, hash or size."""

    exit_code = 6


class MalformedPackageError(Pkg2ImageError):
    """A .deb or an index is malformed or unsafe.

    Args:
        message: Names the package or file, the member or path, and the reason.
        hint: What to do next.
    """

    exit_code = 7


class ScriptError(Pkg2ImageError):
    """The maintainer script of a package cannot be interpreted, and the request does not go on without it.

    Args:
        package: Name of the package.
        script: ``preinst``, ``config`` or ``postinst``.
        reason: What is not understood, or how the script ended.
        line: Line of the script, or None when it is not known.
    """

    exit_code = 7

    def __init__(self, package: str, script: str, reason: str, *, line: int | None = None) -> None:
        where = f"line {line} of " if line is not None else ""
        super().__init__(
            f"cannot configure {package}: {where}its {script}: {reason}",
            hint="build with --scripts emulate to go on without what this script does",
        )
        self.package = package
        self.script = script
        self.reason = reason
        self.line = line


class FileConflictError(Pkg2ImageError):
    """Two packages ship the same path and neither may replace the other.

    Args:
        path: The path inside the image.
        packages: The names of both packages.
        reason: More about the kind of conflict.
    """

    exit_code = 8

    def __init__(self, path: str, packages: tuple[str, str], reason: str = "neither Replaces the other") -> None:
        super().__init__(
            f"cannot unpack {packages[1]}: /{path} is also in {packages[0]}, and {reason}",
            hint=f"leave one of them out, for example with --without {packages[0]}",
        )
        self.path = path
        self.packages = packages


class OutputError(Pkg2ImageError):
    """The output or the environment fails us: no space, no permission, a file in the way."""

    exit_code = 9


class RegistryError(Pkg2ImageError):
    """A container registry refused."""

    exit_code = 10


class DifferenceError(Pkg2ImageError):
    """What was made is not what was to be made: an image is not that of its lock, or a lock cannot be kept to.

    Args:
        message: What should be the same.
        differences: What differs, one sentence each.
        hint: What to do next.
    """

    exit_code = 12

    def __init__(self, message: str, *, differences: tuple[str, ...] = (), hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.differences = differences


class SelfTestError(Pkg2ImageError):
    """The built image did not do its job under a runtime.

    Args:
        message: What was expected of it and did not happen.
        log: The last lines that it has printed.
        hint: What to do next.
    """

    exit_code = 11

    def __init__(self, message: str, *, log: tuple[str, ...] = (), hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.log = log
