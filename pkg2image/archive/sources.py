"""Sources: which suites of which repositories to read, as apt's one-line and deb822 formats write them.

A `Source` is one suite of one repository. An entry with several URIs or suites becomes one source for each pair, in
the order of the file, because that order decides between equal versions.

Spec: sources.list(5) of apt 2.6.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from pkg2image.errors import RequestError

_BLANKS = " \t"
_LIST_SEPARATOR = re.compile(r"[\s,]+")
_SUITE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+~_:-]*(/[A-Za-z0-9][A-Za-z0-9.+~_:-]*)*", re.ASCII)
_FLAT_SUITE = re.compile(r"(\./)?([A-Za-z0-9][A-Za-z0-9.+~_:-]*/)*", re.ASCII)
_ARCHITECTURE = re.compile(r"[a-z0-9][a-z0-9-]*", re.ASCII)
_FINGERPRINT = re.compile(r"(0x)?([0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})(!?)", re.ASCII)
_FIELD_LINE = re.compile(r"([!-9;-~]+):(.*)", re.ASCII)
_ONE_LINE = re.compile(r"(?P<type>\S+)\s+(?:\[(?P<options>[^\]]*)\]\s*)?(?P<rest>\S.*)", re.ASCII)
_KEY_BLOCK = "-----BEGIN PGP PUBLIC KEY BLOCK-----"
_DATE_SKEW = 600  # what rule 7 of our policy grants to two clocks
_YES = frozenset({"yes", "true", "with", "on", "enable", "1"})
_NO = frozenset({"no", "false", "without", "off", "disable", "0"})

_ONE_LINE_NAMES = {"arch": "architectures", "lang": "languages", "target": "targets"}
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

    def __str__(self) -> str:
        """Return what people call this source in messages."""
        return f"{self.public_uri} {self.suite}"


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry of a file before it is checked: option names in deb822 spelling, lower case."""

    where: str
    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]
    options: Mapping[str, str]


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
    text = text.replace("\r\n", "\n")
    deb822 = _looks_like_deb822(text)
    read = _read_paragraph if deb822 else _read_line
    sources: list[Source] = []
    for number, lines in _chunks(text, paragraphs=deb822):
        try:
            entry = read(lines, origin=origin, number=number)
            sources.extend(_expand(entry) if entry else ())
        except RequestError:
            if not lenient:
                raise
    return tuple(sources)


def _fail(where: str, reason: str, hint: str | None = None) -> RequestError:
    return RequestError(f"cannot read the source at {where}: {reason}", hint=hint)


def _looks_like_deb822(text: str) -> bool:
    first = next((line for line in text.split("\n") if line.strip() and not _is_comment(line)), "")
    return re.match(r"[A-Za-z][A-Za-z0-9-]*\s*:", first, re.ASCII) is not None


def _is_comment(line: str) -> bool:
    return line.lstrip(_BLANKS).startswith("#")


def _chunks(text: str, *, paragraphs: bool) -> Iterator[tuple[int, list[str]]]:
    """Yield what holds one entry each: the number of its first line, and its lines (comments included)."""
    chunk: list[str] = []
    for number, line in enumerate([*text.split("\n"), ""], start=1):
        if line.strip() and (paragraphs or not _is_comment(line)):
            chunk.append(line)
        if chunk and (not paragraphs or not line.strip()):
            yield number - (len(chunk) if paragraphs else 0), chunk
            chunk = []


