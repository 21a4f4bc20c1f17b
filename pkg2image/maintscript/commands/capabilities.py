"""setcap and getcap: capabilities of programs, kept in an extended attribute.

Spec: setcap(8), cap_text_formats(7), capabilities(7) (the attribute in its version 2); linux/capability.h.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping

from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.session import Command, Invocation

_ATTRIBUTE = "security.capability"
_NAMES = (
    *("chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap"),
    *("linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner"),
    *("sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice"),
    *("sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write", "audit_control", "setfcap"),
    *("mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf"),
    "checkpoint_restore",
)
_CLAUSE = re.compile(r"([a-z_,]*)((?:[=+-][eip]*)+)")
_VERSION_2, _EFFECTIVE = 0x02000000, 1


def _setcap(call: Invocation) -> int:
    words = [word for word in call.arguments if word != "-q"]
    if len(words) % 2 or any(word.startswith("-") and word != "-r" for word in words):
        raise NotUnderstoodError(f"setcap {' '.join(call.arguments)}")
    for text, path in zip(words[::2], words[1::2], strict=True):
        entry = call.files.lookup(path)
        if entry is None:
            return call.fail(f"Failed to set capabilities on file '{path}': No such file or directory")
        if text == "-r" and _ATTRIBUTE not in dict(entry.xattrs):
            return call.fail(f"Failed to set capabilities on file '{path}': No data available")
        call.files.set_xattr(path, _ATTRIBUTE, None if text == "-r" else encode_capabilities(text))
    return 0


def encode_capabilities(text: str) -> bytes:
    """Return the value of the attribute.

    Args:
        text: For example ``cap_net_raw,cap_net_admin+ep``.

    Raises:
        NotUnderstoodError: When it is no such text.
    """
    flags = {"e": 0, "i": 0, "p": 0}
    for clause in text.lower().split():
        match = _CLAUSE.fullmatch(clause)
        if match is None:
            raise NotUnderstoodError(f"the capabilities {text}")
        mask = _mask(match[1], text)
        for operation in re.findall(r"[=+-][eip]*", match[2]):
            for flag in flags:
                if operation[0] == "=" or (operation[0] == "-" and flag in operation):
                    flags[flag] &= ~mask
                if operation[0] != "-" and flag in operation:
                    flags[flag] |= mask
    if flags["e"] & ~(flags["p"] | flags["i"]) or (flags["e"] and flags["e"] != flags["p"] | flags["i"]):
        raise NotUnderstoodError(f"the capabilities {text}, which are effective in part")
    low, high = (1 << 32) - 1, 32
    words = (flags["p"] & low, flags["i"] & low, flags["p"] >> high, flags["i"] >> high)
    return struct.pack("<5I", _VERSION_2 | (_EFFECTIVE if flags["e"] else 0), *words)


def _mask(names: str, text: str) -> int:
    if names in {"", "all"}:
        return (1 << len(_NAMES)) - 1
    mask = 0
    for name in names.split(","):
        if name.removeprefix("cap_") not in _NAMES or not name.startswith("cap_"):
            raise NotUnderstoodError(f"the capabilities {text}")
        mask |= 1 << _NAMES.index(name.removeprefix("cap_"))
    return mask


COMMANDS: Mapping[str, Command] = {"setcap": _setcap}
"""Programs by name."""
