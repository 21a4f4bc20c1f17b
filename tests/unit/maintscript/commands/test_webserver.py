"""Apache's, lighttpd's and PHP's links are made as their programs make them."""

from __future__ import annotations

import pytest

from pkg2image.maintscript.commands import lighttpd, php, webserver
from pkg2image.maintscript.failure import NotUnderstoodError
from tests.support.toolbox import Toolbox

COMMANDS = {**webserver.COMMANDS, **php.COMMANDS, **lighttpd.COMMANDS}
APACHE = {
    "etc/apache2/mods-available/auth_basic.load": "# Depends: authn_core\nLoadModule x y\n# Depends: no\n",
    "etc/apache2/mods-available/authn_core.load": "LoadModule x y\n",
    "etc/apache2/mods-available/alias.load": "LoadModule x y\n",
    "etc/apache2/mods-available/alias.conf": "x\n",
    "etc/apache2/mods-available/mpm_event.load": "# Conflicts: mpm_prefork\nLoadModule x y\n",
    "etc/apache2/mods-available/mpm_prefork.load": "# Conflicts: mpm_event\nLoadModule x y\n",
    "etc/apache2/mods-available/cgi.load": "x\n",
    "etc/apache2/mods-available/cgid.load": "x\n",
    "etc/apache2/sites-available/000-default.conf": "x\n",
    "etc/apache2/conf-available/needs.conf": "# Depends: alias\n",
    "etc/apache2/mods-enabled/README": "",
    "etc/apache2/sites-enabled/README": "",
    "etc/apache2/conf-enabled/README": "",
    "usr/sbin/a2query": 'our $API = "20120211";\nour $SERVER_VERSION = "2.4.71";\n',
}


def links(box: Toolbox, directory: str) -> dict[str, str]:
    return {name: box.link(f"{directory}/{name}") for name in box.files.list(directory) if name != "README"}


def apache(*lines: str) -> Toolbox:
    box = Toolbox(APACHE, commands=COMMANDS)
    for line in lines:
        assert box.line(line) == 0, box.errors
    return box


def test_a_module_with_what_it_needs() -> None:
    box = apache("a2enmod -m -q auth_basic alias")
    assert links(box, "/etc/apache2/mods-enabled") == {
        name: f"../mods-available/{name}" for name in ("alias.conf", "alias.load", "auth_basic.load", "authn_core.load")
    }
    assert box.files.list("/var/lib/apache2/module/enabled_by_maint") == ("alias", "auth_basic", "authn_core")
    assert box.line("a2query -m auth_basic") == 0
    assert box.output == "auth_basic (enabled by maintainer script)\n"


def test_sites_and_configuration() -> None:
    box = apache("a2ensite -q 000-default", "a2enmod alias", "a2enconf needs.conf")
    assert links(box, "/etc/apache2/sites-enabled") == {"000-default.conf": "../sites-available/000-default.conf"}
    assert box.files.list("/var/lib/apache2/site/enabled_by_admin") == ("000-default",)
    assert box.line("a2query -s 000-default") == 0
    assert box.line("a2query -c needs") == 0


def test_disabling() -> None:
    box = apache("a2enmod -m auth_basic")
    assert box.line("a2dismod -m authn_core") == 1
    assert box.line("a2dismod -m -f auth_basic authn_core") == 0
    assert links(box, "/etc/apache2/mods-enabled") == {}
    assert box.line("a2query -q -m authn_core") == 33
    assert box.files.list("/var/lib/apache2/module/enabled_by_maint") == ()
    assert box.line("a2query -m none") == 1


def test_conflicts_and_threads() -> None:
    box = apache("a2enmod mpm_event", "a2enmod cgi")
    assert box.line("a2enmod mpm_prefork") == 1
    assert "cgid.load" in links(box, "/etc/apache2/mods-enabled")
    assert box.line("a2query -M") == 0
    assert box.output == "event\n"
    assert box.line("a2query -a") == 0
    assert box.output == "20120211\n"


