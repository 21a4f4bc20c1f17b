"""Compare the resolver with apt, on the current indexes of some suites.

    python benchmarks/resolver.py --suite bookworm --suite trixie --work DIR

For each suite a private apt root with an empty dpkg status is made under DIR; its sources are the host's own with the
suite replaced, so no address is named here. A sample of packages (the most depended-on, a seeded random choice, and the
first column of an optional CSV) is resolved by apt and by this project from the very same index files: full closure,
no Recommends. Each package is asked of apt in a process of its own, forked from a fresh dependency cache, because marks
leak from one question to the next otherwise; every difference is asked again of a real `apt-get -s install`.

The table says how many closures are identical, and explains the others: a tie between providers of one virtual name,
the preference table, or something else, which is a bug. Needs python3-apt and network access.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import apt_pkg

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pkg2image.archive.contents import ArchiveFiles  # noqa: E402
from pkg2image.archive.index import PackageIndex, build_index  # noqa: E402
from pkg2image.archive.universe import LoadedUniverse, OriginIndex  # noqa: E402
from pkg2image.deb.package import Origin  # noqa: E402
from pkg2image.deb.relation import parse_relations  # noqa: E402
from pkg2image.errors import Pkg2ImageError, UnresolvableError  # noqa: E402
from pkg2image.resolve.closure import FULL  # noqa: E402
from pkg2image.resolve.preferences import Preferences, default_preferences  # noqa: E402
from pkg2image.resolve.request import Want  # noqa: E402
from pkg2image.resolve.solver import resolve  # noqa: E402

Closure = frozenset[str] | None
"""The names of a closure, or None when the package cannot be installed."""


# ---------------------------------------------------------------------------------------------- the private apt root


def make_apt_root(suite: str, directory: Path, architecture: str) -> Path:
    """Make an apt root for one suite and update its indexes; an existing one is reused."""
    root = directory / f"apt-{suite}"
    for path in ("etc/apt/apt.conf.d", "etc/apt/preferences.d", "etc/apt/sources.list.d", "etc/apt/trusted.gpg.d"):
        (root / path).mkdir(parents=True, exist_ok=True)
    for path in ("var/lib/apt/lists/partial", "var/lib/dpkg", "var/cache/apt/archives/partial", "var/log/apt"):
        (root / path).mkdir(parents=True, exist_ok=True)
    (root / "var/lib/dpkg/status").write_text("")
    (root / "etc/apt/sources.list").write_text("".join(host_sources(suite)))
    if not index_files(root):
        options = [*apt_options(root, architecture), "-o", "APT::Sandbox::User=root", "-o", "Acquire::Languages=none"]
        subprocess.run(["apt-get", *options, "update"], check=True, stdout=sys.stderr)
    return root


def host_sources(suite: str) -> Iterator[str]:
    """Yield one-line sources of main for a suite, its updates and its security suite, from the host's own sources."""
    apt_pkg.init()
    apt_pkg.config.set("Dir", "/")  # an oracle may have set it to a root of its own
    sources = apt_pkg.SourceList()
    sources.read_main_list()
    seen = set()
    for source in sources.list:
        base, dash, kind = source.dist.partition("-")
        if source.uri.rstrip("/").rpartition("/")[2] not in {"debian", "debian-security"} or kind == "backports":
            continue
        line = f"deb {source.uri} {suite}{dash}{kind} main\n"
        if base and line not in seen:
            seen.add(line)
            yield line


def apt_options(root: Path, architecture: str) -> list[str]:
    """Return the options that confine apt to a root."""
    settings = {
        "Dir": root,
        "Dir::State::status": root / "var/lib/dpkg/status",
        "Dir::Etc::Trusted": "/etc/apt/trusted.gpg",
        "Dir::Etc::TrustedParts": "/etc/apt/trusted.gpg.d",
        "APT::Architecture": architecture,
        "APT::Architectures::": architecture,
        "APT::Install-Recommends": "false",
        "Acquire::GzipIndexes": "false",
    }
    return [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]


def index_files(root: Path) -> list[Path]:
    """Return the Packages files of a root, in a fixed order."""
    return sorted((root / "var/lib/apt/lists").glob("*_Packages"))


# ----------------------------------------------------------------------------------------------------- two resolvers


