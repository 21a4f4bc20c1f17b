"""Which files of an image are for running it, and what the others are for.

What a document, a compiler, a debugger or an init system would want is no need of an image: nothing in it reads these
files. They stay where the closure leaves them; only nobody is asked to make them work.

Spec: Filesystem Hierarchy Standard 3.0; Debian Policy 9.3, 9.5, 12.
"""

from __future__ import annotations

import re

# What files are for -> their paths.
_PURPOSES = {
    "documentation": (
        r"usr/share/(?:bug|doc|doc-base|examples|gtk-doc|help|info|linda|lintian|man)/.*|usr/bin/perldoc[^/]*"
        r"|usr/(?:lib|share)/(?:.*/)?(?:contrib|demos?|docs?|examples?|man|samples?|tests?|testsuite)(?:/.*)?"
        r"|.*\.(?:example|sample)"
    ),
    "debuggers": r"usr/lib/debug/.*|usr/share/gdb/.*|usr/bin/ldd",
    "compilers": (
        r"usr/(?:include|src)/.*|usr/(?:lib|share)/(?:.*/)?(?:pgxs|pkgconfig)/.*|usr/share/go-[0-9.]+/.*"
        r"|usr/bin/(?:dh_[^/]*|pg_buildext|pg_virtualenv)|usr/share/(?:.*/)?dh_make_pgxs/.*"
    ),
    "an init system": (
        r"etc/(?:init|init\.d|rc[0-6S]\.d|runit|sv)/.*"
        r"|usr/lib/systemd/(?:system-(?:generators|preset|shutdown|sleep)|user(?:-generators)?|scripts)/.*"
        r"|usr/share/(?:runit|upstart)/.*"
    ),
    "cron and logrotate": r"etc/(?:cron\.[a-z]+|logcheck|logrotate\.d)/.*|usr/lib/[^/]+/e2fsprogs/.*_cron",
    "a machine": (
        r"etc/(?:acpi|dhcp|ifplugd|kernel|kde\d?|network|NetworkManager|networkd-dispatcher|pm|ppp|resolvconf|udev"
        r"|update-motd\.d|wpa_supplicant|X11|xdg)/.*"
        r"|usr/lib/(?:dhcpcd|dracut|ifupdown|kernel|networkd-dispatcher|NetworkManager|os-probes|pm-utils|resolvconf"
        r"|udev)/.*|usr/share/(?:apport|dracut|initramfs-tools|ubuntu-[^/]*)/.*|boot/.*"
    ),
    "the package manager": (
        r"etc/(?:apt|dpkg)/.*|usr/lib/dpkg/.*|var/lib/dpkg/.*|usr/s?bin/(?:deb-systemd|dpkg)-[^/]*"
        r"|usr/share/(?:debconf|debhelper|dh-[^/]*|dpkg|libgcrypt20|perl5/Debian|python3/runtime\.d)/.*"
        r"|usr/sbin/(?:pam-auth-update|pam_getenv|php(?:dismod|enmod|query)|update-[^/]*)|usr/share/[^/]*/[^/]*apt[^/]*"
    ),
}
# Where scripts lie that are read by others. They are programs only when the directories of programs say so.
_MODULES = re.compile(
    r"usr/(?:lib|share)/(?:[^/]+-linux-[^/]+/)?(?:nodejs|perl|perl5|perl-base|php|pypy3|python[0-9.]*|ruby|tcltk)/.*"
    r"|usr/lib/erlang/lib/.*|usr/share/gems/.*|var/lib/gems/.*",
    re.DOTALL,
)
_ANY_PURPOSE = re.compile("|".join(f"({pattern})" for pattern in _PURPOSES.values()), re.DOTALL)
_NAMES = tuple(_PURPOSES)


def other_purpose(path: str) -> str:
    """Return what a file is for if it is not for running the image, else an empty text.

    Args:
        path: Canonical path without the leading slash.
    """
    match = _ANY_PURPOSE.fullmatch(path)
    return _NAMES[match.lastindex - 1] if match and match.lastindex else ""


def is_module(path: str) -> bool:
    """Say whether a file lies where an interpreter looks for modules: whatever its mode says, nobody starts it.

    Args:
        path: Canonical path without the leading slash.
    """
    return _MODULES.fullmatch(path) is not None
