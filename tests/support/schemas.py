"""GSettings schemas with every form of key, and a reader of what they are compiled to."""

from __future__ import annotations

import struct

ENUMERATIONS = b"""\
<schemalist>
<enum id="e.E">
<value nick="one" value="1"/>
<value nick="minus" value="-2"/>
</enum>
<flags id="e.F">
<value nick="aa" value="1"/>
<value nick="bbbbbb" value="2"/>
</flags>
</schemalist>
"""

SCHEMAS = (
    rb"""<schemalist gettext-domain="dom">
 <schema id="t.base" path="/t/base/">
  <key name="b" type="b"><default>true</default></key>
  <key name="i" type="i"><default> 0x1f </default><range min="-5"/></key>
  <key name="u" type="u"><range min="1" max="0x20"/><default>uint32 7</default></key>
  <key name="d" type="d"><default>1</default><range min="0.5"/></key>
  <key name="s" type="s"><default l10n="messages" context="ctx"> 'he"l\'lo\n\u00e9' </default></key>
  <key name="s2" type="s"><default l10n="time">"x"</default>
   <choices><choice value="x"/><choice value="yyyyyyy"/></choices>
   <aliases><alias value="al" target="yyyyyyy"/></aliases></key>
  <key name="as" type="as"><default>['a', "bb" , '']</default></key>
  <key name="as0" type="as"><default>[]</default></key>
  <key name="as1" type="as"><default>@as []</default></key>
  <key name="ai" type="ai"><default>[1,-2,3]</default></key>
  <key name="t1" type="(s)"><default>('x',)</default></key>
  <key name="t" type="(isyb)"><default>(1,'x',byte 0x02,false)</default></key>
  <key name="tt" type="(dd)"><default>(1.5, -2e3)</default></key>
  <key name="m" type="ms"><default>nothing</default></key>
  <key name="m2" type="mi"><default>just 5</default></key>
  <key name="m3" type="ms"><default>'x'</default></key>
  <key name="dict" type="a{ss}"><default>{'a':'b','cc':'dd'}</default></key>
  <key name="dict2" type="a{sv}"><default>{}</default></key>
  <key name="dict3" type="a{si}"><default>{'k': 4}</default></key>
  <key name="att" type="a(ss)"><default>[('xkb','us'),('a','bb')]</default></key>
  <key name="aau" type="aau"><default>[[1,2],[]]</default></key>
  <key name="ay" type="ay"><default>b'abc'</default></key>
  <key name="ay2" type="ay"><default>[byte 0x1,2]</default></key>
  <key name="at" type="at"><default>[18446744073709551615]</default></key>
  <key name="e" enum="e.E"><default>'one'</default></key>
  <key name="f" flags="e.F"><default>['aa']</default></key>
  <key name="ov" type="i"><default>1</default></key>
  <child name="kid" schema="t.kid"/>
 </schema>
 <schema id="t.kid" path="/t/base/kid/" gettext-domain="other">
  <key name="x" type="n"><default>-1</default></key></schema>
 <schema id="t.ebase"><key name="es" type="s"><default l10n="messages">'base'</default></key></schema>
 <schema id="t.ext" extends="t.ebase">
  <key name="new" type="y"><default>1</default></key>
  <override name="es">'over'</override></schema>
 <schema id="t.reloc"><key name="r" type="x"><default>-1</default></key></schema>
 <schema id="t.list" list-of="t.reloc" path="/t/l:/"/>
 <schema id="t.b2"><key name="big" type="as"><default>['@BIG@','b','c']</default></key></schema>
</schemalist>
"""
).replace(b"@BIG@", b"A" * 300)

OVERRIDES = b"""\
# comment
[t.base]
ov=5
s="changed"
[t.none]
x=1
[t.base:GNOME]
ai=[7]
"""

FILES = {"a.gschema.xml": SCHEMAS, "t.enums.xml": ENUMERATIONS, "10_x.gschema.override": OVERRIDES}


def read_gvdb(data: bytes, place: tuple[int, int] | None = None) -> dict[str, object]:
    """Return name -> bytes of a value, names of children, or entries of a table."""
    start, end = place or struct.unpack_from("<II", data, 16)
    bloom, buckets = struct.unpack_from("<II", data, start)
    first = start + 8 + 4 * (bloom & 0x7FFFFFF) + 4 * buckets
    items = [struct.unpack_from("<IIIHcxII", data, at) for at in range(first, end, 24)]

    def name(number: int) -> str:
        _, parent, at, size, *_ = items[number]
        return ("" if parent == 0xFFFFFFFF else name(parent)) + data[at : at + size].decode()

    found: dict[str, object] = {}
    for number, (_, _, _, _, kind, begin, finish) in enumerate(items):
        if kind == b"v":
            found[name(number)] = data[begin:finish]
        elif kind == b"H":
            found[name(number)] = read_gvdb(data, (begin, finish))
        else:
            found[name(number)] = [name(child) for (child,) in struct.iter_unpack("<I", data[begin:finish])]
    return found
