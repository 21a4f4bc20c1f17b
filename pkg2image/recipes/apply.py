"""Putting what a recipe adds into a tree: accounts, directories, files and symlinks."""

from __future__ import annotations

from collections.abc import Collection

from pkg2image.errors import RequestError
from pkg2image.idmap import IdMap
from pkg2image.recipes.model import Recipe, RecipeDirectory, RecipeFile
from pkg2image.rootfs.provision import add_directory, add_file, add_symlink
from pkg2image.rootfs.tree import Identities, ReadContent, Tree
from pkg2image.rootfs.users import Accounts, read_accounts, write_accounts


def apply(recipe: Recipe, tree: Tree, *, read: ReadContent, epoch: int, ids: IdMap | None = None) -> Tree:
    """Return the tree with everything a recipe adds; the origin of its entries is ``recipe NAME``.

    Args:
        recipe: Already expanded for this tree.
        tree: The unpacked packages; not changed.
        read: Reads files of the tree.
        epoch: Modification time of what is made, in seconds since the epoch.
        ids: Numbers that win over those of the recipe.

    Raises:
        RequestError: When an account or a path cannot be added, or an owner is not in the image.
    """
    tree = tree.copy()
    origin = f"recipe {recipe.name}"
    accounts = _with_accounts(recipe, read_accounts(tree, read, ids))
    if recipe.users or recipe.groups:
        write_accounts(tree, accounts, mtime=epoch, origin=origin)
    _check_owners(recipe, accounts.identities)
    for path, new in recipe.directories.items():
        add_directory(tree, path, origin=origin, mtime=epoch, mode=new.mode, user=new.user, group=new.group)
    for path, file in recipe.files.items():
        content = (file.content or "").encode()
        add_file(tree, path, content, origin=origin, mtime=epoch, mode=file.mode, user=file.user, group=file.group)
    for path, target in recipe.symlinks.items():
        add_symlink(tree, path, target, origin=origin, mtime=epoch)
    return tree


def _with_accounts(recipe: Recipe, accounts: Accounts) -> Accounts:
    for name, group in recipe.groups.items():
        if accounts.group(name) is None:
            accounts = accounts.with_group(name, _unless_taken(group.gid, accounts.taken_gids(name)))
    for name, user in recipe.users.items():
        accounts = accounts.with_user(
            name,
            None if accounts.user(name) else _unless_taken(user.uid, accounts.taken_uids(name)),
            group=user.group or "",
            groups=user.groups,
            gecos=user.gecos,
            home=user.home,
            shell=user.shell,
        )
    return accounts


def _unless_taken(number: int | None, taken: Collection[int]) -> int | None:
    return None if number in taken else number


def _check_owners(recipe: Recipe, known: Identities) -> None:
    owned: dict[str, RecipeDirectory | RecipeFile] = {**recipe.directories, **recipe.files}
    for path, entry in owned.items():
        for name, what, numbers in ((entry.user, "user", known.users), (entry.group, "group", known.groups)):
            if name not in numbers and not name.isdigit():
                raise RequestError(
                    f"cannot give {path} to the {what} {name} (recipe {recipe.name}): the image has no such {what}",
                    hint="the scripts of packages make most users, and --scripts none leaves them out; "
                    "a recipe has users of its own under `users`",
                )
