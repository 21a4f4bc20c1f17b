"""Numbers of users and groups that are wished for: a value that the request, the plan and the tree share.

Who mounts volumes into a container wants its users to have the same numbers in every image, whatever else is in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pkg2image.errors import RequestError

_HIGHEST = 2**32 - 2  # 2**32 - 1 means "nobody at all" to chown(2)
_RESERVED = 65535  # the same in the sixteen bits of old system calls


@dataclass(frozen=True, slots=True)
class IdMap:
    """Which numbers accounts must get when they are made.

    Args:
        users: User name -> uid.
        groups: Group name -> gid.
    """

    users: Mapping[str, int] = field(default_factory=dict)
    groups: Mapping[str, int] = field(default_factory=dict)

    def render(self) -> dict[str, dict[str, int]]:
        """Return the map as plain data, sorted by name."""
        return {"users": dict(sorted(self.users.items())), "groups": dict(sorted(self.groups.items()))}


def check_ids(ids: IdMap) -> None:
    """Make sure that a map makes sense, whatever accounts there will be.

    Raises:
        RequestError: When a number is none, or two names have the same.
    """
    for kind, option, numbers in (("user", "--uid", ids.users), ("group", "--gid", ids.groups)):
        names: dict[int, str] = {}
        for name, number in numbers.items():
            wish = f"cannot give the {kind} {name[:64]!r} the number {number}"
            if not 0 <= number <= _HIGHEST or number == _RESERVED:
                raise RequestError(
                    f"{wish}: not the number of a {kind}",
                    hint=f"numbers go from 0 to {_HIGHEST}, without {_RESERVED}: {option} {name[:64]}=999",
                )
            if number in names:
                raise RequestError(
                    f"{wish}: {names[number][:64]!r} is to have it", hint=f"give each a number of its own with {option}"
                )
            names[number] = name