def load_universe(root: Path, architecture: str) -> LoadedUniverse:
    """Make a universe of the index files that apt reads, with the index code of this project."""
    indexes = []
    for number, path in enumerate(index_files(root)):
        with path.open("rb") as stream:
            database = build_index(iter(lambda: stream.read(1 << 20), b""), origin=path.name)
        origin = Origin(number, path.name, path.name, "main", "https://packages.invalid/")
        indexes.append(OriginIndex(PackageIndex(lambda kept=database: kept, origin=path.name), origin))
    return LoadedUniverse(architecture, indexes, files=lambda: ArchiveFiles(()))


class AptOracle:
    """Asks apt's own dependency cache, in this process (fork first).

    Args:
        root: The private root.
        architecture: Debian architecture.
    """

    def __init__(self, root: Path, architecture: str) -> None:
        apt_pkg.init_config()
        words = apt_options(root, architecture)
        for setting in words[1::2]:
            key, _, value = setting.partition("=")
            apt_pkg.config.set(key, value)
        apt_pkg.init_system()
        self._cache = apt_pkg.Cache(None)
        self._depcache = apt_pkg.DepCache(self._cache)

    def closure(self, name: str) -> Closure:
        """Return what apt would install for a package; usable once per process."""
        self._depcache.mark_install(self._cache[name], True, True)
        if self._depcache.broken_count:
            resolver = apt_pkg.ProblemResolver(self._depcache)
            resolver.protect(self._cache[name])
            try:
                resolver.resolve(True)
            except apt_pkg.Error:
                return None
        if self._depcache.broken_count or not self._depcache.marked_install(self._cache[name]):
            return None
        return frozenset(p.name for p in self._cache.packages if self._depcache.marked_install(p))


ORACLE: list[AptOracle] = []


def ask_oracle(name: str) -> tuple[str, Closure]:
    """Answer one question in a forked child."""
    return name, ORACLE[0].closure(name)


def ask_apt_get(root: Path, architecture: str, name: str) -> Closure:
    """Ask the real apt-get."""
    command = ["apt-get", *apt_options(root, architecture), "-s", "-o", "Debug::NoLocking=true", "install", name]
    answer = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}, check=False)
    if answer.returncode:
        return None
    return frozenset(line.split()[1] for line in answer.stdout.splitlines() if line.startswith("Inst "))


def ask_us(universe: LoadedUniverse, name: str, preferences: Preferences) -> Closure:
    """Resolve with this project; the checker runs inside and a failure of it ends the benchmark."""
    try:
        resolution = resolve(universe, [Want(name)], policy=FULL, preferences=preferences)
    except UnresolvableError:
        return None
    return frozenset(planned.package.name for planned in resolution.packages)


# -------------------------------------------------------------------------------------------------------- the report


@dataclass(slots=True)
class Report:
    """What came out for one suite."""

    suite: str
    compared: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    with_preferences: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    our_seconds: float = 0.0
    apt_seconds: float = 0.0


