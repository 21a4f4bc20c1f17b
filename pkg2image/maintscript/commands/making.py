"""Commands that make and remove files: mkdir, rmdir, rm, unlink, touch, install, mktemp, tempfile."""

from __future__ import annotations

from collections.abc import Mapping

from pkg2image.maintscript.commands.account_files import read_accounts
from pkg2image.maintscript.commands.destinations import destinations
from pkg2image.maintscript.commands.modes import Change
from pkg2image.maintscript.commands.options import Grammar, Options
from pkg2image.maintscript.commands.ownership import group_name, user_name
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import Files, FilesError
from pkg2image.maintscript.session import Command, Invocation
from pkg2image.rootfs.tree import Kind

_MKDIR = Grammar("pm:vZ", {"parents": "p", "mode=": "m", "verbose": "v", "context?": "Z"})
_RMDIR = Grammar("pv", {"parents": "p", "verbose": "v", "ignore-fail-on-non-empty": "ignore"})
_RM = Grammar(
    "rRfvd",
    {
        "recursive": "r",
        "force": "f",
        "verbose": "v",
        "dir": "d",
        "one-file-system": "x",
        "preserve-root?": "root",
    },
)
_TOUCH = Grammar("acmfhr:", {"no-create": "c", "no-dereference": "h", "reference=": "r"})
_INSTALL = Grammar(
    "dDm:o:g:pt:TvcZ",
    {
        "directory": "d",
        "mode=": "m",
        "owner=": "o",
        "group=": "g",
        "preserve-timestamps": "p",
        "target-directory=": "t",
        "no-target-directory": "T",
        "verbose": "v",
        "context?": "Z",
    },
)
_MKTEMP = Grammar("dqp:tu", {"directory": "d", "quiet": "q", "tmpdir?": "p", "suffix=": "suffix", "dry-run": "u"})
_VARIABLE_PART = "X" * 3  # the least that a template ends in: mktemp(1)
_TEMPFILE = Grammar("d:p:s:m:", {"directory=": "d", "prefix=": "p", "suffix=": "s", "mode=": "m"})


def mkdir(invocation: Invocation) -> int:
    """``mkdir [-p] [-m mode] [-v] directory...``."""
    options = _MKDIR.parse(invocation.arguments)
    files = invocation.files
    given = options.last("m")
    mode = None if given is None else Change(given).apply(0o777, directory=True, umask=files.umask)
    if not options.operands:
        return invocation.fail("missing operand")
    status = 0
    for path in options.operands:
        try:
            for made in make_directories(files, path, mode) if "p" in options else _make_one(files, path, mode):
                if "v" in options:
                    invocation.stdout.text(f"mkdir: created directory '{made}'\n")
        except FilesError as error:
            status = invocation.fail(f"cannot create directory '{path}': {error.reason}")
    return status


def _make_one(files: Files, path: str, mode: int | None) -> list[str]:
    files.make_directory(path, mode)
    return [path]


def make_directories(files: Files, path: str, mode: int | None, parent_mode: int | None = None) -> list[str]:
    """Make a directory and its missing parents; one that is there keeps its mode.

    Args:
        files: The files of the image.
        path: The directory.
        mode: Its mode; None for what the umask leaves.
        parent_mode: The mode of parents; None for what the umask leaves.

    Returns:
        What was made, parents first.

    Raises:
        FilesError: When something on the way is no directory.
    """
    made = []
    pieces = path.rstrip("/").split("/")
    steps = ["/".join(pieces[:count]) for count in range(1, len(pieces) + 1)]
    for step in steps:
        if not step or step == "." or files.is_directory(step):
            continue
        files.make_directory(step, mode if step == steps[-1] else parent_mode)
        made.append(step)
    return made


def rmdir(invocation: Invocation) -> int:
    """``rmdir [-p] [--ignore-fail-on-non-empty] [-v] directory...``."""
    options = _RMDIR.parse(invocation.arguments)
    if not options.operands:
        return invocation.fail("missing operand")
    status = 0
    for operand in options.operands:
        paths = [operand]
        stripped = operand.rstrip("/")
        while "p" in options and "/" in stripped.lstrip("/"):
            stripped = stripped.rpartition("/")[0].rstrip("/")
            paths.append(stripped)
        for path in paths:
            if "v" in options:
                invocation.stdout.text(f"rmdir: removing directory, '{path}'\n")
            try:
                invocation.files.remove_directory(path)
            except FilesError as error:
                if error.code != "ENOTEMPTY" or "ignore" not in options:
                    what = "failed to remove" if path == operand else "failed to remove directory"
                    status = invocation.fail(f"{what} '{path}': {error.reason}")
                break
    return status


