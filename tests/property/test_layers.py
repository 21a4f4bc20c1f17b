"""Layers of any tree, held to what the OCI specification demands of them and to what we promise."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from pkg2image.image.lint import tar_findings
from pkg2image.image.model import Layer
from pkg2image.image.partition import LayerPlan, partition
from pkg2image.image.scan import FileInfo, flatten, scan_tar
from pkg2image.rootfs.tree import Entry, Kind, Tree
from tests.support.images import EPOCH, Workshop, directory, file, symlink

NAMES = st.sampled_from(["a", "b", "a-b", "a.b", "usr", "long" * 30, "\u00fc", "\udcff"])
PACKAGES = st.sampled_from(["", "one", "two", "three"])
SIZES = st.sampled_from([0, 1, 511, 512, 513, 1_100_000])


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    package = draw(PACKAGES)
    match draw(st.sampled_from(["file", "file", "linked", "directory", "symlink", "fifo"])):
        case "file":
            return file(package, bytes(draw(SIZES)), draw(st.sampled_from([0o644, 0o4755])))
        case "linked":
            inode = draw(st.sampled_from(["1", "2"]))
            return file("two", inode.encode() * 700, inode=inode)
        case "directory":
            return directory(package, draw(st.sampled_from([0o755, 0o1777])), mtime=draw(st.integers(0, EPOCH)))
        case "symlink":
            return symlink(draw(st.sampled_from(["a", "../b", "/usr", "x" * 101])), package)
        case _:
            return Entry(Kind.FIFO, 0o600, package=package)


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """Build trees the way the pipeline does: by putting entries where there is room for them."""
    tree = Tree()
    paths = draw(st.lists(st.lists(NAMES, min_size=1, max_size=4), max_size=25))
    for names in paths:
        entry = draw(entries())
        above = ""
        for name in names[:-1]:
            above = f"{above}/{name}".lstrip("/")
            if above not in tree:
                tree.put(above, directory(draw(PACKAGES)))
            if tree[above].kind is not Kind.DIRECTORY:
                break
        else:
            path = f"{above}/{names[-1]}".lstrip("/")
            if path not in tree:
                tree.put(path, entry)
    return tree


def written(
    tree: Tree, plans: tuple[LayerPlan, ...], jobs: int = 2
) -> tuple[tuple[Layer, ...], list[tuple[FileInfo, ...]]]:
    with tempfile.TemporaryDirectory() as root:
        workshop = Workshop(Path(root))
        stored = workshop.tree(dict(tree.walk()))
        layers = workshop.layers(stored, plans, jobs=jobs)
        scans = []
        for layer in layers:
            with workshop.store.open(layer.digest) as blob:
                scans.append(scan_tar(blob).files)
        workshop.store.close()
        return layers, scans


def without_inodes(files: tuple[FileInfo, ...]) -> Mapping[str, FileInfo]:
    """Return files by path; which name of a hard-linked file is the file does not matter."""
    sizes = {info.path: info.size for info in files}
    return {
        info.path: replace(info, size=sizes[info.target], target="", hard_link=False) if info.hard_link else info
        for info in files
    }


any_tree = settings(max_examples=50, deadline=None)


@any_tree
@given(tree=trees(), budget=st.integers(1, 8))
def test_layered_flattens_to_flat(tree: Tree, budget: int) -> None:
    flat = written(tree, partition(tree, {}, budget=1))[1]
    layered = written(tree, partition(tree, {}, budget=budget))[1]
    assert without_inodes(flatten(layered)) == without_inodes(flatten(flat))
    assert [info.path for info in flatten(layered)] == [path for path, _ in tree.walk()]


@any_tree
@given(tree=trees(), budget=st.integers(1, 8))
def test_each_layer_is_in_order_whole_and_without_duplicates(tree: Tree, budget: int) -> None:
    layers, scans = written(tree, partition(tree, {}, budget=budget))
    assert len(layers) <= budget
    for files in scans:
        assert list(tar_findings(files, created=EPOCH, where="layer")) == []


@any_tree
@given(tree=trees(), budget=st.integers(1, 8))
def test_the_number_of_workers_does_not_matter(tree: Tree, budget: int) -> None:
    plans = partition(tree, {}, budget=budget)
    assert written(tree, plans, jobs=1) == written(tree, plans, jobs=5)


@any_tree
@given(tree=trees(), budget=st.integers(1, 8))
def test_every_path_that_is_no_directory_is_in_one_layer(tree: Tree, budget: int) -> None:
    plans = partition(tree, {}, budget=budget)
    files = [path for plan in plans for path in plan.paths if tree[path].kind is not Kind.DIRECTORY]
    assert sorted(files) == sorted(path for path, entry in tree.walk() if entry.kind is not Kind.DIRECTORY)


@any_tree
@given(tree=trees())
def test_a_package_that_leaves_changes_no_layer_of_another(tree: Tree) -> None:
    without = Tree()
    for path, entry in tree.walk():
        if entry.package != "three" or entry.kind is Kind.DIRECTORY:
            without.put(path, entry)
    before = {plan.name: plan for plan in partition(tree, {}, budget=20)}
    after = {plan.name: plan for plan in partition(without, {}, budget=20)}
    assert all(before[name] == plan for name, plan in after.items() if name in ("one", "two"))
