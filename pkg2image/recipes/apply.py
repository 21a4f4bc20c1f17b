"""Putting what a recipe adds into a tree: accounts, directories, files and symlinks."""

from __future__ import annotations

from collections.abc import Collection

from pkg2image.errors import RequestError
from pkg2image.recipes.model import Recipe, RecipeFile
from pkg2image.rootfs.provision import add_directory, add_file, add_symlink
from pkg2image.rootfs.tree import Content, ReadContent, Tree
from pkg2image.rootfs.users import Accounts, read_accounts, write_accounts


def apply(recipe: Recipe, tree: Tree, *, read: ReadContent, epoch: int) -> Tree:
    """Return the tree with everything a recipe adds; the origin of its entries is ``recipe NAME``.

    Args:
        recipe: Already expanded for this tree.
        tree: The unpacked packages; not changed.
        read: Reads files of the tree.
        epoch: Modification time of what is made, in seconds since the epoch.

    Raises:
        RequestError: When an account or a path cannot be added, or a file to copy does not exist.
    """
    tree = tree.copy()
    origin = f"recipe {recipe.name}"
    if recipe.users or recipe.groups:
        write_accounts(tree, _with_accounts(recipe, read_accounts(tree, read)), mtime=epoch, origin=origin)
    for path, new in recipe.directories.items():
        add_directory(tree, path, origin=origin, mtime=epoch, mode=new.mode, user=new.user, group=new.group)
    for path, file in recipe.files.items():
        content = _content(file, tree, origin)
        add_file(tree, path, content, origin=origin, mtime=epoch, mode=file.mode, user=file.user, group=file.group)
    for path, target in recipe.symlinks.items():
        add_symlink(tree, path, target, origin=origin, mtime=epoch)
    return tree


def _with_accounts(recipe: Recipe, accounts: Accounts) -> Accounts:
    for name, group in recipe.groups.items():
        if accounts.group(name) is None:
            taken = {known.gid for known in accounts.groups}
            accounts = accounts.with_group(name, _unless_taken(group.gid, taken))
    for name, user in recipe.users.items():
        taken = {known.uid for known in accounts.users}
        accounts = accounts.with_user(
            name,
            None if accounts.user(name) else _unless_taken(user.uid, taken),
            group=user.group or "",
            groups=user.groups,
            gecos=user.gecos,
            home=user.home,
            shell=user.shell,
        )
    return accounts


def _unless_taken(number: int | None, taken: Collection[int]) -> int | None:
    return None if number in taken else number


def _content(file: RecipeFile, tree: Tree, origin: str) -> bytes | Content:
    if file.copy_of is None:
        return (file.content or "").encode()
    entry = tree.lookup(file.copy_of)
    if entry is None or entry.content is None:
        raise RequestError(f"cannot copy {file.copy_of} ({origin}): the image has no such file")
    return entry.content
