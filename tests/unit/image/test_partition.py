from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

import pytest

from pkg2image.digest import sha256
from pkg2image.errors import MalformedPackageError, RequestError
from pkg2image.image.partition import LayerPlan, partition
from pkg2image.rootfs.tree import Entry, Kind, StoredContent, Tree, parent_of
from tests.support.images import directory, file, symlink

MIB = 1 << 20


def sized(package: str, size: int, **fields: object) -> Entry:
    """Return a file that claims a size; nobody reads it here."""
    content = StoredContent(sha256(b""), 0, size, hashlib.sha256(b"").hexdigest())
    return replace(file(package), content=content, **fields)  # type: ignore[arg-type]


def planned(
    entries: Mapping[str, Entry], sources: Mapping[str, str] | None = None, budget: int = 20
) -> tuple[LayerPlan, ...]:
    tree = Tree()
    for path in sorted(entries):
        tree.make_directories(parent_of(path))
        tree.put(path, entries[path])
    return partition(tree, sources or {}, budget=budget)


def names(plans: tuple[LayerPlan, ...]) -> list[str]:
    return [plan.name for plan in plans]


def homes(plans: tuple[LayerPlan, ...]) -> dict[str, str]:
    """Return the layer of every path that is no directory above others."""
    return {path: plan.name for plan in plans for path in plan.paths if "." in path}


def test_large_sources_have_a_layer_each_and_small_ones_share() -> None:
    plans = planned(
        {
            "lib/libc.so": sized("libc6", 3 * MIB),
            "lib/libm.so": sized("libc-bin", MIB),
            "lib/big.so": sized("big", 2 * MIB),
            "lib/small.so": sized("small", 10),
            "etc/made.conf": file("", b"made"),
        },
        {"libc6": "glibc", "libc-bin": "glibc"},
    )
    assert names(plans) == ["big", "glibc", "shared 1/1", "metadata"]
    assert plans[1].paths == ("", "lib", "lib/libc.so", "lib/libm.so")
    assert plans[1].packages == ("libc-bin", "libc6")
    assert plans[3] == LayerPlan("metadata", ("", "etc", "etc/made.conf", "lib"), ())


def test_the_database_of_dpkg_lies_on_top_whoever_owns_it() -> None:
    plans = planned(
        {"var/lib/dpkg": directory("dpkg"), "var/lib/dpkg/x.list": file("dpkg"), "a.txt": sized("dpkg", MIB)}
    )
    assert homes(plans) == {"a.txt": "dpkg", "var/lib/dpkg/x.list": "metadata"}


def test_a_layer_holds_all_directories_above_its_files_and_no_others() -> None:
    plans = planned({"a/b/c.txt": sized("one", MIB), "a/d/e.txt": sized("two", MIB), "a/empty": directory("two")})
    assert [plan.paths for plan in plans] == [
        ("", "a", "a/b", "a/b/c.txt"),
        ("", "a", "a/d", "a/d/e.txt", "a/empty"),
        ("", "a", "a/b", "a/d"),
    ]


def test_links_of_the_skeleton_lie_on_top() -> None:
    plans = planned({"usr/bin/x.bin": sized("x", MIB), "bin": symlink("usr/bin")})
    assert "bin" in plans[-1].paths
    assert "bin" not in plans[0].paths


def test_a_budget_of_one_is_one_layer() -> None:
    plans = planned({"a.txt": sized("a", MIB), "b.txt": sized("b", MIB), "c.txt": file("")}, budget=1)
    assert plans == (LayerPlan("files", ("", "a.txt", "b.txt", "c.txt"), ("a", "b")),)


@pytest.mark.parametrize("budget", [1, 2, 3, 5, 8, 20, 120])
def test_there_are_never_more_layers_than_the_budget_allows(budget: int) -> None:
    entries = {f"p{number}.bin": sized(f"p{number}", (number % 13 + 1) * MIB) for number in range(150)}
    plans = planned({**entries, "top.conf": file("")}, budget=budget)
    assert len(plans) <= budget
    assert sorted(homes(plans)) == sorted([*entries, "top.conf"])
    assert budget < 8 or len(plans) > budget // 2


@pytest.mark.parametrize("budget", [0, -1, 121])
def test_impossible_budgets_are_refused(budget: int) -> None:
    with pytest.raises(RequestError, match="the number is 1 to 120"):
        planned({}, budget=budget)


def test_an_empty_tree_is_one_layer() -> None:
    assert planned({}) == (LayerPlan("metadata", ("",), ()),)


def test_a_very_large_source_is_cut_and_hard_links_stay_together() -> None:
    plans = planned(
        {
            "a1.bin": sized("huge", 200 * MIB),
            "b1.bin": sized("huge", 100 * MIB, inode="i"),
            "b2.bin": sized("huge", 200 * MIB),
            "z1.bin": sized("huge", 100 * MIB, inode="i"),
        }
    )
    found = homes(plans)
    assert {"huge 1/2", "huge 2/2"} == set(found.values())
    assert found["b1.bin"] == found["z1.bin"]


def test_a_hard_link_across_packages_stays_with_its_first_name() -> None:
    plans = planned(
        {"a.bin": sized("one", MIB, inode="i"), "b.bin": sized("two", MIB, inode="i"), "c.bin": sized("two", MIB)}
    )
    assert homes(plans) == {"a.bin": "one", "b.bin": "one", "c.bin": "two"}


def test_an_update_of_one_package_changes_its_layer_only() -> None:
    entries = {f"p{number}.bin": sized(f"p{number}", number * MIB // 8) for number in range(1, 100)}
    before = planned(entries)
    after = planned({**entries, "p77.bin": sized("p77", 77 * MIB // 8 + 5000), "p77.new": sized("p77", 10)})
    changed = [new.name for old, new in zip(before, after, strict=True) if old != new]
    assert changed == [homes(after)["p77.bin"]]


def test_a_small_package_more_changes_one_shared_layer_only() -> None:
    entries = {f"p{number}.bin": sized(f"p{number}", MIB // 2) for number in range(100)}
    before, after = planned(entries), planned({**entries, "more.bin": sized("more", 100)})
    changed = [new.name for old, new in zip(before, after, strict=True) if old != new]
    assert changed == [homes(after)["more.bin"]]


@pytest.mark.parametrize("name", [".wh.x", "a/.wh.x", ".wh..wh..opq"])
def test_names_that_would_delete_are_refused(name: str) -> None:
    with pytest.raises(MalformedPackageError, match="mean deleted files"):
        planned({name: file("evil")})


def test_kinds_other_than_files_are_placed_too() -> None:
    plans = planned(
        {"dev.fifo": Entry(Kind.FIFO, 0o600, package="p"), "dev.null": Entry(Kind.CHARACTER, 0o666, package="p")}
    )
    assert homes(plans) == {"dev.fifo": "shared 1/1", "dev.null": "shared 1/1"}
