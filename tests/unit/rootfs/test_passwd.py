from __future__ import annotations

from collections.abc import Callable

import pytest

from pkg2image.errors import MalformedPackageError
from pkg2image.rootfs.passwd import (
    Group,
    ShadowGroup,
    ShadowUser,
    User,
    parse_group,
    parse_gshadow,
    parse_passwd,
    parse_shadow,
    render_group,
    render_gshadow,
    render_passwd,
    render_shadow,
)

PASSWD = "root:x:0:0:root:/root:/bin/bash\n_apt:x:42:65534::/nonexistent:/usr/sbin/nologin\n"
GROUP = "root:x:0:\nadm:x:4:syslog,me\nnogroup:*:65534:\n"
SHADOW = "root:$y$j9T:19000:0:99999:7:::\n_apt:*:::::::\n"
GSHADOW = "root:*::\nadm:!:boss:syslog,me\n"


def test_values() -> None:
    assert parse_passwd(PASSWD)[1] == User("_apt", 42, 65534, "", "/nonexistent", "/usr/sbin/nologin")
    assert parse_group(GROUP)[1] == Group("adm", 4, ("syslog", "me"))
    assert parse_group(GROUP)[2] == Group("nogroup", 65534, (), "*")
    assert parse_shadow(SHADOW)[0] == ShadowUser("root", "$y$j9T", ("19000", "0", "99999", "7", "", "", ""))
    assert parse_shadow(SHADOW)[1] == ShadowUser("_apt", "*")
    assert parse_gshadow(GSHADOW)[1] == ShadowGroup("adm", "!", ("boss",), ("syslog", "me"))


def test_rendering_is_the_inverse_of_parsing() -> None:
    assert render_passwd(parse_passwd(PASSWD)) == PASSWD
    assert render_group(parse_group(GROUP)) == GROUP
    assert render_shadow(parse_shadow(SHADOW)) == SHADOW
    assert render_gshadow(parse_gshadow(GSHADOW)) == GSHADOW


BAD = [
    (parse_passwd, "root:x:0:0:root:/root", "has not 7 fields"),
    (parse_passwd, "root:x:0:0:root:/root:/bin/sh:more", "has not 7 fields"),
    (parse_passwd, ":x:0:0:root:/root:/bin/sh", "has not 7 fields"),
    (parse_passwd, "root:x:-1:0:root:/root:/bin/sh", "'-1' is not the number"),
    (parse_passwd, "root:x:0:4294967295:root:/root:/bin/sh", "'4294967295' is not the number"),
    (parse_passwd, "root:x:\N{ARABIC-INDIC DIGIT ONE}:0:root:/root:/bin/sh", "is not the number"),
    (parse_passwd, f"root:x:{'9' * 5000}:0:root:/root:/bin/sh", "is not the number"),
    (parse_group, "root:x:zero:", "'zero' is not the number"),
    (parse_group, "+", "has not 4 fields"),
    (parse_shadow, "root:*:", "has not 9 fields"),
    (parse_gshadow, "root:*", "has not 4 fields"),
]


@pytest.mark.parametrize(("parse", "text", "reason"), BAD)
def test_bad_lines(parse: Callable[[str], object], text: str, reason: str) -> None:
    with pytest.raises(MalformedPackageError, match=reason):
        parse(text + "\n")