def rm(invocation: Invocation) -> int:
    """``rm [-f] [-r] [-d] [-v] file...``."""
    options = _RM.parse(invocation.arguments)
    force, recursive = "f" in options, "r" in options or "R" in options
    if not options.operands and not force:
        return invocation.fail("missing operand")
    files = invocation.files
    status = 0
    for path in options.operands:
        if path.rstrip("/").rpartition("/")[2] in {".", ".."}:
            status = invocation.fail(f"refusing to remove '.' or '..' directory: skipping '{path}'")
            continue
        try:
            entry = files.lstat(path)
            directory = entry is not None and entry.kind is Kind.DIRECTORY
            if directory and path.endswith("/") and _is_link(files, path):
                raise FilesError("ENOTDIR", path)  # noqa: TRY301 - the kernel's answer to rmdir of link/
            if "v" in options and entry is not None and (recursive or not directory):
                _announce(invocation, path, directory=directory)
            if directory and "d" in options and not recursive:
                files.remove_directory(path)
            else:
                files.remove(path, recursive=recursive)
        except FilesError as error:
            if not (force and error.code in {"ENOENT", "ENOTDIR"} and entry_missing(files, path)):
                status = invocation.fail(f"cannot remove '{path}': {error.reason}")
    return status


def entry_missing(files: Files, path: str) -> bool:
    """Say whether there is nothing at a path, not even a symlink."""
    return files.lstat(path) is None


def _is_link(files: Files, path: str) -> bool:
    entry = files.lstat(path.rstrip("/"))
    return entry is not None and entry.kind is Kind.SYMLINK


def _announce(invocation: Invocation, path: str, *, directory: bool) -> None:
    if directory and invocation.files.list(path):
        raise NotUnderstoodError("rm -v of a directory that is not empty")
    invocation.stdout.text(f"removed {'directory ' if directory else ''}'{path}'\n")


def unlink(invocation: Invocation) -> int:
    """``unlink file``."""
    options = Grammar().parse(invocation.arguments)
    if len(options.operands) != 1:
        raise NotUnderstoodError("unlink without exactly one file")
    try:
        invocation.files.remove(options.operands[0])
    except FilesError as error:
        return invocation.fail(f"cannot unlink '{options.operands[0]}': {error.reason}")
    return 0


def touch(invocation: Invocation) -> int:
    """``touch [-c] [-h] [-r file] file...``; the time is that of the image."""
    options = _TOUCH.parse(invocation.arguments)
    if not options.operands:
        return invocation.fail("missing file operand")
    files = invocation.files
    time = files.epoch
    reference = options.last("r")
    if reference is not None:
        entry = files.lstat(reference) if "h" in options else files.lookup(reference)
        if entry is None:
            return invocation.fail(f"failed to get attributes of '{reference}': No such file or directory")
        time = entry.mtime
    status = 0
    for path in options.operands:
        try:
            _touch(files, path, time, create="c" not in options, follow="h" not in options)
        except FilesError as error:
            status = invocation.fail(f"cannot touch '{path}': {error.reason}")
    return status


def _touch(files: Files, path: str, time: int, *, create: bool, follow: bool) -> None:
    """Set the time of a file, which is made when it is missing; that of a symlink itself is not kept."""
    if not follow:
        if files.lstat(path) is None and create:
            raise FilesError("ENOENT", path)
        if files.lstat(path) is None or _is_link(files, path):
            return
    elif files.lookup(path) is None:
        if not create:
            return
        files.write(path, b"")
    files.set_mtime(path, time)