def _read_line(lines: list[str], *, origin: str, number: int) -> _Entry | None:
    """Read ``deb [option=value ...] URI suite [component ...]``."""
    where = f"{origin}:{number}"
    line = re.split(r"\s#", lines[0], maxsplit=1)[0].strip()
    match = _ONE_LINE.fullmatch(line)
    if match is None or match["type"] not in {"deb", "deb-src"}:
        raise _fail(where, "it is neither 'deb [options] URI suite component...' nor a 'Field: value' paragraph")
    if match["type"] == "deb-src":
        return None
    uri, *words = match["rest"].split()
    if not words:
        raise _fail(where, "the suite is missing", "write 'deb URI suite component...'")
    options = {}
    for word in (match["options"] or "").split():
        name, equals, value = word.partition("=")
        if not equals or not value:
            raise _fail(where, f"the option {word!r} is not of the form name=value")
        name = name.lower()
        options[_ONE_LINE_NAMES.get(name, name)] = value
    return _Entry(where, (uri,), (words[0],), tuple(words[1:]), options)


def _read_paragraph(lines: list[str], *, origin: str, number: int) -> _Entry | None:
    """Read a paragraph of fields; ``None`` when it is disabled, holds only comments, or describes source packages."""
    where = f"{origin}:{number}"
    fields = _fields(lines, origin=origin, number=number)
    if not fields:
        return None
    if not _yes(fields.pop("enabled", "yes"), "Enabled", where):
        return None
    types = fields.pop("types", "").split()
    uris = tuple(fields.pop("uris", "").split())
    suites = tuple(fields.pop("suites", "").split())
    components = tuple(fields.pop("components", "").split())
    for name, values in (("Types", types), ("URIs", uris), ("Suites", suites)):
        if not values:
            raise _fail(where, f"the field {name} is missing or empty")
    if unknown := sorted({*types} - {"deb", "deb-src"}):
        raise _fail(where, f"the type {unknown[0]!r} is unknown", "write 'Types: deb'")
    if "deb" not in types:
        return None
    return _Entry(where, uris, suites, components, fields)


def _fields(lines: list[str], *, origin: str, number: int) -> dict[str, str]:
    """Return field name in lower case -> value; a continuation keeps its line break and blank."""
    fields: dict[str, str] = {}
    name = ""
    for line_number, line in enumerate(lines, start=number):
        where = f"{origin}:{line_number}"
        if line.startswith("#"):
            continue
        if line[0] in _BLANKS:
            if not name:
                raise _fail(where, "the line continues no field")
            fields[name] += "\n" + line
            continue
        match = _FIELD_LINE.fullmatch(line)
        if match is None:
            raise _fail(where, "the line is not 'Field: value'")
        name = match[1].lower()
        if name in fields:
            raise _fail(where, f"the field {match[1]} is there twice")
        fields[name] = match[2].strip()
    return fields


def _expand(entry: _Entry) -> Iterator[Source]:
    """Yield the sources of one entry, everything in it checked."""
    _check_option_names(entry)
    option = entry.options.get
    where = entry.where
    signed_by, fingerprints = _signed_by(option("signed-by", ""), where)
    priority = option("pin-priority")
    for uri in entry.uris:
        for suite in entry.suites:
            path = _suite(suite, where)
            yield Source(
                uri=_uri(uri, where),
                suite=path,
                components=_components(path, entry.components, where),
                architectures=_architectures(option("architectures", ""), where),
                signed_by=signed_by,
                fingerprints=fingerprints,
                trusted=_yes(option("trusted", "no"), "trusted", where),
                priority=None if priority is None else _integer(priority, "pin-priority", where),
                check_valid_until=_yes(option("check-valid-until", "yes"), "check-valid-until", where),
                check_date=_yes(option("check-date", "yes"), "check-date", where),
                valid_until_max=_seconds(option("valid-until-max"), "valid-until-max", where),
                valid_until_min=_seconds(option("valid-until-min"), "valid-until-min", where),
                date_max_future=_seconds(option("date-max-future"), "date-max-future", where) or _DATE_SKEW,
                by_hash=_by_hash(option("by-hash", "yes"), where),
                where=where,
            )


