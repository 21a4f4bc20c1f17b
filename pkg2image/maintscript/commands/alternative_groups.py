"""Link groups of the alternatives system, and the files that dpkg keeps them in.

Spec: update-alternatives(1), section FILES; the format of the administrative file is that of dpkg 1.16 and later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import Files
from pkg2image.rootfs.tree import Kind

ADMINISTRATION = "/var/lib/dpkg/alternatives"
"""Where the groups are kept, one file each."""

LINKS = "/etc/alternatives"
"""Where the links lie that choose."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One alternative.

    Args:
        path: Of the master file.
        priority: The highest is chosen in automatic mode.
        slaves: Name of a slave link -> path it leads to.
    """

    path: str
    priority: int
    slaves: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LinkGroup:
    """One group: a master link, its slaves, and what they may lead to.

    Args:
        name: Of the group, and of its link in `LINKS`.
        link: The generic name, for example ``/usr/bin/awk``.
        automatic: Whether the best choice is taken.
        slaves: Name -> generic name.
        choices: In order of registration; of equal priorities the first is the best.
    """

    name: str
    link: str
    automatic: bool = True
    slaves: Mapping[str, str] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()

    def choice(self, path: str) -> Choice | None:
        """Return the choice with this path, or None."""
        return next((choice for choice in self.choices if choice.path == path), None)

    @property
    def best(self) -> Choice | None:
        """The choice of the highest priority."""
        return max(self.choices, key=lambda choice: choice.priority, default=None)

    @property
    def used_slaves(self) -> dict[str, str]:
        """The slaves that a choice has, sorted by name."""
        used = {name for choice in self.choices for name in choice.slaves}
        return {name: self.slaves[name] for name in sorted(used, key=str.encode)}

    @property
    def sorted_choices(self) -> tuple[Choice, ...]:
        """The choices in the order of their paths."""
        return tuple(sorted(self.choices, key=lambda choice: choice.path.encode("utf-8", "surrogateescape")))


def render_group(group: LinkGroup) -> bytes:
    """Return the administrative file of a group."""
    slaves = group.used_slaves
    lines = ["auto" if group.automatic else "manual", group.link]
    for name, link in slaves.items():
        lines += [name, link]
    lines.append("")
    for choice in group.sorted_choices:
        lines += [choice.path, str(choice.priority), *(choice.slaves.get(name, "") for name in slaves)]
    return "".join(f"{line}\n" for line in (*lines, "")).encode("utf-8", "surrogateescape")


def parse_group(name: str, text: str) -> LinkGroup:
    """Parse an administrative file.

    Raises:
        NotUnderstoodError: When it is not one.
    """
    lines = iter(text.split("\n"))
    try:
        status, link = next(lines), next(lines)
        slaves: dict[str, str] = {}
        while slave := next(lines):
            slaves[slave] = next(lines)
        choices = []
        while path := next(lines):
            priority = int(next(lines))
            files = {slave: next(lines) for slave in slaves}
            choices.append(Choice(path, priority, {slave: file for slave, file in files.items() if file}))
    except (StopIteration, ValueError, RuntimeError) as error:
        raise NotUnderstoodError(f"the alternatives of {name} cannot be read") from error
    return LinkGroup(name, link, status == "auto", slaves, tuple(choices))


def load_group(files: Files, name: str) -> LinkGroup | None:
    """Return a group of the image, or None."""
    path = f"{ADMINISTRATION}/{name}"
    return parse_group(name, files.text(path)) if files.is_file(path) else None


def load_groups(files: Files) -> tuple[LinkGroup, ...]:
    """Return all groups of the image, sorted by name."""
    names = files.list(ADMINISTRATION) if files.is_directory(ADMINISTRATION) else ()
    return tuple(group for name in names if (group := load_group(files, name)))


def save_group(files: Files, group: LinkGroup) -> None:
    """Write the administrative file, and drop the links of slaves that no choice has any more."""
    for name in sorted(set(group.slaves) - set(group.used_slaves)):
        remove_link(files, group.slaves[name])
        remove_link(files, f"{LINKS}/{name}")
    files.make_directory(ADMINISTRATION, 0o755, parents=True)
    files.write(f"{ADMINISTRATION}/{group.name}", render_group(group), mode=0o644)


def remove_group(files: Files, group: LinkGroup) -> None:
    """Remove a group with all its links."""
    for name, link in ((group.name, group.link), *sorted(group.slaves.items())):
        remove_link(files, link)
        remove_link(files, f"{LINKS}/{name}")
    if files.lstat(f"{ADMINISTRATION}/{group.name}"):
        files.remove(f"{ADMINISTRATION}/{group.name}")


def current_choice(files: Files, group_name: str) -> str | None:
    """Return what the link of a group leads to, or None when there is no link."""
    path = f"{LINKS}/{group_name}"
    return files.readlink(path) if is_link(files, path) else None


def install_choice(files: Files, group: LinkGroup, choice: Choice) -> tuple[str, ...]:
    """Make all links of a group lead to one choice.

    Returns:
        What dpkg would warn of, one text each.
    """
    warnings = _install_link(files, group.name, group.link, choice.path)
    for name, link in sorted(group.slaves.items()):
        path = choice.slaves.get(name)
        if path is not None and files.exists(path):
            warnings += _install_link(files, name, link, path)
            continue
        if path is not None:
            warnings += (
                f"skip creation of {link} because associated file {path} (of link group {group.name}) doesn't exist",
            )
        remove_link(files, link)
        remove_link(files, f"{LINKS}/{name}")
    return warnings


def is_link(files: Files, path: str) -> bool:
    """Say whether there is a symlink."""
    entry = files.lstat(path)
    return entry is not None and entry.kind is Kind.SYMLINK


def remove_link(files: Files, path: str) -> None:
    """Remove a symlink; anything else stays."""
    if is_link(files, path):
        files.remove(path)


def put_link(files: Files, target: str, path: str) -> None:
    """Make a symlink in place of one that may be there, and the directories above it.

    On a complete system those directories always exist, because Essential packages ship them.
    """
    if is_link(files, path):
        if files.readlink(path) == target:
            return
        files.remove(path)
    files.make_directory(path.rpartition("/")[0] or "/", 0o755, parents=True)
    files.symlink(target, path)


def _install_link(files: Files, name: str, link: str, path: str) -> tuple[str, ...]:
    put_link(files, path, f"{LINKS}/{name}")
    if files.lstat(link) and not is_link(files, link):
        return (f"not replacing {link} with a link",)
    put_link(files, f"{LINKS}/{name}", link)
    return ()