def test_what_apache_lacks() -> None:
    box = apache()
    assert box.line("a2enmod nothing") == 1
    assert box.line("a2enconf needs") == 1
    box.files.write("/etc/apache2/mods-enabled/alias.load", b"mine")
    assert box.line("a2enmod alias") == 1


PHP = {
    "usr/lib/php/8.2/sapi/cli": "",
    "usr/lib/php/8.2/sapi/fpm": "",
    "usr/lib/php/20220829/x.so": "",
    "etc/php/8.2/cli/conf.d/x": "",
    "etc/php/8.2/fpm/conf.d/x": "",
    "etc/php/8.2/mods-available/opcache.ini": "; configuration\n; priority=10\nzend_extension=opcache.so\n",
    "etc/php/8.2/mods-available/ctype.ini": "extension=ctype.so\n",
}


def test_php_modules() -> None:
    box = Toolbox(PHP, commands=COMMANDS)
    assert box.line("phpquery -V") == 0
    assert box.output == "8.2\n"
    assert box.line("phpquery -S -v 8.2") == 0
    assert box.output == "cli\nfpm\n"
    assert box.line("phpquery -q -v 8.2 -s cli -m ctype") == 1
    assert box.line("phpenmod -m -r -v ALL -s ALL opcache ctype/20") == 0
    for interface in ("cli", "fpm"):
        assert box.link(f"/etc/php/8.2/{interface}/conf.d/10-opcache.ini") == "/etc/php/8.2/mods-available/opcache.ini"
        assert box.link(f"/etc/php/8.2/{interface}/conf.d/20-ctype.ini") == "/etc/php/8.2/mods-available/ctype.ini"
        assert box.files.list(f"/var/lib/php/modules/8.2/{interface}/enabled_by_maint") == ("ctype", "opcache")
    assert box.files.list("/var/lib/php/modules/8.2/registry") == ("ctype", "opcache")
    assert box.line("phpquery -q -v 8.2 -s cli -m ctype") == 0
    assert box.line("phpdismod -s cli ctype") == 0
    assert box.line("phpquery -q -v 8.2 -s cli -m ctype") == 32
    assert box.line("phpenmod -m -s cli ctype") == 0
    assert box.line("phpquery -q -v 8.2 -s cli -m ctype") == 32


def test_php_modules_without_a_file_are_only_warned_of() -> None:
    box = Toolbox(PHP, commands=COMMANDS)
    assert box.line("phpenmod -m none") == 0
    assert "doesn't exist" in box.errors


def test_lighttpd_modules() -> None:
    box = Toolbox(
        {
            "etc/lighttpd/conf-available/10-fastcgi.conf": "x\n",
            "etc/lighttpd/conf-available/15-fastcgi-php.conf": "# -*- depends: fastcgi -*-\n",
            "etc/lighttpd/conf-enabled/README": "",
        },
        commands=COMMANDS,
    )
    assert box.line("lighty-enable-mod fastcgi-php") == 0
    assert links(box, "/etc/lighttpd/conf-enabled") == {
        "10-fastcgi.conf": "../conf-available/10-fastcgi.conf",
        "15-fastcgi-php.conf": "../conf-available/15-fastcgi-php.conf",
    }
    assert box.line("lighty-enable-mod fastcgi") == 2
    assert box.line("lighty-disable-mod fastcgi") == 0
    assert links(box, "/etc/lighttpd/conf-enabled") == {}


@pytest.mark.parametrize("line", ["a2enmod -q alias", "lighty-enable-mod fastcgi"])
def test_a_server_that_is_not_there(line: str) -> None:
    box = Toolbox(commands=COMMANDS)
    assert box.line(line) == 0
    assert [noop.command for noop in box.session.noops] == [line]


@pytest.mark.parametrize("line", ["a2enmod", "a2query -v -m x", "phpenmod", "phpquery -d -v 8.2", "lighty-enable-mod"])
def test_what_is_not_understood(line: str) -> None:
    with pytest.raises(NotUnderstoodError):
        Toolbox({**APACHE, **PHP, "etc/lighttpd/x": ""}, commands=COMMANDS).line(line)