def install(invocation: Invocation) -> int:
    """``install [-m mode] [-o user] [-g group] [-D] [-t directory] source... target``, ``install -d directory...``."""
    options = _INSTALL.parse(invocation.arguments)
    given = options.last("m")
    mode = 0o755 if given is None else Change(given).apply(0, directory="d" in options, umask=0)
    accounts = read_accounts(invocation.files)
    user, group = options.last("o"), options.last("g")
    try:
        user = None if user is None else user_name(accounts, user)
    except LookupError:
        return invocation.fail(f"invalid user: '{user}'")
    try:
        group = None if group is None else group_name(accounts, group)
    except LookupError:
        return invocation.fail(f"invalid group: '{group}'")
    status = 0
    if "d" in options:
        for path in options.operands:
            try:
                make_directories(invocation.files, path, mode, 0o755)
                _finish(invocation.files, path, mode, user, group)
            except FilesError as error:
                status = invocation.fail(f"cannot create directory '{path}': {error.reason}")
        return status
    if "D" in options:
        _make_leading(invocation.files, options)
    for source, target in destinations(invocation, options, options.operands):
        try:
            _install_file(invocation.files, source, target)
            _finish(invocation.files, target, mode, user, group)
            if "p" in options:
                entry = invocation.files.lookup(source)
                invocation.files.set_mtime(target, entry.mtime if entry else 0)
        except FilesError as error:
            status = invocation.fail(_explained(source, target, error))
    return status


def _explained(source: str, target: str, error: FilesError) -> str:
    if error.path == source:
        return f"omitting directory '{source}'" if error.code == "EISDIR" else f"cannot stat '{source}': {error.reason}"
    return f"cannot create regular file '{target}': {error.reason}"


def _make_leading(files: Files, options: Options) -> None:
    directory = options.last("t")
    if directory is None and options.operands:
        directory = options.operands[-1].rstrip("/").rpartition("/")[0]
    if directory:
        make_directories(files, directory, 0o755, 0o755)


def _install_file(files: Files, source: str, target: str) -> None:
    """Put a new file at the target; what was there goes away, whatever other names it has."""
    data_entry = files.lookup(source)
    if data_entry is None:
        raise FilesError("ENOENT", source)
    if data_entry.kind is Kind.DIRECTORY:
        raise FilesError("EISDIR", source)
    if files.lstat(target) is not None:
        if files.place_of(target) == files.canonical(source):
            raise NotUnderstoodError(f"install of {source} onto itself")
        files.remove(target)
    files.copy(source, target)


def _finish(files: Files, path: str, mode: int, user: str | None, group: str | None) -> None:
    files.chown(path, user, group)
    files.chmod(path, mode)


def mktemp(invocation: Invocation) -> int:
    """``mktemp [-d] [-q] [-t] [-p directory | --tmpdir[=directory]] [template]``."""
    options = _MKTEMP.parse(invocation.arguments)
    if "u" in options or "suffix" in options or len(options.operands) > 1:
        raise NotUnderstoodError("mktemp -u or --suffix")
    template = options.operands[0] if options.operands else "tmp.XXXXXXXXXX"
    if _VARIABLE_PART in template and not template.endswith(_VARIABLE_PART):
        raise NotUnderstoodError(f"mktemp with the template {template!r}")
    if not template.endswith(_VARIABLE_PART):
        return invocation.fail(f"too few X's in template '{template}'")
    if "p" in options or "t" in options or not options.operands:
        directory = options.last("p") or invocation.environment.get("TMPDIR") or "/tmp"  # noqa: S108
        template = f"{directory.rstrip('/')}/{template}"
    try:
        path = invocation.files.temporary(template, directory="d" in options)
    except FilesError as error:
        kind = "directory" if "d" in options else "file"
        message = f"failed to create {kind} via template '{template}': {error.reason}"
        return 1 if "q" in options else invocation.fail(message)
    invocation.stdout.text(f"{path}\n")
    return 0


def tempfile(invocation: Invocation) -> int:
    """``tempfile [-d directory] [-p prefix] [-m mode]``, which Debian dropped with bookworm."""
    options = _TEMPFILE.parse(invocation.arguments)
    if "s" in options or options.operands:
        raise NotUnderstoodError("tempfile with a suffix or an operand")
    directory = options.last("d") or invocation.environment.get("TMPDIR") or "/tmp"  # noqa: S108
    path = invocation.files.temporary(f"{directory.rstrip('/')}/{(options.last('p') or 'file')[:5]}XXXXXX")
    mode = options.last("m")
    if mode is not None:
        invocation.files.chmod(path, Change(mode).apply(0o600, directory=False, umask=0))
    invocation.stdout.text(f"{path}\n")
    return 0


COMMANDS: Mapping[str, Command] = {
    "mkdir": mkdir,
    "rmdir": rmdir,
    "rm": rm,
    "unlink": unlink,
    "touch": touch,
    "install": install,
    "mktemp": mktemp,
    "tempfile": tempfile,
}
