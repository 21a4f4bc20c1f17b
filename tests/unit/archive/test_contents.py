"""Which packages have a file, from signed Contents indexes in memory."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from pkg2image.archive.acquire import Acquirer
from pkg2image.archive.contents import ArchiveFiles, FileIndex, SuiteContents, build_contents
from pkg2image.archive.documents import believe, fetch_documents
from pkg2image.archive.sources import Source
from pkg2image.archive.trust import TrustMemory
from pkg2image.errors import MalformedPackageError, NetworkError, TrustError
from pkg2image.store import Store
from tests.support.keys import signing_key
from tests.support.patience import Clock
from tests.support.repository import NOW, URI, MemoryTransport, Suite, render

SOURCE = Source(URI, "bookworm", ("main",), signed_by=(signing_key().binary,))
LINES = b"""\
FILE                                                    LOCATION
bin/dash                                                shells/dash
bin/sh                                                  shells/dash
etc/services                                            net/netbase
lib/x86_64-linux-gnu/libz.so.1                          libs/zlib1g
usr/bin/awk mawk                                        oddities/spaces
usr/bin/vi                                              universe/editors/vim,editors/nvi
usr/games/fortune\t\tgames/fortune-mod
usr/lib/python3/dist-packages/yaml/__init__.py          python/python3-yaml
usr/lib/python3/dist-packages/yaml/loader.py            python/python3-yaml
usr/lib/ruby/vendor_ruby/rack/version.rb                ruby/ruby-rack
usr/lib/x86_64-linux-gnu/perl5/5.36/DBI.pm              perl/libdbi-perl
usr/sbin/nginx                                          httpd/nginx
usr/share/doc/nginx/copyright                           httpd/nginx
usr/share/perl5/Try/Tiny.pm                             perl/libtry-tiny-perl
"""


@pytest.mark.parametrize("size", [1, 17, 1 << 20])
@pytest.mark.parametrize(
    ("path", "packages"),
    [
        ("usr/bin/sh", ("dash",)),
        ("usr/lib/x86_64-linux-gnu/libz.so.1", ("zlib1g",)),
        ("usr/bin/vi", ("nvi", "vim")),
        ("usr/games/fortune", ("fortune-mod",)),
        ("usr/lib/python3/dist-packages/yaml/__init__.py", ("python3-yaml",)),
        ("usr/lib/ruby/vendor_ruby/rack/version.rb", ("ruby-rack",)),
        ("usr/lib/x86_64-linux-gnu/perl5/5.36/DBI.pm", ("libdbi-perl",)),
        ("usr/share/perl5/Try/Tiny.pm", ("libtry-tiny-perl",)),
        ("usr/sbin/nginx", ("nginx",)),
        # What no program asks for is not kept.
        ("usr/share/doc/nginx/copyright", ()),
        ("usr/lib/python3/dist-packages/yaml/loader.py", ()),
        ("bin/sh", ()),
        ("usr/bin/awk", ()),
        ("FILE", ()),
    ],
)
def test_packages_of_a_file(path: str, packages: tuple[str, ...], size: int) -> None:
    pieces = [LINES[at : at + size] for at in range(0, len(LINES), size)]
    assert FileIndex(build_contents(pieces)).packages(path) == packages


def test_one_place_under_two_names() -> None:
    index = FileIndex(build_contents([b"bin/x  a/old\nusr/bin/x  a/new\n"]))
    assert index.packages("usr/bin/x") == ("new", "old")


def test_an_index_without_lines() -> None:
    assert FileIndex(build_contents([])).packages("usr/bin/sh") == ()


def test_a_line_across_blocks_and_one_without_end() -> None:
    filler = b"usr/share/doc/%d  x/y\n" % 7
    data = filler * (3_000_000 // len(filler)) + b"usr/bin/last  x/last"
    pieces = [data[at : at + 70_001] for at in range(0, len(data), 70_001)]
    assert FileIndex(build_contents(pieces)).packages("usr/bin/last") == ("last",)
    endless = [b"usr/bin/" + b"x" * 3_000_000, b"\nusr/bin/next  x/next\n"]
    assert FileIndex(build_contents(endless)).packages("usr/bin/next") == ("next",)


@dataclass
class World:
    """A store and a mirror with a suite that has these files."""

    directory: Path
    files: Mapping[str, bytes]
    offline: bool = False
    source: Source = SOURCE
    transport: MemoryTransport = field(init=False)

    def __post_init__(self) -> None:
        self.transport = MemoryTransport({URI: render([Suite("bookworm", more=self.files)])})
        self.store = Store(self.directory / "store")
        self.acquirer = Acquirer(self.transport, patience=Clock().patience())

    def contents(self) -> SuiteContents:
        documents = fetch_documents(self.source, self.acquirer)
        assert documents is not None
        memory = TrustMemory(self.directory / "state")
        believed = believe(self.source, documents, store=self.store, keyrings=(), memory=memory, now=NOW)
        return SuiteContents(believed, "amd64", self.store, self.acquirer, self.offline)

    def asked_for(self) -> list[str]:
        asked = [url for url in self.transport.requests if "Contents" in url or "by-hash" in url]
        self.transport.requests.clear()
        return asked


DEBIAN = {
    "main/Contents-amd64.gz": gzip.compress(b"bin/dash  shells/dash\n", mtime=0),
    "main/Contents-all.gz": gzip.compress(b"usr/share/perl5/A.pm  perl/liba-perl\n", mtime=0),
    "contrib/Contents-amd64.gz": gzip.compress(b"bin/dash  contrib/shells/other\n", mtime=0),
    "main/Contents-arm64.gz": gzip.compress(b"bin/dash  shells/armed\n", mtime=0),
}


def test_all_indexes_of_the_components_of_a_source(tmp_path: Path) -> None:
    files = ArchiveFiles([World(tmp_path, DEBIAN).contents()])
    assert files.packages("usr/bin/dash") == ("dash",)
    assert files.packages("usr/share/perl5/A.pm") == ("liba-perl",)


def test_several_components_and_suites(tmp_path: Path) -> None:
    world = World(tmp_path, DEBIAN, source=replace(SOURCE, components=("main", "contrib")))
    assert ArchiveFiles([world.contents(), world.contents()]).packages("usr/bin/dash") == ("dash", "other")


def test_an_index_for_all_components_as_ubuntu_has_it(tmp_path: Path) -> None:
    world = World(tmp_path, {"Contents-amd64.gz": gzip.compress(b"bin/dash  universe/shells/dash\n", mtime=0)})
    assert ArchiveFiles([world.contents()]).packages("usr/bin/dash") == ("dash",)


def test_a_suite_without_such_indexes_has_no_files(tmp_path: Path) -> None:
    world = World(tmp_path, {})
    assert ArchiveFiles([world.contents()]).packages("usr/bin/dash") == ()
    assert world.asked_for() == []


def test_nothing_is_downloaded_before_the_first_question_and_nothing_twice(tmp_path: Path) -> None:
    world = World(tmp_path, DEBIAN)
    files = ArchiveFiles([world.contents()])
    assert world.asked_for() == []
    files.packages("usr/bin/dash")
    assert len(world.asked_for()) == 2
    files.packages("usr/bin/other")
    again = ArchiveFiles([replace(world.contents(), offline=True)])
    assert again.packages("usr/bin/dash") == ("dash",)
    assert world.asked_for() == []


def test_a_damaged_database_is_made_again(tmp_path: Path) -> None:
    world = World(tmp_path, DEBIAN)
    ArchiveFiles([world.contents()]).packages("usr/bin/dash")
    databases = [
        path for path in (tmp_path / "store" / "blobs").rglob("*") if path.is_file() and b"SQLite" in path.read_bytes()
    ]
    assert len(databases) == 2
    for path in databases:
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    again = ArchiveFiles([replace(world.contents(), offline=True)])
    assert again.packages("usr/bin/dash") == ("dash",)


def test_offline_without_the_index(tmp_path: Path) -> None:
    world = World(tmp_path, DEBIAN, offline=True)
    with pytest.raises(NetworkError, match=r"Contents-amd64\.gz offline: it is not in the store"):
        world.contents().load()


def test_a_suite_that_fails_leaves_the_others_their_answers(tmp_path: Path) -> None:
    good, bad = World(tmp_path / "good", DEBIAN), World(tmp_path / "bad", DEBIAN)
    _without_its_file(bad, "main/Contents-amd64.gz")
    files = ArchiveFiles([bad.contents(), good.contents()])
    assert files.problems == {}
    for _ in range(2):
        assert files.packages("usr/bin/dash") == ("dash",)
        assert [getattr(problem, "status", None) for problem in files.problems.values()] == [404]


def _without_its_file(world: World, wanted: str) -> SuiteContents:
    found = world.contents()
    site = world.transport.sites[URI]
    data = site[f"dists/bookworm/{wanted}"]
    for path in [path for path, content in site.items() if content == data]:
        del site[path]
    return found


def test_a_mirror_without_the_index(tmp_path: Path) -> None:
    contents = _without_its_file(World(tmp_path, DEBIAN), "main/Contents-amd64.gz")
    with pytest.raises(NetworkError) as caught:
        contents.load()
    assert caught.value.status == 404


def test_the_next_form_is_taken_when_one_is_not_there(tmp_path: Path) -> None:
    plain = b"bin/dash  shells/dash\n"
    files = {"main/Contents-amd64": plain, "main/Contents-amd64.gz": gzip.compress(plain, mtime=0)}
    contents = _without_its_file(World(tmp_path, files), "main/Contents-amd64.gz")
    assert ArchiveFiles([contents]).packages("usr/bin/dash") == ("dash",)


def test_an_index_that_is_another_is_not_believed(tmp_path: Path) -> None:
    world = World(tmp_path, DEBIAN)
    contents = world.contents()
    site = world.transport.sites[URI]
    for path in [path for path, data in site.items() if data == DEBIAN["main/Contents-amd64.gz"]]:
        site[path] = gzip.compress(b"bin/dash  shells/evil\n", mtime=0)
    with pytest.raises(TrustError):
        contents.load()


def test_an_index_that_cannot_be_decompressed(tmp_path: Path) -> None:
    world = World(tmp_path, {"main/Contents-amd64.gz": b"junk"})
    with pytest.raises(MalformedPackageError, match="Contents-amd64"):
        world.contents().load()
