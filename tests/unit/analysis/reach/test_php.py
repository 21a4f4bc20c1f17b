"""What PHP refers to."""

from __future__ import annotations

import pytest

from pkg2image.analysis.reach.php import loaded_extensions, php_references
from tests.support.parts import Parts, program, shared
from tests.support.slimming import files_of, found, slimmed


def _php() -> Parts:
    parts = Parts().elf("usr/sbin/php-fpm8.2", program(), package="php8.2-fpm")
    for name, text in (("pdo", "extension=pdo.so"), ("opcache", "zend_extension=opcache"), ("ffi", "extension=ffi")):
        parts.add(f"etc/php/8.2/mods-available/{name}.ini", f"; {name}\n{text}\n", package="php8.2-common")
        parts.add(f"usr/lib/php/20220829/{name}.so", package="php8.2-common")
    for name in ("pdo", "opcache"):
        parts.link(f"etc/php/8.2/fpm/conf.d/10-{name}.ini", f"/etc/php/8.2/mods-available/{name}.ini")
    parts.link("etc/php/8.2/cli/conf.d/20-ffi.ini", "/etc/php/8.2/mods-available/ffi.ini")
    parts.add("etc/php/8.2/fpm/php.ini", package="php8.2-fpm")
    return parts.add("usr/share/php/Lib/autoload.php", package="php-lib")


def test_the_extensions_that_its_configuration_loads() -> None:
    reached = files_of(slimmed(_php(), ["php-fpm8.2"], finders=(php_references,)))
    assert "usr/share/php/Lib/autoload.php" in reached
    assert [path for path in reached if path.startswith("usr/lib/php")] == [
        *("usr/lib/php/20220829/opcache.so", "usr/lib/php/20220829/pdo.so"),
    ]


def test_a_library_in_a_web_server_has_its_own_configuration() -> None:
    parts = _php().link("etc/php/8.2/apache2/conf.d/20-ffi.ini", "/etc/php/8.2/mods-available/ffi.ini")
    path = "usr/lib/apache2/modules/libphp8.2.so"
    parts.elf(path, shared("libphp8.2.so"))
    assert "etc/php/8.2/apache2/conf.d/20-ffi.ini: is configured by" in found(parts, php_references, path)


@pytest.mark.parametrize(
    ("text", "loaded"),
    [
        ("extension=pdo.so\nzend_extension = 'opcache'", ["extension=pdo.so", "zend_extension=opcache"]),
        ("; extension=no\n#extension=no\nmy_extension=no", []),
        ('extension_dir = "/opt/php"\nextension=x ; why', ["extension=x", "extension_dir=/opt/php"]),
        ("\0extension=" + "a" * 10_000, []),
    ],
)
def test_configurations(text: str, loaded: list[str]) -> None:
    assert list(loaded_extensions(text.encode())) == loaded


def test_an_extension_directory_and_a_path() -> None:
    parts = Parts().add("etc/php/8.2/cli/php.ini", "extension_dir=/opt/php\nextension=x\nextension=/opt/y.so\n")
    assert found(parts, php_references, "etc/php/8.2/cli/php.ini") == [
        "/opt/php/x.so: loads the extension x",
        "/opt/y.so: loads the extension /opt/y.so",
    ]
