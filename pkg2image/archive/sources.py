"""Sources: which suites of which repositories to read, as apt's one-line and deb822 formats write them.

A `Source` is one suite of one repository. An entry with several URIs or suites becomes one source for each pair, in
the order of the file, because that order decides between equal versions.

Spec: sources.list(5) of apt 2.6.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from pkg2image.archive.source_entries import Entry, is_yes, read_entry, source_error, split_chunks
from pkg2image.errors import RequestError

_LIST_SEPARATOR = re.compile(r"[\s,]+")
_SUITE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+~_:-]*(/[A-Za-z0-9][A-Za-z0-9.+~_:-]*)*", re.ASCII)
_FLAT_SUITE = re.compile(r"(\./)?([A-Za-z0-9][A-Za-z0-9.+~_:-]*/)*", re.ASCII)
_ARCHITECTURE = re.compile(r"[a-z0-9][a-z0-9-]*", re.ASCII)
_FINGERPRINT = re.compile(r"(0x)?([0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})(!?)", re.ASCII)
_NO_URI = re.compile(r"[^!-~]")
_PASSWORD = re.compile(r"//[^/]*@")
_KEY_BLOCK = "-----BEGIN PGP PUBLIC KEY BLOCK-----"
_DATE_SKEW = 600  # what rule 7 of our policy grants to two clocks

_USED = frozenset(
    {
        "architectures",
        "by-hash",
        "check-date",
        "check-valid-until",
        "date-max-future",
        "enabled",
        "pin-priority",
        "signed-by",
        "trusted",
        "valid-until-max",
        "valid-until-min",
    }
)
# Options of apt that change nothing here, or that would lower the guard (allow-...): those need `trusted` to be said.
_IGNORED = frozenset(
    {
        "allow-downgrade-to-insecure",
        "allow-insecure",
        "allow-weak",
        "description",
        "languages",
        "pdiffs",
        "snapshot",
        "targets",
        "version",
    }
)


@dataclass(frozen=True, slots=True)
class Source:
    """One suite of one repository.

    Args:
        uri: Base of the repository with a trailing slash; ``http``, ``https`` or ``file``.
        suite: Path below ``dists/``, for example ``bookworm``; for a flat repository the exact path below the base,
            with a trailing slash (``./`` for the base itself).
        components: In order; empty for a flat repository.
        architectures: Only these are read from it; empty means every architecture that is asked for.
        signed_by: Key files on this host and inline key blocks: the only keys that may sign. Empty means the keyring of
            the distribution.
        fingerprints: Certificates (or subkeys) that may sign, lower case; empty means all of the keyring.
        trusted: The user said that this one source needs no signature. Shown in every output.
        priority: Pin of every version in it, or None for apt's rules.
        check_valid_until: False when an expired Release is to be taken.
        check_date: False when a Release from the future is to be taken.
        valid_until_max: Seconds after its Date at which a Release expires at the latest.
        valid_until_min: Seconds after its Date before which a Release does not expire.
        date_max_future: Seconds by which the Date may be ahead of the clock.
        by_hash: ``yes`` (when the Release offers it), ``no`` or ``force``.
        optional: The suite was guessed from a layout: leave it out with a note when the server says it is not there
            and it was never seen before; anything else that is wrong with it is as fatal as elsewhere.
        where: ``file:line``, for errors.

    Spec: sources.list(5).
    """

    uri: str
    suite: str
    components: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()
    signed_by: tuple[Path | bytes, ...] = ()
    fingerprints: tuple[str, ...] = ()
    trusted: bool = False
    priority: int | None = None
    check_valid_until: bool = True
    check_date: bool = True
    valid_until_max: int | None = None
    valid_until_min: int | None = None
    date_max_future: int = _DATE_SKEW
    by_hash: str = "yes"
    optional: bool = False
    where: str = field(default="", compare=False)

    @property
    def flat(self) -> bool:
        """Whether the indexes lie beside the Release file, without ``dists/`` and components."""
        return self.suite.endswith("/")

    @property
    def release_base(self) -> str:
        """The address, with a trailing slash, that the paths in the Release file are relative to."""
        if self.flat:
            return self.uri + self.suite.removeprefix("./")
        return f"{self.uri}dists/{self.suite}/"

    @property
    def public_uri(self) -> str:
        """The base without a user name or password, for everything that is shown or written."""
        parts = urlsplit(self.uri)
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))

    @property
    def public_release_base(self) -> str:
        """The same of `release_base`."""
        return self.public_uri + self.release_base.removeprefix(self.uri)

    def __str__(self) -> str:
        """Return what people call this source in messages."""
        return f"{self.public_uri} {self.suite}"


def parse_sources(text: str, *, origin: str, lenient: bool = False) -> tuple[Source, ...]:
    """Parse sources in either format of apt.

    Args:
        text: A file, or one line from the command line.
        origin: What is read (a path, or ``--source``), for errors.
        lenient: Leave out entries that make no sense instead of raising; for the host's own files, where
            one unusable entry (a CD-ROM, say) must not hide the others.

    Returns:
        One source per URI and suite, in order; ``deb-src`` and disabled entries give none.

    Raises:
        RequestError: Names the file and line of what makes no sense.

    Spec: sources.list(5) "One-Line-Style Format" and "DEB822-Style Format".
    """
    sources: list[Source] = []
    for chunk in split_chunks(text, origin=origin):
        try:
            entry = read_entry(chunk)
            sources.extend(_expand(entry) if entry else ())
        except RequestError:
            if not lenient:
                raise
    return tuple(sources)


def make_source(uri: str, suite: str, components: tuple[str, ...], *, where: str) -> Source:
    """Return a source with everything else as by default.

    Args:
        uri: Base of the repository, with or without a slash at the end.
        suite: A name, or a path that ends in a slash.
        components: Without repetitions or with.
        where: Who says so, for errors and `Source.where`.

    Raises:
        RequestError: One of them makes no sense.
    """
    path = _suite(suite, where)
    return Source(_uri(uri, where), path, _components(path, components, where), where=where)


def _expand(entry: Entry) -> Iterator[Source]:
    """Yield the sources of one entry, everything in it checked."""
    _check_option_names(entry)
    option = entry.options.get
    where = entry.where
    signed_by, fingerprints = _signed_by(option("signed-by", ""), where)
    priority = option("pin-priority")
    for uri in entry.uris:
        for suite in entry.suites:
            yield replace(
                make_source(uri, suite, entry.components, where=where),
                architectures=_architectures(option("architectures", ""), where),
                signed_by=signed_by,
                fingerprints=fingerprints,
                trusted=is_yes(option("trusted", "no"), "trusted", where),
                priority=None if priority is None else _integer(priority, "pin-priority", where),
                check_valid_until=is_yes(option("check-valid-until", "yes"), "check-valid-until", where),
                check_date=is_yes(option("check-date", "yes"), "check-date", where),
                valid_until_max=_seconds(entry, "valid-until-max"),
                valid_until_min=_seconds(entry, "valid-until-min"),
                date_max_future=_DATE_SKEW if (ahead := _seconds(entry, "date-max-future")) is None else ahead,
                by_hash=_by_hash(option("by-hash", "yes"), where),
            )


def _check_option_names(entry: Entry) -> None:
    for name in sorted(entry.options):
        if name in _USED or name in _IGNORED or name.startswith("x-"):
            continue
        near = difflib.get_close_matches(name, sorted(_USED), n=1)
        raise source_error(
            entry.where, f"the option {name!r} is unknown", f"did you mean {near[0]!r}?" if near else None
        )


def _uri(text: str, where: str) -> str:
    """Return the base of a repository: a known scheme, a host or an absolute path, a trailing slash."""
    shown = _PASSWORD.sub("//", text)
    if "$(" in text:
        raise source_error(where, f"the variable in {shown!r} is not supported", "write the architecture itself")
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        raise source_error(where, f"{shown!r} is not a URI") from None
    if _NO_URI.search(text) or parts.query or parts.fragment:
        raise source_error(where, f"{shown!r} is not the URI of a repository")
    path = parts.path if parts.path.endswith("/") else parts.path + "/"
    match parts.scheme:
        case "http" | "https" if host:
            return urlunsplit((parts.scheme, parts.netloc, path, "", ""))
        case "file" | "copy" if path.startswith("/") and not host:
            return "file://" + quote(unquote(path), safe="/~+.-_:@")
        case "http" | "https":
            raise source_error(where, f"{shown!r} names no host")
        case "file" | "copy":
            raise source_error(where, f"{shown!r} is not the absolute path of a directory on this machine")
        case _:
            hint = f"write file://{shown}" if text.startswith("/") else None
            raise source_error(where, f"{shown!r} is not an http, https, file or copy URI", hint)


def _suite(text: str, where: str) -> str:
    if "$(" in text:
        raise source_error(where, f"the variable in {text!r} is not supported", "write the architecture itself")
    if text.endswith("/"):
        path = "./" + text.removeprefix("./").strip("/") + "/"
        path = "./" if path == ".//" else path
        if _FLAT_SUITE.fullmatch(path):
            return path
    elif _SUITE.fullmatch(text):
        return text
    raise source_error(where, f"{text!r} is not the name of a suite")


def _components(suite: str, components: tuple[str, ...], where: str) -> tuple[str, ...]:
    if suite.endswith("/") and components:
        raise source_error(where, f"the flat repository {suite!r} cannot have components", "leave the components out")
    if not suite.endswith("/") and not components:
        raise source_error(where, f"the suite {suite!r} needs a component", "add one, for example main")
    for component in components:
        if _SUITE.fullmatch(component) is None:
            raise source_error(where, f"{component!r} is not the name of a component")
    return tuple(dict.fromkeys(components))


def _architectures(text: str, where: str) -> tuple[str, ...]:
    names = _words(text)
    for name in names:
        if _ARCHITECTURE.fullmatch(name) is None:
            raise source_error(where, f"{name!r} is not the name of an architecture")
    return names


def _signed_by(text: str, where: str) -> tuple[tuple[Path | bytes, ...], tuple[str, ...]]:
    """Split Signed-By into key files or an inline key, and fingerprints."""
    if _KEY_BLOCK in text:
        lines = (line.strip() for line in text.strip().splitlines())
        return ("".join(f"{'' if line == '.' else line}\n" for line in lines).encode(),), ()
    paths: list[Path | bytes] = []
    fingerprints = []
    for word in _words(text):
        if word.startswith("/"):
            paths.append(Path(word))
        elif (match := _FINGERPRINT.fullmatch(word)) is None:
            raise source_error(
                where, f"signed-by {word!r} is neither an absolute path, a fingerprint, nor an inline key"
            )
        elif match[3]:
            raise source_error(
                where, "a fingerprint with '!' is not supported", "give a key file that holds only this key"
            )
        else:
            fingerprints.append(match[2].lower())
    return tuple(paths), tuple(fingerprints)


def _by_hash(text: str, where: str) -> str:
    if text == "force":
        return text
    return "yes" if is_yes(text, "by-hash", where) else "no"


def _integer(text: str, name: str, where: str) -> int:
    if re.fullmatch(r"-?[0-9]{1,10}", text.strip(), re.ASCII) is None:
        raise source_error(where, f"{name} is {text!r}, which is not a number")
    return int(text)


def _seconds(entry: Entry, name: str) -> int | None:
    text = entry.options.get(name)
    if text is None:
        return None
    value = _integer(text, name, entry.where)
    if value < 0:
        raise source_error(entry.where, f"{name} is {text!r}, which is not a number of seconds")
    return value


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in _LIST_SEPARATOR.split(text) if word))
