"""Lists that packages add themselves to or ask: catalogs of XML, parsers of Perl, services of inetd, clusters.

Spec: update-xmlcatalog(8) of xml-core 0.18, update-perl-sax-parsers(8) of libxml-sax-perl 1.02, update-inetd(8) 4.52.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pkg2image.maintscript.commands.options import Grammar, Options
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.session import Command, Invocation, OfImage

_XML = Grammar(
    "",
    {
        **{word: word for word in ("add", "root", "verbose", "sort")},
        **{f"{word}=": word for word in ("file", "id", "local", "package", "type")},
    },
)
_CATALOGS = "/etc/xml"
_CATALOG_DATA = "/var/lib/xml-core"
_HEADER = """\
<?xml version="1.0"?>
<!DOCTYPE catalog PUBLIC "-//OASIS//DTD XML Catalogs V1.0//EN"
  "file:///usr/share/xml/schema/xml-core/catalog.dtd">
<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">
"""
_FOOTER = "</catalog>\n"
_SAX = Grammar(
    "",
    {
        **{word: word for word in ("quiet", "update")},
        **{f"{word}=": word for word in ("add", "remove", "priority")},
    },
)
_PARSERS = "/var/lib/libxml-sax-perl/ParserDetails.d"
_PARSER_LIST = "/etc/perl/XML/SAX/ParserDetails.ini"
_WITH_NAMESPACES = frozenset({"XML::SAX::PurePerl", "XML::LibXML::SAX", "XML::LibXML::SAX::Parser"})
_INETD = Grammar(
    "",
    {
        **{word: word for word in ("multi", "verbose")},
        **{f"{word}=": word for word in ("add", "remove", "enable", "disable", "group", "pattern", "comment-chars")},
    },
)
_INETD_CONF = "/etc/inetd.conf"
_SERVICE = re.compile(r"[A-Za-z0-9_-]+")
_OFF = "#<off># "


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry of a catalog, and the files that hold it.

    Args:
        catalog: The catalog.
        data: What it is made of.
        key: Element and attribute of the entry.
        value: Its second attribute.
        needed: A file that has to be there.
    """

    catalog: str
    data: str
    key: str
    value: str
    needed: str


def _update_xmlcatalog(call: Invocation) -> int:
    """``update-xmlcatalog --add [--sort] --type t --id i (--root --package p | --package p --local l | ...)``."""
    options = _XML.parse(call.arguments)
    entry = _entry(options)
    if "add" not in options or options.operands or entry is None:
        raise NotUnderstoodError(f"update-xmlcatalog {' '.join(call.arguments)}")
    files = call.files
    if not files.is_file(entry.needed):
        return call.fail(f"error: {entry.needed} not found")
    entries = {}
    if files.is_file(entry.data):
        for line in files.text(entry.data).splitlines():
            key, _, value = line.partition(">")
            entries[key.removeprefix("<")] = value.removeprefix("<").removesuffix(">")
    if entries.setdefault(entry.key, entry.value) != entry.value:
        return call.fail("error: entity already registered with a different value")
    # Without --sort the real order is that of a hash, another one at every run.
    lines = sorted(entries.items())
    for path, text in (
        (entry.data, "".join(f"<{key}><{value}>\n" for key, value in lines)),
        (entry.catalog, _HEADER + "".join(f"<{key} {value}/>\n" for key, value in lines) + _FOOTER),
    ):
        files.make_directory(path.rpartition("/")[0] or "/", 0o755, parents=True)
        files.write(path, text.encode("utf-8", "surrogateescape"))
    return 0


def _entry(options: Options) -> _Entry | None:
    kind, name, package, local, file = (options.last(word) for word in ("type", "id", "package", "local", "file"))
    if kind not in {"public", "system", "uri"} or name is None:
        return None
    title = "URI" if kind == "uri" else kind.capitalize()
    attribute = kind if kind == "uri" else f"{kind}Id"
    delegate = f'delegate{title} {attribute}StartString="{name}"'
    if "root" in options and package is not None and local is None and file is None:
        catalog = f"{_CATALOGS}/{package}.xml"
        value = f'catalog="file://{catalog}"'
        return _Entry(f"{_CATALOGS}/catalog", f"{_CATALOG_DATA}/catalog", delegate, value, catalog)
    if "root" not in options and package is not None and local is not None and file is None:
        value = f'catalog="file://{local}"'
        return _Entry(f"{_CATALOGS}/{package}.xml", f"{_CATALOG_DATA}/{package}", delegate, value, local)
    if "root" in options or package is not None or local is None or file is None:
        return None
    key = f'{kind} {"name" if kind == "uri" else attribute}="{name}"'
    return _Entry(local, f"{_CATALOG_DATA}/{local.replace('/', '_')}", key, f'uri="{file}"', file)


