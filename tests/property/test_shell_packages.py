"""Real maintainer scripts, damaged: each is interpreted or rolled back, and nothing else ever happens."""

from __future__ import annotations

from random import Random

import pytest

from pkg2image.maintscript.limits import Limits
from pkg2image.maintscript.report import Disposition
from pkg2image.maintscript.run import install_packages
from pkg2image.rootfs.skeleton import skeleton
from pkg2image.rootfs.unpack import unpack
from tests.support.shellscripts import installed_scripts
from tests.support.trees import Shelf, base_debs, dump_tree

EPOCH = 1_700_000_000
LIMITS = Limits(steps=2_000, characters=1 << 22, text=1 << 18, output=1 << 18, work=1 << 25)
MEMBERS = ("preinst", "config", "postinst")
JUNK = (
    *(b'"', b"'", b"`", b"$(", b")", b"{", b"}", b"|", b"&", b";", b"<", b">", b"\\", b"*", b"$((", b"${", b"\xff"),
    *(b"-", b"99999999999999999999", b"/..", b"%s", b"=", b"!", b" ", b"~", b"<<E", b"#", b"\t", b"[", b"]", b"\0"),
)
ROUNDS = 40


def damaged(random: Random, text: bytes, others: list[bytes]) -> bytes:
    """Return a script with a few of its lines, words and characters moved about, lost or replaced."""
    lines = text.split(b"\n")
    for _ in range(random.randint(1, 6)):
        at = random.randrange(1, len(lines)) if len(lines) > 1 else 0
        line = lines[at]
        words, position = line.split(b" "), random.randrange(len(line) + 1)
        random.shuffle(words)
        stranger = random.choice(random.choice(others).split(b"\n"))
        lines[at : at + 1] = random.choice(
            (
                [],
                [line, random.choice(lines)],
                [b" ".join(words)],
                [line[:position] + random.choice(JUNK) + line[position:]],
                [line[:position] + line[position + 1 :]],
                [stranger],
                [line + b" " + random.choice(stranger.split(b" "))],
            )
        ) or [b""]
    return b"\n".join(lines)


@pytest.mark.parametrize("seed", range(10))
def test_damaged_scripts_are_interpreted_or_rolled_back(seed: int) -> None:
    scripts = {name: text for name, text in installed_scripts().items() if name.rpartition(".")[2] in MEMBERS}
    assert len(scripts) > 10
    shelf = Shelf()
    base = skeleton(base_debs(shelf), read=shelf.read, epoch=EPOCH)
    bare = dump_tree(unpack(base, [shelf.deb("damaged")]))
    random = Random(seed)
    seen = set()
    for _ in range(ROUNDS):
        name = random.choice(sorted(scripts))
        text = damaged(random, scripts[name], list(scripts.values()))
        deb = shelf.deb("damaged", control_files={name.rpartition(".")[2]: text})
        after, report = install_packages(base, [deb], read=shelf.read, epoch=EPOCH, architecture="amd64", limits=LIMITS)
        (item,) = report.packages
        assert "mistake" not in str(item.problem), text
        assert (item.problem is None) == (item.disposition is not Disposition.NOT_UNDERSTOOD), text
        if item.problem:
            assert item.problem.reason
            assert dump_tree(after) == bare, text
        seen.add(item.disposition)
    assert Disposition.NOT_UNDERSTOOD in seen
    assert len(seen) > 1
