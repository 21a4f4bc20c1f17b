"""Our order of versions is the one of dpkg."""

from __future__ import annotations

import itertools
import random
import subprocess

from pkg2image.deb.version import compare

# Each pair of neighbours differs in one rule of deb-version(7).
KNOWN = [
    *("0", "0~", "0~~", "0-0", "0:0", "1", "01", "1.0", "1.00", "1.0.", "1.0.0", "1.", "1-0", "1-1", "1-1.1", "1-01"),
    *("1a", "1a0", "1A", "1+", "1-", "1~", "1~a", "1.~", "1.a", "1.+", "1-a", "1-~", "1-a~", "1-1~bpo12+1", "1-1+b1"),
    *("1:0", "1:1", "10", "9", "2:1-1", "1.2.3-4-5", "1.2.3-4", "1.10", "1.9", "7.6p2-4", "7.6-0", "1.0a7-2", "1.0b1"),
    *("2.0~rc1-1", "2.0-1", "2.0+dfsg-1", "2.0+dfsg1-1", "2.0.1-1", "20220101", "20220101.1", "0.0.0", "0a", "00~1"),
]
RANDOM_PAIRS = 600


def _dpkg_order(pairs: list[tuple[str, str]]) -> list[int]:
    """Ask dpkg about many pairs with one shell."""
    script = "\n".join(
        f"if dpkg --compare-versions '{a}' lt '{b}'; then echo -1; "
        f"elif dpkg --compare-versions '{a}' eq '{b}'; then echo 0; else echo 1; fi"
        for a, b in pairs
    )
    done = subprocess.run(["sh"], input=script, capture_output=True, text=True, check=True, timeout=600)
    return [int(line) for line in done.stdout.split()]


def _random_version(generator: random.Random) -> str:
    epoch = generator.choice(["", "", "0:", "1:"])
    parts = ["".join(generator.choices("01289aZ.+~", k=generator.randint(0, 4))) for _ in range(2)]
    return f"{epoch}{generator.choice('012')}{parts[0]}" + (f"-{parts[1]}" if parts[1] else "")


def test_the_order_is_dpkgs() -> None:
    generator = random.Random("versions")
    pairs = [*itertools.combinations(generator.sample(KNOWN, 30), 2), *itertools.pairwise(KNOWN)]
    pairs += [(_random_version(generator), _random_version(generator)) for _ in range(RANDOM_PAIRS)]
    pairs = [(a, b) for a, b in pairs if not a.endswith("-") and not b.endswith("-")]  # dpkg refuses an empty revision
    expected = _dpkg_order(pairs)
    assert [(a, b, compare(a, b)) for a, b in pairs] == [
        (a, b, order) for (a, b), order in zip(pairs, expected, strict=True)
    ]
