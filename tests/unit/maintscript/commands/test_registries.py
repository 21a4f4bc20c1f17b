"""Lists that packages add themselves to, and caches of what modules can do."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pkg2image.maintscript.commands import all_commands
from pkg2image.maintscript.commands.module_caches import COMMANDS as CACHES
from pkg2image.maintscript.commands.registries import COMMANDS as LISTS
from pkg2image.maintscript.failure import NotUnderstoodError
from tests.support.scripts import run_script
from tests.support.toolbox import Toolbox
from tests.support.trees import Shelf

COMMANDS = {**CACHES, **LISTS}
LIBRARY = "usr/lib/x86_64-linux-gnu"
CATALOG = """\
<?xml version="1.0"?>
<!DOCTYPE catalog PUBLIC "-//OASIS//DTD XML Catalogs V1.0//EN"
  "file:///usr/share/xml/schema/xml-core/catalog.dtd">
<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">
{}</catalog>
"""
DELEGATES = (
    '<delegatePublic publicIdStartString="+//X" catalog="file:///usr/share/xml/app.xml"/>\n'
    '<delegateSystem systemIdStartString="http://x/" catalog="file:///usr/share/xml/app.xml"/>\n'
)


def test_catalogs_of_xml() -> None:
    box = Toolbox({"usr/share/xml/app.xml": "<catalog/>"}, commands=COMMANDS)
    to_package = "--package app --local /usr/share/xml/app.xml"
    assert box.line(f"update-xmlcatalog --sort --add --type system --id http://x/ {to_package}") == 0
    assert box.line(f"update-xmlcatalog --sort --add --type public --id +//X {to_package}") == 0
    assert box.text("/etc/xml/app.xml") == CATALOG.format(DELEGATES)
    assert box.line("update-xmlcatalog --sort --add --type public --id +//X --package app --root") == 0
    assert box.text("/etc/xml/catalog") == CATALOG.format(
        '<delegatePublic publicIdStartString="+//X" catalog="file:///etc/xml/app.xml"/>\n'
    )
    # What is registered already stays; another value for it is an error.
    assert box.line(f"update-xmlcatalog --sort --add --type public --id +//X {to_package}") == 0
    assert box.text("/etc/xml/app.xml") == CATALOG.format(DELEGATES)
    box.files.write("/other.xml", b"")
    assert box.line("update-xmlcatalog --add --type public --id +//X --package app --local /other.xml") == 1
    assert box.line("update-xmlcatalog --add --type uri --id u --local /other.xml --file /other.xml") == 0
    assert '<uri name="u" uri="/other.xml"/>' in box.text("/other.xml")
    assert box.line("update-xmlcatalog --add --type public --id +//X --package none --root") == 1


@pytest.mark.parametrize(
    "line",
    [
        "update-xmlcatalog --del --type public --id x --root",
        "update-xmlcatalog --add --type other --id x --package app --local /a",
        "update-xmlcatalog --add --type public --id x --root",
        "update-xmlcatalog --add --type public --id x",
        "update-perl-sax-parsers --add XML::SAX::Unheard",
        "update-perl-sax-parsers",
        "update-inetd --multi",
        "pg_lsclusters --json",
    ],
)
def test_other_entries_are_refused(line: str) -> None:
    with pytest.raises(NotUnderstoodError):
        Toolbox({"a": ""}, commands=COMMANDS).line(line)


def test_parsers_of_perl() -> None:
    script = """
        update-perl-sax-parsers --add XML::SAX::PurePerl --priority 10
        update-perl-sax-parsers --add XML::LibXML::SAX --priority 50
        update-perl-sax-parsers --update
        update-perl-sax-parsers --remove XML::LibXML::SAX --priority 50
        ls /var/lib/libxml-sax-perl/ParserDetails.d
    """
    files = {
        "var/lib/libxml-sax-perl/ParserDetails.d": "/",
        "etc/perl/XML/SAX": "/",
        "usr/bin/update-perl-sax-parsers": "#!/usr/bin/perl\n",
    }
    ran = run_script(script, files=files, commands=all_commands())
    assert (ran.status, ran.stdout) == (0, "10-XML::SAX::PurePerl\n")
    entry = "[{}]\nhttp://xml.org/sax/features/namespaces = 1\n\n\n"
    listed = entry.format("XML::SAX::PurePerl") + entry.format("XML::LibXML::SAX")
    assert ran.text("etc/perl/XML/SAX/ParserDetails.ini") == listed


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("update-inetd --disable ftp", "#<off># ftp  stream tcp x\n#<off># tftp dgram udp y\nftpd stream\n"),
        ("update-inetd --enable tftp", "ftp  stream tcp x\ntftp dgram udp y\nftpd stream\n"),
        ("update-inetd --disable none,ftpd", "ftp  stream tcp x\n#<off># tftp dgram udp y\nftpd stream\n"),
    ],
)
def test_services_of_inetd(line: str, expected: str) -> None:
    box = Toolbox({"etc/inetd.conf": "ftp  stream tcp x\n#<off># tftp dgram udp y\nftpd stream\n"}, commands=COMMANDS)
    assert box.line(line) == 0
    assert box.text("/etc/inetd.conf") == expected


def test_inetd_that_is_not_there_and_what_is_ambiguous() -> None:
    box = Toolbox(commands=COMMANDS)
    assert box.line("update-inetd --add ftp-line") == 0
    assert "does not exist" in box.errors
    assert box.line("update-inetd --disable ftp") == 0
    assert len(box.files.tree) == 1
    box = Toolbox({"etc/inetd.conf": "ftp stream tcp\nftp stream tcp6\n"}, commands=COMMANDS)
    for line in ("--disable ftp", "--add x", "--remove x", "--disable f.*", "--disable ftp --pattern tcp6"):
        with pytest.raises(NotUnderstoodError):
            box.line(f"update-inetd {line}")


def test_nothing_to_list() -> None:
    box = Toolbox({"usr/share/vim/addons/doc/other": ""}, commands=COMMANDS)
    assert box.line("helpztags /usr/share/vim/addons/doc /none") == 0
    assert box.line("pg_lsclusters -h") == 0
    box.files.write("/usr/share/vim/addons/doc/x.txt", b"*tag*")
    with pytest.raises(NotUnderstoodError):
        box.line("helpztags /usr/share/vim/addons/doc")
    box.files.make_directory("/etc/postgresql/15/main", parents=True)
    with pytest.raises(NotUnderstoodError):
        box.line("pg_lsclusters -h")


# -- modules ----------------------------------------------------------------------------------------------------------


def _box(content: Mapping[str, str], *packages: tuple[str, str]) -> Toolbox:
    shelf = Shelf()
    debs = [shelf.deb(f"{name} {version}") for name, version in packages]
    return Toolbox(content, commands=COMMANDS, debs=debs, shelf=shelf)


def test_modules_of_gio() -> None:
    place = f"{LIBRARY}/gio/modules"
    box = _box({f"{place}/libgiognutls.so": "", f"{place}/libdconfsettings.so": "", f"{place}/README": ""})
    assert box.line(f"gio-querymodules /{place}") == 0
    cache = f"/{place}/giomodule.cache"
    assert box.text(cache) == "libdconfsettings.so: gsettings-backend\nlibgiognutls.so: gio-tls-backend\n"
    box.files.remove(f"/{place}/libgiognutls.so")
    box.files.remove(f"/{place}/libdconfsettings.so")
    assert box.line(f"gio-querymodules /{place}") == 0
    assert not box.files.exists(cache)


def test_loaders_of_images() -> None:
    place = f"{LIBRARY}/gdk-pixbuf-2.0/2.10.0"
    box = _box({f"{place}/loaders/libpixbufloader-bmp.so": ""}, ("libgdk-pixbuf-2.0-0", "2.42.10+dfsg-1+deb12u4"))
    head = "# GdkPixbuf Image Loader Modules file\n# Automatically generated file, do not edit\n"
    head += "# Created by gdk-pixbuf-query-loaders from gdk-pixbuf-2.42.10\n"
    entry = (
        '"bmp" 5 "gdk-pixbuf" "BMP" "LGPL"\n"image/bmp" "image/x-bmp" "image/x-MS-bmp" ""\n"bmp" ""\n"BM" "" 100\n\n\n'
    )
    entry = f'"/{place}/loaders/libpixbufloader-bmp.so"\n{entry}'
    assert box.line(f"gdk-pixbuf-query-loaders /{place}/loaders/libpixbufloader-bmp.so") == 0
    assert box.output == f"{head}#\n{entry}"
    assert box.line("gdk-pixbuf-query-loaders --update-cache") == 0
    assert box.text(f"/{place}/loaders.cache") == f"{head}#\n# LoaderDir = /{place}/loaders\n#\n{entry}"


@pytest.mark.parametrize(
    ("tool", "package", "version", "place", "line"),
    [
        (
            "gtk-query-immodules-3.0",
            "libgtk-3-0",
            "3.24.38-2~deb12u3",
            "gtk-3.0/3.0.0",
            '"multipress" "Multipress" "gtk30" "/usr/share/locale" "" \n',
        ),
        (
            "gtk-query-immodules-2.0",
            "libgtk2.0-0",
            "2.24.33-2+deb12u1",
            "gtk-2.0/2.10.0",
            '"multipress" "Multipress" "gtk20" "" "" \n',
        ),
    ],
)
def test_modules_of_gtk(tool: str, package: str, version: str, place: str, line: str) -> None:
    module = f"{LIBRARY}/{place}/immodules/im-multipress.so"
    program = f"{LIBRARY}/{package}/{tool}"
    box = _box({module: "", program: "\x7fELF"}, (package, version))
    assert box.line(f"{tool} --update-cache") == 0
    cache = box.text(f"/{LIBRARY}/{place}/immodules.cache")
    assert f"# Created by /{program} from gtk+-{version.partition('-')[0]}\n#\n# ModulesPath = " in cache
    assert cache.endswith(f'#\n"/{module}" \n{line}\n')


@pytest.mark.parametrize(
    "line",
    [
        "gio-querymodules --version",
        "gio-querymodules /none",
        f"gio-querymodules /{LIBRARY}/gio/modules",
        "gdk-pixbuf-query-loaders libpixbufloader-bmp.so",
        "gdk-pixbuf-query-loaders /libpixbufloader-unheard.so",
        "gtk-query-immodules-3.0",
        "gtk-query-immodules-3.0 --update-cache",
    ],
)
def test_other_modules_are_refused(line: str) -> None:
    content = {f"{LIBRARY}/gio/modules/libunheard.so": ""}
    box = _box(content, ("libgdk-pixbuf-2.0-0", "2.42.10+dfsg-1"), ("libgtk-3-0", "3.26.1-1"))
    with pytest.raises(NotUnderstoodError):
        box.line(line)


def test_a_loader_of_a_newer_build() -> None:
    box = _box({}, ("libgdk-pixbuf-2.0-0", "2.42.12+dfsg-4"))
    assert box.line("gdk-pixbuf-query-loaders /x/libpixbufloader_svg.so") == 0
    assert '"/x/libpixbufloader_svg.so"\n"svg" 6' in box.output


def test_modules_are_known_by_their_series() -> None:
    box = _box({}, ("libgdk-pixbuf-2.0-0", "2.44.0-1"))
    with pytest.raises(NotUnderstoodError, match=r"another version than 2\.42"):
        box.line("gdk-pixbuf-query-loaders")
