"""Which files of a package nobody needs who runs what is in it: few rules, each with a name.

The rules say nothing about a file that a program cannot do without; they choose among what would otherwise be kept
because it belongs to the application, or lies in a directory that is used.

Spec: Filesystem Hierarchy Standard 3.0; Debian Policy 8.4, 9.3, 9.5, 12.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache

from pkg2image.rootfs.globbing import matches
from pkg2image.rootfs.minimize import rule_of
from pkg2image.rootfs.tree import Tree

FOR_DEVELOPERS = frozenset({"development files", "static libraries"})
"""Rules that do not hold for what a compiler works with."""

_FEATURE = "feature "
# Rule -> paths.
_RULES = {
    "development files": (
        r"usr/(?:include|src)/.*|usr/(?:lib|share)/(?:.*/)?(?:pkgconfig|pgxs|cmake)/.*|usr/share/(?:aclocal|gir-1\.0|vala"
        r"|gtk-doc|swig)/.*|usr/lib/python3[^/]*/(?:.*/)?config-3[^/]*/.*|.*\.(?:gir|vapi|pc|h|hpp|m4)"
        r"|usr/lib/(?:[^/]+-linux-[^/]+/)?perl/[^/]+/CORE/.*"
    ),
    "static libraries": r"usr/lib(?:32|64|x32)?/.*\.(?:a|la)|usr/lib/.*/[^/]+\.o",
    "completion of command lines": (
        r"usr/share/(?:bash-completion|fish|zsh)/.*|etc/bash_completion\.d/.*|usr/lib/python3/dist-packages/argcomplete/.*"
    ),
    "units of an init system": (
        r"(?:etc|usr/lib)/systemd/.*|usr/lib/(?:binfmt|environment|modules-load|sysctl|sysusers|tmpfiles)\.d/.*"
        r"|usr/share/(?:runit|upstart|dbus-1/system-services)/.*|etc/(?:sv|runit|init)/.*"
    ),
    "init scripts": r"etc/(?:init\.d|rc[0-6S]\.d|insserv[^/]*)/.*",
    "cron and logrotate": r"etc/(?:cron\.[a-z]+|logcheck|logrotate\.d|anacrontab)(?:/.*)?",
    "configuration of a machine": (
        r"etc/(?:acpi|apparmor\.d|apport|apt|dhcp|dpkg|initramfs-tools|kernel|needrestart|network|pm|ppp|resolvconf|udev"
        r"|skel|ufw|update-motd\.d|selinux)/.*|usr/lib/(?:dracut|kernel|modprobe\.d|networkd-dispatcher|pm-utils|udev"
        r"|ifupdown)/.*|usr/share/(?:apport|dracut|initramfs-tools|polkit-1)/.*|boot/.*"
    ),
    "debugging": (
        r"usr/lib/debug/.*|usr/share/(?:gdb|apport|bug)/.*|usr/share/(?:javascript|nodejs)/.*\.map(?:\.[a-z]+)?"
    ),
    "test suites": r"usr/(?:lib|share)/go-[^/]+/(?:(?:api|test)/.*|src/.*_test\.go|src/(?:.*/)?testdata/.*)",
    "time zones with leap seconds": r"usr/share/zoneinfo/right/.*",
    "package management": r"usr/share/(?:debconf|debhelper|dh-[^/]*|lintian|linda)/.*",
    "desktop files": r"usr/share/(?:app-install|appdata|applications|menu|metainfo)/.*",
}
_LOCALES = "locales"
_LOCALE = re.compile(r"usr/lib/locale/(?!C\.)([^/]+)(?:/.*)?|usr/share/i18n/.*", re.DOTALL)
_CHARACTER_SET = re.compile(r"\.[^@]*")
_ANY_RULE = re.compile("|".join(f"({pattern})" for pattern in _RULES.values()), re.DOTALL)
_NAMES = tuple(_RULES)
_NEVER = re.compile(r"usr/share/doc/(?:.+/)?copyright", re.DOTALL)

RuleOf = Callable[[str], str]
"""Returns the name of the rule that leaves a path out, empty when there is none."""


def is_optional(rule: str) -> bool:
    """Say whether a rule is that of a feature that is off: whoever refers to what it leaves out does so in vain."""
    return rule.startswith(_FEATURE)


def data_rule(
    tree: Tree,
    *,
    locales: Collection[str] = (),
    optional: Mapping[str, Sequence[str]] | None = None,
) -> RuleOf:
    """Return what says of every path which rule leaves it out.

    Args:
        tree: Where the patterns are looked up.
        locales: What is kept beside C.UTF-8, for example ``de_DE``.
        optional: Further rules and the patterns of what they leave out: ``feature jit``.
    """
    further = {
        place: name
        for name, patterns in (optional or {}).items()
        for pattern in patterns
        for place in matches(tree, pattern)
    }
    wanted = frozenset(normal_locale(locale) for locale in locales)

    @cache
    def rule(path: str) -> str:
        if _NEVER.fullmatch(path):
            return ""
        if further:
            above = path
            while above:
                if above in further:
                    return further[above]
                above = above.rpartition("/")[0]
        locale = _LOCALE.fullmatch(path)
        if locale:
            # The archive has all locales in one file.
            is_wanted = wanted and (locale[1] in {None, "locale-archive"} or normal_locale(locale[1]) in wanted)
            return "" if is_wanted else _LOCALES
        match = _ANY_RULE.fullmatch(path)
        return _NAMES[match.lastindex - 1] if match and match.lastindex else rule_of(path)

    return rule


def normal_locale(locale: str) -> str:
    """Return a locale without its character set, which is spelled in many ways: ``de_DE.UTF-8`` is ``de_de``."""
    return _CHARACTER_SET.sub("", locale).lower()
