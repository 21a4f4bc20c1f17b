"""Programs that start, reload, index or speed up something: understood, counted, and nothing to do in an image.

Some work belongs to stages of its own, which look at the whole tree when all scripts have run: the linker's cache, the
CA bundle, the caches of desktop files.
"""

from __future__ import annotations

from collections.abc import Mapping

from pkg2image.maintscript.session import Command, Invocation, Noop

_NOTHING_TO_DO = (
    # Services: an image has no init system that would start them.
    *("systemctl", "deb-systemd-helper", "deb-systemd-invoke", "invoke-rc.d", "service", "update-rc.d", "initctl"),
    *("start-stop-daemon", "telinit", "init", "rc-update", "update-service", "sv"),
    # The machine it would run on: devices, kernel, boot.
    *("udevadm", "modprobe", "rmmod", "depmod", "sysctl", "update-initramfs", "update-grub", "swapon", "swapoff"),
    *("kill", "killall", "pkill", "killall5", "nscd", "ifup", "ifdown", "mount", "umount"),
    # Security modules of the host.
    *("apparmor_parser", "restorecon", "aa-status", "load_policy", "semodule", "chcon"),
    # Stages of their own.
    *("ldconfig", "systemd-hwdb", "update-ca-certificates"),
    *("glib-compile-schemas", "update-mime-database", "update-desktop-database"),
    # Speed, or documentation for people at a terminal.
    *("py3compile", "py3clean", "pycompile", "pyclean", "pypy3compile", "gtk-update-icon-cache", "update-icon-caches"),
    *("update-dictcommon-hunspell", "update-dictcommon-aspell"),  # lists for editors
    *("install-info", "update-info-dir", "ginstall-info", "mandb", "update-menus", "update-notifier", "fc-cache"),
    *("update-fonts-scale", "update-fonts-dir", "update-fonts-alias", "mkfontscale", "mkfontdir", "newaliases"),
    *("runnewaliases", "emacs-package-install", "emacs-package-remove", "appstreamcli"),
    *("dbus-send", "wall", "systemd-notify", "journalctl", "loginctl"),
)
_FAILURES = {
    # Questions about the running system, answered as a chroot without services answers them.
    "aa-enabled": 1,
    "ischroot": 0,
    "runlevel": 1,
    "selinuxenabled": 1,
    "systemd-detect-virt": 0,
    "pidof": 1,
    "pgrep": 1,
    "mountpoint": 1,
}
_ASKING = frozenset({"is-active", "is-enabled", "is-failed", "is-system-running", "status"})


def _nothing(call: Invocation) -> int:
    """Count the call; what asks about a service hears that it does not run."""
    call.session.noops.append(Noop(" ".join((call.name, *call.arguments)), call.line))
    words = {word for word in call.arguments if not word.startswith("-")}
    if call.name in {"systemctl", "service", "invoke-rc.d", "deb-systemd-invoke"} and words & _ASKING:
        return 1 if "is-enabled" in words else 3
    if call.name in {"kill", "killall", "pkill"}:
        return 1
    return 0


def _systemd_helper(call: Invocation) -> int:
    """Answer as deb-systemd-helper does on a first installation: nothing is masked, everything will be enabled."""
    call.session.noops.append(Noop(" ".join((call.name, *call.arguments)), call.line))
    words = [word for word in call.arguments if not word.startswith("-")]
    return 1 if words[:1] == ["debian-installed"] else 0


def _answer(call: Invocation) -> int:
    call.session.noops.append(Noop(" ".join((call.name, *call.arguments)), call.line))
    return _FAILURES[call.name]


COMMANDS: Mapping[str, Command] = {
    **dict.fromkeys(_NOTHING_TO_DO, _nothing),
    **dict.fromkeys(_FAILURES, _answer),
    "deb-systemd-helper": _systemd_helper,
}
"""Programs by name."""
