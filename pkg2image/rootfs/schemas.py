"""GSettings schemas as programs read them: what ``glib-compile-schemas`` makes of the files of a directory.

A program that asks for a schema that is not compiled is ended by GLib, so this is no mere cache. A file that is not
understood is left out as a whole and told about; all others are compiled, as the real tool does it.

Spec: glib-compile-schemas(1), and ``gschema.dtd`` of GLib.
"""

from __future__ import annotations

import struct
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from pkg2image.rootfs.gvariant import Value, VariantError, array, number, parse, string, structure, variant
from pkg2image.rootfs.gvdb import Children, Table, render_gvdb
from pkg2image.rootfs.provision import add_file
from pkg2image.rootfs.tree import ReadContent, Tree

DIRECTORY = "usr/share/glib-2.0/schemas"
COMPILED = f"{DIRECTORY}/gschemas.compiled"
ORIGIN = "glib schemas"

_LIMITS: Mapping[str, tuple[float, float]] = {
    "y": (0, 2**8 - 1),
    "n": (-(2**15), 2**15 - 1),
    "q": (0, 2**16 - 1),
    "i": (-(2**31), 2**31 - 1),
    "u": (0, 2**32 - 1),
    "h": (-(2**31), 2**31 - 1),
    "x": (-(2**63), 2**63 - 1),
    "t": (0, 2**64 - 1),
    "d": (float("-inf"), float("inf")),
}
_L10N = {"messages": b"m", "time": b"t"}
_MAX_WORDS = 17  # of a string in the list of an enumeration
_SUFFIXES = (".gschema.xml", ".enums.xml")


@dataclass(frozen=True, slots=True)
class _Enumeration:
    """The names an enumeration or a set of flags has for numbers."""

    values: tuple[tuple[str, int], ...]
    is_flags: bool


