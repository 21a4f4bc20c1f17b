"""Programs that make keys, certificates, identities and data: nothing of that is baked into an image.

Everybody who has the image would have the key, and no two builds would be equal. What such a program would have made is
recorded for the report and left to the first start; for the rest of the script it counts as done. Programs whose random
output goes into a file of the script's own (``pwgen``, ``openssl rand``) are not understood: the file would be wrong
without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.session import Command, Invocation, Skipped

_KEY = "a private key that is in an image belongs to everybody who has the image"
_IDENTITY = "an identity must be different in every container"
_DATA = "a database belongs to the first start and to a volume"
_PRODUCERS = frozenset({"req", "genrsa", "genpkey", "gendsa", "dhparam", "dsaparam", "ecparam"})


def _leave_out(what: Callable[[Invocation], str], why: str) -> Command:
    def run(call: Invocation) -> int:
        call.session.secrets.append(Skipped(what(call), why, call.line))
        return 0

    return run


def _after(option: str, otherwise: str) -> Callable[[Invocation], str]:
    """Return a function that finds the value of an option."""

    def find(call: Invocation) -> str:
        words = call.arguments
        values = [value for word, value in pairwise(words) if word == option]
        return values[-1] if values else otherwise

    return find


def _named(text: str) -> Callable[[Invocation], str]:
    return lambda _: text


def _command_line(call: Invocation) -> str:
    return " ".join((call.name, *call.arguments))


def _ssh_keygen(call: Invocation) -> int:
    asking = {"-l", "-lf", "-y", "-F", "-R", "-H", "-E"} & set(call.arguments)
    if asking:
        # Its output is for people: the fingerprint of a key that was left out.
        return 0 if "-l" in call.arguments or "-lf" in call.arguments else _refuse(call)
    if "-A" in call.arguments:
        return _leave_out(_named("/etc/ssh/ssh_host_*_key"), _KEY)(call)
    return _leave_out(_after("-f", "an SSH key"), _KEY)(call)


def _openssl(call: Invocation) -> int:
    if call.arguments[:1] and call.arguments[0] in _PRODUCERS and "-out" in call.arguments:
        return _leave_out(_after("-keyout" if "-keyout" in call.arguments else "-out", "a key"), _KEY)(call)
    return _refuse(call)


def _refuse(call: Invocation) -> int:
    raise NotUnderstoodError(f"{_command_line(call)}: random or secret output")


def _machine_id(call: Invocation) -> int:
    """Leave an empty ``/etc/machine-id``: systemd fills it when it starts for the first time."""
    if not call.files.exists("/etc/machine-id"):
        call.files.write("/etc/machine-id", b"", mode=0o444)
    return _leave_out(_named("/etc/machine-id"), _IDENTITY)(call)


COMMANDS: Mapping[str, Command] = {
    "dbus-uuidgen": _leave_out(_named("/var/lib/dbus/machine-id"), _IDENTITY),
    "initdb": _leave_out(_command_line, _DATA),
    "make-ssl-cert": _leave_out(_named("/etc/ssl/private/ssl-cert-snakeoil.key"), _KEY),
    "mariadb-install-db": _leave_out(_named("/var/lib/mysql"), _DATA),
    "mysql_install_db": _leave_out(_named("/var/lib/mysql"), _DATA),
    "nsd-control-setup": _leave_out(_named("/etc/nsd/nsd_server.key"), _KEY),
    "openssl": _openssl,
    "pg_createcluster": _leave_out(_command_line, _DATA),
    "pg_upgradecluster": _leave_out(_command_line, _DATA),
    "rndc-confgen": _leave_out(_after("-c", "/etc/bind/rndc.key"), _KEY),
    "ssh-keygen": _ssh_keygen,
    "systemd-machine-id-setup": _machine_id,
    "unbound-control-setup": _leave_out(_named("/etc/unbound/unbound_server.key"), _KEY),
}
"""Programs by name."""