def _update_sax_parsers(call: Invocation) -> int:
    """``update-perl-sax-parsers (--add module | --remove module) [--priority n]``, ``--update``."""
    options = _SAX.parse(call.arguments)
    chosen = [name for name, _ in options.given if name in {"add", "remove", "update"}]
    if len(chosen) != 1 or options.operands:
        raise NotUnderstoodError(f"update-perl-sax-parsers {' '.join(call.arguments)}")
    files = call.files
    priority = options.last("priority") or "50"
    module = options.last(chosen[0]) or ""
    path = f"{_PARSERS}/{'' if priority == '0' else f'{priority}-'}{module}"
    if chosen == ["add"]:
        if module not in _WITH_NAMESPACES:
            raise NotUnderstoodError(f"what the parser {module} can do")
        files.write(path, f"[{module}]\nhttp://xml.org/sax/features/namespaces = 1\n\n\n".encode())
    elif chosen == ["remove"]:
        if files.exists(path):
            files.remove(path)
    else:
        return _write_sax_parsers(call)
    return 0


def _write_sax_parsers(call: Invocation) -> int:
    files = call.files
    made = files.temporary("/tmp/XXXXXXXXXX")  # noqa: S108 - of the image
    files.write(made, b"".join(files.read(f"{_PARSERS}/{name}") for name in sorted(files.list(_PARSERS))))
    files.chmod(made, 0o644)
    sums = "/var/lib/libxml-sax-perl/ParserDetails.ini.md5sum"
    call.run(("ucf", "--debconf-ok", "--sum-file", sums, made, _PARSER_LIST))
    files.remove(made)
    return 0


def _update_inetd(call: Invocation) -> int:
    """``update-inetd --add line``, ``--enable``, ``--disable``, ``--remove``: without inetd there is no list."""
    options = _INETD.parse(call.arguments)
    modes = [name for name, _ in options.given if name in {"add", "remove", "enable", "disable"}]
    if len(modes) != 1 or options.operands:
        raise NotUnderstoodError(f"update-inetd {' '.join(call.arguments)}")
    if not call.files.exists(_INETD_CONF):
        if modes == ["add"]:
            call.stderr.text(f"update-inetd: warning: cannot add service, {_INETD_CONF} does not exist\n")
        return 0
    lines = call.files.text(_INETD_CONF).split("\n")
    names = (options.last(modes[0]) or "").split(",")
    if modes[0] not in {"enable", "disable"} or "pattern" in options or not all(map(_SERVICE.fullmatch, names)):
        raise NotUnderstoodError(f"update-inetd {' '.join(call.arguments)} with {_INETD_CONF}")
    mark = options.last("comment-chars") or _OFF
    for name in names:
        before = re.compile(rf"{re.escape(mark) if modes == ['enable'] else ''}{re.escape(name)}\s+\w+\s+")
        found = [index for index, line in enumerate(lines) if before.match(line)]
        if len(found) > 1 and "multi" not in options:
            raise NotUnderstoodError(f"update-inetd {' '.join(call.arguments)}: {name} is there more than once")
        for index in found:
            lines[index] = lines[index].removeprefix(mark) if modes == ["enable"] else mark + lines[index]
        if found:
            call.files.write(_INETD_CONF, "\n".join(lines).encode("utf-8", "surrogateescape"))
            call.files.chmod(_INETD_CONF, 0o644)
    return 0


def _helpztags(call: Invocation) -> int:
    """``helpztags directory...``: the tags of help files of Vim, of which there are none yet."""
    for directory in call.arguments:
        names = call.files.list(directory) if call.files.is_directory(directory) else ()
        if any(re.search(r"\.(?:gz|txt|..x)$", name) for name in names):
            raise NotUnderstoodError(f"helpztags {directory}")
    return 0


def _clusters(call: Invocation) -> int:
    """``pg_lsclusters [-h]``: an image has no database cluster."""
    if call.arguments not in {(), ("-h",), ("--no-header",)} or call.files.glob("/etc/postgresql/*/*"):
        raise NotUnderstoodError(f"pg_lsclusters {' '.join(call.arguments)}".rstrip())
    if not call.arguments:
        call.stdout.text("Ver Cluster Port Status Owner Data directory Log file\n")
    return 0


COMMANDS: Mapping[str, Command] = {
    "helpztags": OfImage(_helpztags),
    "pg_lsclusters": _clusters,
    "update-inetd": _update_inetd,
    "update-perl-sax-parsers": OfImage(_update_sax_parsers),
    "update-xmlcatalog": _update_xmlcatalog,
}
"""Programs by name."""
