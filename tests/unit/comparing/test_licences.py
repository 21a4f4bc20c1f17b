"""What copyright files say in a few words."""

from __future__ import annotations

from pathlib import Path

from pkg2image.comparing.licences import licences_in

DEP5 = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: 2020 Somebody
License: Expat
"""


def test_stated_licences_and_free_texts(tmp_path: Path) -> None:
    place = tmp_path / "usr/share/doc"
    for name, text in (("stated", DEP5), ("free", "Do as you like.\n"), ("other", "not asked for")):
        (place / name).mkdir(parents=True)
        (place / name / "copyright").write_text(text)
    paths = frozenset(f"usr/share/doc/{name}/copyright" for name in ("stated", "free", "missing"))
    found = licences_in(tmp_path, paths)
    assert found == {
        "usr/share/doc/stated/copyright": "MIT (text 9577d23de4bf)",
        "usr/share/doc/free/copyright": "free text (text f4e1907425cd)",
    }
    assert licences_in(tmp_path, frozenset()) == {}
