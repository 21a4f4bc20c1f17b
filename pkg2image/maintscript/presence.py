"""Which programs a script finds, though the image does not have their files.

Scripts ask before they call: ``command -v setcap`` decides between a capability and the set-user-ID bit. The answer is
that of a first installation by apt: the Essential packages are always there, and so are packages that only serve
configuration and that the runtime closure leaves out, when another package depends on them. Everything else is there
when its file is.

Spec: Debian Policy 3.8; ``resolve/closure.yaml`` for what is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from pkg2image.maintscript.session import Session

ESSENTIAL = frozenset(
    (
        # coreutils
        *("[", "arch", "base64", "basename", "cat", "chcon", "chgrp", "chmod", "chown", "cp", "cut", "date", "dirname"),
        *("echo", "env", "expr", "false", "groups", "head", "id", "install", "ln", "ls", "md5sum", "mkdir", "mktemp"),
        *("mv", "nice", "nohup", "printf", "readlink", "realpath", "rm", "rmdir", "seq", "sha1sum", "sha224sum"),
        *("sha256sum", "sha384sum", "sha512sum", "sleep", "sort", "stat", "sync", "tac", "tail", "tee", "test"),
        *("timeout", "touch", "tr", "true", "uname", "uniq", "unlink", "wc", "whoami"),
        # dash, bash, debianutils, diffutils, findutils, grep, gzip, hostname, sed, and an awk for base-files
        *("sh", "dash", "bash", "add-shell", "ischroot", "remove-shell", "run-parts", "tempfile", "update-shells"),
        *("which", "cmp", "diff", "find", "xargs", "egrep", "fgrep", "grep", "gunzip", "gzip", "zcat", "hostname"),
        *("sed", "awk"),
        # base-passwd, bsdutils, dpkg, init-system-helpers, libc-bin, sysvinit-utils, util-linux
        *("update-passwd", "logger", "wall", "dpkg", "dpkg-divert", "dpkg-maintscript-helper", "dpkg-query"),
        *("dpkg-realpath", "dpkg-statoverride", "dpkg-trigger", "start-stop-daemon", "update-alternatives"),
        *("deb-systemd-helper", "deb-systemd-invoke", "invoke-rc.d", "service", "update-rc.d", "getent", "ldconfig"),
        *("locale", "killall5", "pidof", "getopt", "ionice", "mountpoint", "setsid"),
    )
)
"""Programs of Essential packages, as far as there are commands of ours for them."""

_NEEDED = ("Pre-Depends", "Depends")
_PASSWD = ("passwd", "adduser")
LEFT_OUT: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("addgroup", "adduser", "delgroup", "deluser"), ("adduser",)),
    **dict.fromkeys(("chsh", "gpasswd", "groupadd", "groupdel", "grpconv", "passwd", "pwconv"), _PASSWD),
    **dict.fromkeys(("shadowconfig", "useradd", "userdel", "usermod"), _PASSWD),
    **dict.fromkeys(("debconf-communicate", "debconf-escape", "debconf-set-selections"), ("debconf",)),
    **dict.fromkeys(("emacs-package-install", "emacs-package-remove"), ("emacsen-common",)),
    **dict.fromkeys(("ginstall-info", "install-info", "update-info-dir"), ("install-info",)),
    **dict.fromkeys(("ucf", "ucfr"), ("ucf",)),
    **dict.fromkeys(("update-dictcommon-aspell", "update-dictcommon-hunspell"), ("dictionaries-common",)),
    "update-inetd": ("update-inetd",),
    "update-xmlcatalog": ("xml-core",),
    "make-ssl-cert": ("ssl-cert",),
    "openssl": ("openssl", "ssl-cert", "ca-certificates"),
    "pam-auth-update": ("libpam-runtime",),
    "systemd-sysusers": ("systemd-sysusers", "systemd-standalone-sysusers"),
    "systemd-tmpfiles": ("systemd-tmpfiles", "systemd-standalone-tmpfiles"),
}
"""Programs of packages that the runtime closure leaves out -> packages that bring them when one is depended on."""


def is_expected(session: Session, name: str) -> bool:
    """Say whether a first installation has a program, whatever files there are.

    Args:
        session: Its packages are asked for their dependencies.
        name: Without directory.
    """
    if name in ESSENTIAL:
        return True
    named = _dependency_on(LEFT_OUT.get(name, ()))
    if named is None:
        return False
    packages = (session.package, *(deb.package for deb in session.installed.values()))
    return any(named.search(package.fields.get(field, "")) for package in packages for field in _NEEDED)


@cache
def _dependency_on(packages: tuple[str, ...]) -> re.Pattern[str] | None:
    """Return what finds one of some packages in a relationship field."""
    names = "|".join(map(re.escape, packages))
    return re.compile(rf"(?:^|[\s,|])(?:{names})(?=$|[\s,|(:])") if packages else None
