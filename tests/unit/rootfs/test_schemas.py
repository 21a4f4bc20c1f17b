"""Compiled schemas and the values in them; that GLib makes the same, `tests.oracle` says."""

from __future__ import annotations

import pytest

from pkg2image.rootfs.gvariant import VariantError, parse
from pkg2image.rootfs.schemas import COMPILED, compile_schemas, install_schemas
from pkg2image.rootfs.tree import Tree
from pkg2image.rootfs.unpack import unpack
from tests.support.debs import reg
from tests.support.schemas import FILES, read_gvdb
from tests.support.trees import Shelf


@pytest.mark.parametrize(
    ("kind", "text", "data"),
    [
        ("b", "true", b"\1"),
        ("i", " -2 ", b"\xfe\xff\xff\xff"),
        ("u", "uint32 0x10", b"\x10\0\0\0"),
        ("n", "010", b"\x08\0"),
        ("d", "1", b"\0\0\0\0\0\0\xf0?"),
        ("s", r"'a\n\u00e9\'\x'", "a\n\u00e9'x\0".encode()),
        ("as", "['a', \"bb\"]", b"a\0bb\0\2\5"),
        ("as", "@as []", b""),
        ("ay", "b'ab'", b"ab\0"),
        ("(s)", "('x',)", b"x\0"),
        ("(ys)", "(1,'x')", b"\1x\0"),
        ("(sy)", "('x',1)", b"x\0\1\2"),
        ("(yi)", "(1,2)", b"\1\0\0\0\2\0\0\0"),
        ("ms", "nothing", b""),
        ("ms", "just 'x'", b"x\0\0"),
        ("mi", "5", b"\5\0\0\0"),
        ("a{si}", "{'k': 4}", b"k\0\0\0\4\0\0\0\2\x09"),
        ("()", "()", b"\0"),
    ],
)
def test_values(kind: str, text: str, data: bytes) -> None:
    assert parse(text, kind).data == data
    assert parse(text, kind).type == kind


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *(("b", "yes"), ("b", ""), ("i", "x"), ("i", "1 2"), ("y", "256"), ("u", "-1"), ("d", "one"), ("s", "a")),
        *(("as", "['a'"), ("as", "['a' 'b']"), ("as", "['a',]"), ("(ii)", "(1)"), ("a{ss}", "{'a'}"), ("v", "<1>")),
        *(
            ("", "1"),
            ("ii", "1"),
            ("(i", "1"),
            ("z", "1"),
            ("a" * 99, "[]"),
            ("s", "'"),
            ("i", "int64 1"),
            ("s", r"'\ud800'"),
        ),
        ("aaaaaa", "[[["),
    ],
)
def test_what_is_no_value(kind: str, text: str) -> None:
    with pytest.raises(VariantError):
        parse(text, kind)


def test_everything_is_compiled() -> None:
    compiled, notes = compile_schemas(FILES)
    assert notes == ()
    table = read_gvdb(compiled)
    assert set(table) == {"", "t.b2", "t.base", "t.ebase", "t.ext", "t.kid", "t.list", "t.reloc"}
    base = table["t.base"]
    assert isinstance(base, dict)
    assert base["kid/"] == b"t.kid\0\0s"
    assert base["ov"] == b"\5\0\0\0\0(i)"
    assert base["e"] == (b"one\0e\0\0\0\1\0\0\0\xffone\0\0\0\xff\xfe\xff\xff\xff\xffminus\0\xff\4\0(s(yau))")


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ("<key name='a' type='i'/>", "the key a has no default"),
        ("<key name='a' type='i'><default>x</default></key>", "'x' is not a number"),
        ("<key name='a' enum='none'><default>'x'</default></key>", "there is no enum none"),
        ("<key type='i'><default>1</default></key>", "<key> without name"),
        ("<key name='a' type='s'><default>'x'</default><range min='1'/></key>", "values of the type s have no range"),
        ("<key name='a' type='s'><default l10n='x'>'x'</default></key>", "'x' is no category of translations"),
        ("<override name='a'>1</override>", "there is no key a to override"),
        ("<surprise/>", "<surprise> in a schema is not understood"),
        ("<key", "not well-formed (invalid token): line 1, column 33"),
    ],
)
def test_a_file_that_is_not_understood_is_left_out(schema: str, why: str) -> None:
    files = {**FILES, "bad.gschema.xml": f"<schemalist><schema id='bad'>{schema}</schema></schemalist>".encode()}
    compiled, notes = compile_schemas(files)
    assert notes == (f"left out the schemas of bad.gschema.xml: {why}",)
    assert read_gvdb(compiled) == read_gvdb(compile_schemas(FILES)[0])


def test_the_file_is_added_to_the_tree() -> None:
    shelf = Shelf()
    entries = [reg(f"usr/share/glib-2.0/schemas/{name}", data) for name, data in FILES.items()]
    tree = unpack(Tree(), [shelf.deb("sample", *entries, reg("usr/share/glib-2.0/schemas/README"))])
    made, notes = install_schemas(tree, read=shelf.read, mtime=7)
    content = made[COMPILED].content
    assert content is not None
    assert (shelf.read(content), notes) == compile_schemas(FILES)
    assert made[COMPILED].mtime == 7
    assert COMPILED not in tree


def test_a_tree_without_schemas_stays_as_it_is() -> None:
    tree = Tree()
    assert install_schemas(tree, read=Shelf().read, mtime=0) == (tree, ())