@dataclass(frozen=True, slots=True)
class _Key:
    """A key with everything that goes into its compiled form."""

    type: str
    default: str
    l10n: tuple[str, str, str] = ("", "", "")  # category, context, text to translate
    names: tuple[tuple[str, int], ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()
    form: str = ""  # of the list of names: "e", "f" or "c"
    range: tuple[str | None, str | None] = (None, None)
    desktops: tuple[tuple[str, str], ...] = ()  # desktop -> default there


@dataclass(slots=True)
class _Schema:
    """A schema: keys, children, and what is said about it."""

    facts: dict[str, str]
    keys: dict[str, _Key] = field(default_factory=dict)
    children: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Schemas:
    """What was read so far."""

    schemas: dict[str, _Schema] = field(default_factory=dict)
    enumerations: dict[str, _Enumeration] = field(default_factory=dict)


def install_schemas(tree: Tree, *, read: ReadContent, mtime: int) -> tuple[Tree, tuple[str, ...]]:
    """Add the compiled schemas to a tree that has schemas; return any other tree as it is.

    Args:
        tree: Not changed.
        read: Reads schemas.
        mtime: Seconds since the epoch.

    Returns:
        The tree, and a note for each file that was not understood.
    """
    directory = tree.reach(DIRECTORY)
    names = tree.children(directory) if directory else ()
    files = {}
    for name in names:
        entry = tree.lookup(f"{directory}/{name}")
        if entry and entry.content and name.endswith((*_SUFFIXES, ".gschema.override")):
            files[name] = read(entry.content)
    if not files:
        return tree, ()
    compiled, notes = compile_schemas(files)
    result = tree.copy()
    add_file(result, COMPILED, compiled, origin=ORIGIN, mtime=mtime)
    return result, notes


def compile_schemas(files: Mapping[str, bytes]) -> tuple[bytes, tuple[str, ...]]:
    """Compile schemas.

    Args:
        files: Name -> content of schemas, enumerations and overrides.

    Returns:
        The compiled form, and a note for each file that was not understood.
    """
    known = _Schemas()
    notes = []
    # Enumerations first: schemas refer to them. Overrides last, in the order of their names.
    order = sorted(files, key=lambda name: (name.endswith(".override"), not name.endswith(".enums.xml"), name))
    tables: dict[str, Table] = {}
    for name in order:
        try:
            if name.endswith(".override"):
                changed = _overridden(known, files[name].decode("utf-8", "replace"))
            else:
                changed = _read(known, files[name])
            tables |= {identity: _table(schema) for identity, schema in changed.items()}
            known.schemas |= changed
        except (VariantError, ET.ParseError, struct.error, ValueError, LookupError) as error:
            notes.append(f"left out the schemas of {name}: {error}")
    return render_gvdb({"": Children(frozenset(tables)), **tables}), tuple(notes)


def _read(known: _Schemas, data: bytes) -> dict[str, _Schema]:
    """Return the schemas of a file, and note its enumerations."""
    root = ET.fromstring(data)  # noqa: S314 - expat bounds entities, and external ones are not followed
    domain = root.get("gettext-domain", "")
    for kind in ("enum", "flags"):
        for element in root.iterfind(kind):
            values = tuple(
                (value.get("nick", ""), int(value.get("value", ""), 0)) for value in element.iterfind("value")
            )
            known.enumerations[_named(element, "id")] = _Enumeration(values, is_flags=kind == "flags")
    schemas: dict[str, _Schema] = {}
    for element in root.iterfind("schema"):
        schemas[_named(element, "id")] = _schema(element, {**known.schemas, **schemas}, known.enumerations, domain)
    return schemas


def _named(element: ET.Element, attribute: str) -> str:
    value = element.get(attribute)
    if not value:
        raise VariantError(f"<{element.tag}> without {attribute}")
    return value


def _schema(
    element: ET.Element, others: Mapping[str, _Schema], enumerations: Mapping[str, _Enumeration], domain: str
) -> _Schema:
    facts = {f".{name}": element.get(name, "") for name in ("path", "extends", "list-of")}
    facts[".gettext-domain"] = element.get("gettext-domain", domain)
    schema = _Schema({name: value for name, value in facts.items() if value})
    for child in element:
        match child.tag:
            case "key":
                schema.keys[_named(child, "name")] = _key(child, enumerations)
            case "child":
                schema.children[f"{_named(child, 'name')}/"] = _named(child, "schema")
            case "override":
                name = _named(child, "name")
                schema.keys[name] = _changed(_inherited(others, facts[".extends"], name), child)
            case other:
                raise VariantError(f"<{other}> in a schema is not understood")
    return schema


def _inherited(others: Mapping[str, _Schema], schema: str, key: str) -> _Key:
    for _ in range(len(others)):
        if schema not in others:
            break
        if key in others[schema].keys:
            return others[schema].keys[key]
        schema = others[schema].facts.get(".extends", "")
    raise VariantError(f"there is no key {key} to override")


def _changed(key: _Key, element: ET.Element) -> _Key:
    return replace(key, default=element.text or "", l10n=_l10n(element))


def _l10n(element: ET.Element) -> tuple[str, str, str]:
    return element.get("l10n", ""), element.get("context", ""), (element.text or "").strip()


def _key(element: ET.Element, enumerations: Mapping[str, _Enumeration]) -> _Key:
    default = element.find("default")
    if default is None:
        raise VariantError(f"the key {element.get('name')} has no default")
    kind, form = element.get("type", ""), ""
    names: tuple[tuple[str, int], ...] = ()
    for attribute in ("enum", "flags"):
        if attribute in element.attrib:
            if element.attrib[attribute] not in enumerations:
                raise VariantError(f"there is no {attribute} {element.attrib[attribute]}")
            names = enumerations[element.attrib[attribute]].values
            kind, form = ("s", "e") if attribute == "enum" else ("as", "f")
    if element.find("choices") is not None:
        names, form = tuple((_named(choice, "value"), 0) for choice in element.iterfind("choices/choice")), "c"
    aliases = tuple((_named(alias, "value"), _named(alias, "target")) for alias in element.iterfind("aliases/alias"))
    limits = element.find("range")
    return _Key(
        kind,
        default.text or "",
        _l10n(default),
        names,
        aliases,
        form,
        (None, None) if limits is None else (limits.get("min"), limits.get("max")),
    )


def _overridden(known: _Schemas, text: str) -> dict[str, _Schema]:
    """Return the schemas that an override file changes."""
    changed: dict[str, _Schema] = {}
    for group, name, value in _settings(text):
        identity, _, desktop = group.partition(":")
        old = changed.get(identity, known.schemas.get(identity))
        if old is None or name not in old.keys:
            continue  # as the real tool: the schema may belong to a package that is not there
        key = old.keys[name]
        new = replace(key, desktops=(*key.desktops, (desktop, value))) if desktop else replace(key, default=value)
        changed[identity] = _Schema(old.facts, {**old.keys, name: new}, old.children)
    return changed


def _settings(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield group, name and value of the lines of a key file."""
    group = ""
    for line in (line.strip() for line in text.split("\n")):
        if line.startswith("[") and line.endswith("]"):
            group = line[1:-1]
        elif line and line[0] != "#":
            name, _, value = line.partition("=")
            yield group, name.strip(), value.strip()


def _table(schema: _Schema) -> Table:
    entries: dict[str, Value] = {name: _serialised(key) for name, key in schema.keys.items()}
    entries |= {name: string(identity) for name, identity in schema.children.items()}
    facts = dict(schema.facts)
    if not any(key.l10n[0] for key in schema.keys.values()):
        facts.pop(".gettext-domain", None)
    return {"": Children(frozenset(entries)), **entries, **{name: string(value) for name, value in facts.items()}}


def _serialised(key: _Key) -> Value:
    """Return a key as GSettings reads it: a tuple of the default and what more is known."""
    members = [parse(key.default, key.type)]
    category, context, text = key.l10n
    if category:
        if category not in _L10N:
            raise VariantError(f"{category!r} is no category of translations")
        message = string(f"{context}\4{text}" if context else text)
        members.append(_tagged("l", structure((Value("y", _L10N[category]), message))))
    if key.names:
        members.append(_tagged(key.form, _name_list(key)))
    low, high = key.range
    if low is not None or high is not None:
        smallest, largest = _LIMITS[key.type] if key.type in _LIMITS else _no_range(key.type)
        lowest = parse(low, key.type) if low is not None else number(key.type, smallest)
        highest = parse(high, key.type) if high is not None else number(key.type, largest)
        members.append(_tagged("r", structure((lowest, highest))))
    if key.desktops:
        desktops = sorted(dict(key.desktops).items())
        entries = [structure((string(name), variant(parse(text, key.type))), "{}") for name, text in desktops]
        members.append(_tagged("d", array("{sv}", entries)))
    return structure(members)


def _no_range(kind: str) -> tuple[float, float]:
    raise VariantError(f"values of the type {kind} have no range")


def _tagged(letter: str, value: Value) -> Value:
    return structure((Value("y", letter.encode()), value))


def _name_list(key: _Key) -> Value:
    """Return names with their numbers, and aliases with the places of their targets, in words of four bytes."""
    words = b""
    places = {}
    for name, value in key.names:
        places[name] = len(words) // 4
        words += struct.pack("<I", value & 0xFFFFFFFF) + _name_words(name, b"\xff")
    for alias, target in key.aliases:
        if target not in places:
            raise VariantError(f"the alias {alias} means nothing")
        words += struct.pack("<I", places[target]) + _name_words(alias, b"\xfe")
    return Value("au", words)


def _name_words(name: str, first: bytes) -> bytes:
    encoded = name.encode()
    count = max(2, (len(encoded) + 6) >> 2)
    if count > _MAX_WORDS:
        raise VariantError(f"the name {name} is too long")
    return (first + encoded).ljust(4 * count - 1, b"\0") + b"\xff"
