"""Which files of an image are read for what they say: documents of ours, dpkg's database, accounts, licences."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pkg2image.image.owners import is_list
from pkg2image.image.reasons import REASONS_PATH
from pkg2image.lock.model import LOCK_PATH

SCRIPTS_PATH = "usr/share/pkg2image/scripts.json"
"""Where an image may say what became of the scripts of its packages."""

ORIGINS_PATH = "usr/share/pkg2image/origins.json"
"""Where an image may say what made or changed files that are not as a package ships them: ``{what: [path, ...]}``."""

INFERRED_PATH = "usr/share/pkg2image/runtime.json"
"""Where an image may say how it is started, and why so."""

UNMET_PATH = "usr/share/pkg2image/unmet.json"
"""Where an image may say what its files ask for and do not find: ``{"unmet": [Unmet.render(), ...], "wanted":
[Wanted.render(), ...]}``."""

INSIDE: Mapping[str, str] = {
    "status": "var/lib/dpkg/status",
    "lock": LOCK_PATH,
    "scripts": SCRIPTS_PATH,
    "unmet": UNMET_PATH,
    "inferred": INFERRED_PATH,
    "reasons": REASONS_PATH,
    "passwd": "etc/passwd",
    "group": "etc/group",
}
"""Argument of `pkg2image.image.inside.look_inside` -> path."""

MANIFEST = "manifest"
"""Where an ACI has its manifest."""

ROOTFS = "rootfs/"
"""What the paths of an ACI begin with."""

_ALSO = ("var/lib/dpkg/diversions", ORIGINS_PATH)
_COPYRIGHT = re.compile(r"usr/share/doc/(?:.+/)?copyright", re.DOTALL)


class Captured:
    """The paths of files that are read: documents, the lists of dpkg, and copyright files."""

    _documents = frozenset(
        (MANIFEST, *(prefix + path for prefix in ("", ROOTFS) for path in (*INSIDE.values(), *_ALSO)))
    )

    def __contains__(self, path: object) -> bool:
        """Say whether a file is one of them."""
        place = str(path).removeprefix(ROOTFS)
        return path in self._documents or is_list(place) or _COPYRIGHT.fullmatch(place) is not None