def _check_option_names(entry: _Entry) -> None:
    for name in sorted(entry.options):
        if name in _USED or name in _IGNORED or name.startswith("x-"):
            continue
        near = difflib.get_close_matches(name, sorted(_USED), n=1)
        raise _fail(entry.where, f"the option {name!r} is unknown", f"did you mean {near[0]!r}?" if near else None)


def _uri(text: str, where: str) -> str:
    """Return the base of a repository: a known scheme, a host or an absolute path, a trailing slash."""
    if "$(" in text:
        raise _fail(where, f"the variable in {text!r} is not supported", "write the architecture itself")
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        raise _fail(where, f"{text!r} is not a URI") from None
    if not text.isascii() or not text.isprintable() or parts.query or parts.fragment:
        raise _fail(where, f"{text!r} is not the URI of a repository")
    path = parts.path if parts.path.endswith("/") else parts.path + "/"
    match parts.scheme:
        case "http" | "https" if host:
            return urlunsplit((parts.scheme, parts.netloc, path, "", ""))
        case "file" | "copy" if path.startswith("/") and not host:
            return "file://" + quote(unquote(path), safe="/~+.-_:@")
        case "http" | "https":
            raise _fail(where, f"{text!r} names no host")
        case "file" | "copy":
            raise _fail(where, f"{text!r} is not the absolute path of a directory on this machine")
        case _:
            hint = f"write file://{text}" if text.startswith("/") else None
            raise _fail(where, f"{text!r} is not an http, https, file or copy URI", hint)


def _suite(text: str, where: str) -> str:
    if "$(" in text:
        raise _fail(where, f"the variable in {text!r} is not supported", "write the architecture itself")
    if text.endswith("/"):
        path = "./" + text.removeprefix("./").strip("/") + "/"
        path = "./" if path == ".//" else path
        if _FLAT_SUITE.fullmatch(path):
            return path
    elif _SUITE.fullmatch(text):
        return text
    raise _fail(where, f"{text!r} is not the name of a suite")


def _components(suite: str, components: tuple[str, ...], where: str) -> tuple[str, ...]:
    if suite.endswith("/") and components:
        raise _fail(where, f"the flat repository {suite!r} cannot have components", "leave the components out")
    if not suite.endswith("/") and not components:
        raise _fail(where, f"the suite {suite!r} needs a component", "add one, for example main")
    for component in components:
        if _SUITE.fullmatch(component) is None:
            raise _fail(where, f"{component!r} is not the name of a component")
    return tuple(dict.fromkeys(components))


def _architectures(text: str, where: str) -> tuple[str, ...]:
    names = _words(text)
    for name in names:
        if _ARCHITECTURE.fullmatch(name) is None:
            raise _fail(where, f"{name!r} is not the name of an architecture")
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
            raise _fail(where, f"signed-by {word!r} is neither an absolute path, a fingerprint, nor an inline key")
        elif match[3]:
            raise _fail(where, "a fingerprint with '!' is not supported", "give a key file that holds only this key")
        else:
            fingerprints.append(match[2].lower())
    return tuple(paths), tuple(fingerprints)


def _by_hash(text: str, where: str) -> str:
    if text.lower() == "force":
        return "force"
    return "yes" if _yes(text, "by-hash", where) else "no"


def _yes(text: str, name: str, where: str) -> bool:
    word = text.strip().lower()
    if word not in _YES | _NO:
        raise _fail(where, f"{name} is {text!r}, which is neither yes nor no")
    return word in _YES


def _integer(text: str, name: str, where: str) -> int:
    if re.fullmatch(r"-?[0-9]{1,10}", text.strip(), re.ASCII) is None:
        raise _fail(where, f"{name} is {text!r}, which is not a number")
    return int(text)


def _seconds(text: str | None, name: str, where: str) -> int | None:
    if text is None:
        return None
    value = _integer(text, name, where)
    if value < 0:
        raise _fail(where, f"{name} is {text!r}, which is not a number of seconds")
    return value


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in _LIST_SEPARATOR.split(text) if word))
