"""Where we find a library, the dynamic loader of this machine finds it, too; where we find none, it finds none."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pkg2image.analysis.completeness import completeness
from pkg2image.analysis.loader import Loader
from pkg2image.deb.elf import read_elf
from pkg2image.deb.facts import ElfFacts
from pkg2image.rootfs.architectures import TRIPLETS
from pkg2image.rootfs.tree import Entry, Kind, Tree, inline, parent_of
from tests.support.elves import build_elf
from tests.support.libraries import read_inline

_FOUND = re.compile(r"^\t(\S+) => (\S+) \(0x", re.MULTILINE)


def _facts(path: Path) -> ElfFacts:
    facts = read_elf(path.read_bytes())
    assert facts is not None
    return facts


HOST = _facts(Path(sys.executable).resolve())
ARCHITECTURE = subprocess.run(
    ["dpkg", "--print-architecture"], capture_output=True, text=True, check=True
).stdout.strip()
C_LIBRARY = f"usr/lib/{TRIPLETS[ARCHITECTURE]}/libc.so.6"


@dataclass
class Directory:
    """A directory of the machine and a tree with the same files under the same paths."""

    path: Path
    tree: Tree = field(default_factory=Tree)
    elves: dict[str, ElfFacts] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tree.make_directories("usr/lib")
        self.tree.put("lib", Entry(Kind.SYMLINK, 0o777, target="usr/lib"))
        self._put(C_LIBRARY, Path("/", C_LIBRARY).read_bytes())
        self._put(HOST.interpreter.strip("/"), Path(HOST.interpreter).read_bytes())

    def _put(self, path: str, data: bytes) -> None:
        place = self.tree.canonical(path)
        self.tree.make_directories(parent_of(place))
        content = inline(data)
        self.tree.put(place, Entry(Kind.FILE, 0o755, content=content))
        facts = read_elf(data)
        assert facts is not None
        self.elves[content.sha256] = facts

    def elf(self, name: str, **facts: object) -> Path:
        own = {"bits": HOST.bits, "machine": HOST.machine, "little_endian": HOST.little_endian}
        data = build_elf(**{**own, **facts}) + bytes(256)  # type: ignore[arg-type]
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        file.chmod(0o755)
        self._put(str(file).strip("/"), data)
        return file

    def real(self, program: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run([HOST.interpreter, "--list", str(program)], capture_output=True, text=True, check=False)

    def ours(self, program: Path, name: str) -> str | None:
        loader = Loader(self.tree, elves=self.elves, read=read_inline, architecture=ARCHITECTURE)
        place = str(program).strip("/")
        facts = loader.facts(place)
        assert facts is not None
        found = loader.find(name, place, facts)
        return None if found is None else f"/{found}"


OTHER = {"bits": 96 - HOST.bits, "machine": 3 if HOST.bits == 64 else 62}


@pytest.mark.parametrize(
    ("libraries", "program"),
    [
        ({"lib/libx.so.1": {}}, {"runpath": "$ORIGIN/lib"}),
        ({"lib/libx.so.1": {}}, {"rpath": "$ORIGIN/lib"}),
        ({"lib/libx.so.1": {}}, {"runpath": "${ORIGIN}/lib"}),
        ({"lib/libx.so.1": {}, "bin/liby.so.1": {}}, {"runpath": "$ORIGIN/./bin/../lib/"}),
        ({"lib/libx.so.1": {}}, {"runpath": "{}/lib"}),
        ({"lib/libx.so.1": {}}, {"runpath": "/gone:{}/lib:{}/other"}),
        ({"one/libx.so.1": {}, "two/libx.so.1": {}}, {"runpath": "{}/two:{}/one"}),
        ({"lib/libx.so.1": {}}, {"rpath": "{}/lib", "runpath": "{}/gone"}),
        ({"lib/libx.so.1": {}}, {"rpath": "{}/gone", "runpath": "{}/lib"}),
        ({"lib/libx.so.1": {}}, {"runpath": "$ORIGINAL/lib"}),
        ({"lib/libx.so.1": {}}, {"runpath": ""}),
        ({f"lib/{TRIPLETS[ARCHITECTURE]}/libx.so.1": {}}, {"runpath": "{}/$LIB"}),
        ({"one/libx.so.1": OTHER, "two/libx.so.1": {}}, {"runpath": "{}/one:{}/two"}),
        ({"one/libx.so.1": OTHER}, {"runpath": "{}/one"}),
        ({"lib/libx.so.1": {}}, {"needed": ("{}/lib/libx.so.1",)}),
        ({}, {"needed": ("libc.so.6",)}),
        ({"lib/libc.so.6": {"soname": "libc.so.6"}}, {"needed": ("libc.so.6",), "runpath": "{}/gone"}),
    ],
    ids=lambda value: " ".join(map(str, value.items())) if isinstance(value, dict) else None,
)
def test_the_loader_finds_the_same(
    tmp_path: Path, libraries: Mapping[str, dict[str, object]], program: dict[str, object]
) -> None:
    directory = Directory(tmp_path.resolve())
    for path, facts in libraries.items():
        directory.elf(path, **{"soname": "libx.so.1", **facts})
    needed = program.get("needed", ("libx.so.1",))
    assert isinstance(needed, tuple)
    name = str(needed[0]).replace("{}", str(directory.path))
    filled = {key: value.replace("{}", str(directory.path)) for key, value in program.items() if isinstance(value, str)}
    app = directory.elf("app", needed=(name,), interpreter=HOST.interpreter, **filled)
    real = directory.real(app)
    found = dict(_FOUND.findall(real.stdout)).get(name)
    if "/" in name:
        found = name if name in real.stdout else None
    ours = directory.ours(app, name)
    assert (ours and Path(ours).resolve()) == (found and Path(found).resolve()), real


@pytest.mark.parametrize("version", ["GLIBC_9.9", _facts(Path("/", C_LIBRARY)).versions_defined[0]])
def test_versions_of_symbols(tmp_path: Path, version: str) -> None:
    directory = Directory(tmp_path.resolve())
    needs = {"libc.so.6": [version], "libx.so.1": ["X_1"]}
    directory.elf("libx.so.1", soname="libx.so.1")
    app = directory.elf(
        "app", needed=("libc.so.6", "libx.so.1"), interpreter=HOST.interpreter, runpath="$ORIGIN", versions=needs
    )
    real = directory.real(app)
    missing = f"version `{version}' not found" in real.stdout + real.stderr
    unmet = completeness(
        directory.tree,
        elves=directory.elves,
        interpreters={},
        optional={},
        read=read_inline,
        architecture=ARCHITECTURE,
    )
    assert [item.what for item in unmet] == ([f"{version} of libc.so.6"] if missing else []), real