def sample(universe: LoadedUniverse, root: Path, count: int, seed: int, named: Iterable[str]) -> list[str]:
    """Return those named, the most depended-on packages, and a seeded random choice of the others."""
    wanted_by: Counter[str] = Counter()
    for path in index_files(root):
        with path.open("rb") as stream:
            for section in apt_pkg.TagFile(stream):
                groups = parse_relations(section.get("Depends", ""))
                wanted_by.update({relation.name for group in groups for relation in group})
    names = list(universe.names())
    existing = frozenset(names)
    chosen = dict.fromkeys(name for name in named if name in existing)
    popular = sorted(wanted_by.keys() & existing, key=lambda name: (-wanted_by[name], name))
    chosen.update(dict.fromkeys(popular[: count // 3]))
    rest = [name for name in names if name not in chosen]
    chosen.update(dict.fromkeys(random.Random(seed).sample(rest, min(len(rest), max(0, count - len(chosen))))))
    return list(chosen)


def judge(universe: LoadedUniverse, ours: Closure, apt: Closure) -> str:
    """Say what kind of difference there is between two closures."""
    if ours == apt:
        return "identical"
    if ours is None or apt is None:
        return "apt incomplete" if apt is None else "INSTALLABILITY"
    preferred = {name for row in default_preferences().rows for name in (row.prefer, row.over)}
    if preferred & (ours ^ apt):
        return "preference table"
    return "provider tie" if is_tie(universe, ours, apt) else "OTHER"


def is_tie(universe: LoadedUniverse, ours: frozenset[str], apt: frozenset[str]) -> bool:
    """Say whether some package of both closures has a virtual name satisfied by different providers."""
    for name in ours & apt:
        for group in universe.versions(name)[0].relations("Depends"):
            for relation in group:
                providers = {package.name for package in universe.providers(relation.name)}
                if providers & ours != providers & apt and providers & ours and providers & apt:
                    return True
    return False


def compare_suite(suite: str, root: Path, arguments: argparse.Namespace, named: Sequence[str]) -> Report:
    """Resolve the sample with both and judge each pair."""
    universe = load_universe(root, arguments.arch)
    names = sample(universe, root, arguments.count, arguments.seed, named)
    report = Report(suite, len(names))
    started = time.process_time()
    plain = {name: ask_us(universe, name, Preferences()) for name in names}
    report.our_seconds = time.process_time() - started
    preferred = {name: ask_us(universe, name, default_preferences()) for name in names}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ORACLE[:] = [AptOracle(root, arguments.arch)]
    with get_context("fork").Pool(arguments.jobs, maxtasksperchild=1) as pool:
        answers = dict(pool.imap_unordered(ask_oracle, names, chunksize=1))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    report.apt_seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    for name in names:
        apt = answers[name]
        if plain[name] != apt:
            apt = ask_apt_get(root, arguments.arch, name)
        report.verdicts[judge(universe, plain[name], apt)] += 1
        report.with_preferences[judge(universe, preferred[name], apt)] += 1
        if plain[name] != apt:
            report.examples.append(f"{name}: {judge(universe, plain[name], apt)}: {difference(plain[name], apt)}")
    return report


def difference(ours: Closure, apt: Closure) -> str:
    """Return a short account of a difference."""
    if ours is None or apt is None:
        return f"pkg2image {'cannot' if ours is None else 'can'}, apt {'cannot' if apt is None else 'can'}"
    return f"pkg2image +{sorted(ours - apt)[:4]}, apt +{sorted(apt - ours)[:4]}"


VERDICTS = ("identical", "provider tie", "preference table", "apt incomplete", "OTHER", "INSTALLABILITY")


def show(report: Report) -> None:
    """Print the table of one suite."""
    print(f"\n{report.suite}: {report.compared} packages, full closure, no Recommends; every result passed the checker")
    print(f"  {'':22}{'preferences off':>18}{'preferences on':>18}")
    for verdict in VERDICTS:
        off, on = report.verdicts[verdict], report.with_preferences[verdict]
        print(f"  {verdict:22}{off:>10} {off / report.compared:6.1%}{on:>11} {on / report.compared:6.1%}")
    print(
        f"  CPU seconds: pkg2image {report.our_seconds:.1f}, apt {report.apt_seconds:.1f}; "
        "index look-ups included, indexes and caches opened before"
    )
    for example in report.examples[:20]:
        print(f"  - {example}")


def read_names(path: Path | None) -> list[str]:
    """Return the first column of a CSV file with a header."""
    if path is None:
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        return [row[0] for row in list(csv.reader(stream))[1:] if row]


def main() -> int:
    """Run the comparison; the exit code is 0 when nothing needs an explanation."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--suite", action="append", help="may be given several times (default: bookworm and trixie)")
    parser.add_argument("--count", type=int, default=650, help="packages per suite (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--names", type=Path, help="CSV file whose first column names further packages")
    parser.add_argument("--arch", default="amd64")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--work", type=Path, required=True, help="directory for the apt roots")
    arguments = parser.parse_args()
    bad = 0
    for suite in arguments.suite or ["bookworm", "trixie"]:
        root = make_apt_root(suite, arguments.work.resolve(), arguments.arch)
        try:
            report = compare_suite(suite, root, arguments, read_names(arguments.names))
        except Pkg2ImageError as error:
            print(f"{suite}: {error}", file=sys.stderr)
            return 1
        show(report)
        bad += report.verdicts["OTHER"] + report.verdicts["INSTALLABILITY"]
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
