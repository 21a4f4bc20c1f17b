"""Caches that say what modules of a library can do: gio-querymodules, gdk-pixbuf-query-loaders, gtk-query-immodules.

The real programs load every module and ask it. Here the answers of the modules that Debian packages are data
(``modules.yaml``); a module that is not among them is not understood.

Spec: gio-querymodules(1), gdk-pixbuf-query-loaders(1), gtk-query-immodules-3.0(1).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.session import Command, Invocation, OfImage
from pkg2image.rootfs.architectures import TRIPLETS
from pkg2image.yamltext import parse_yaml

_GIO_CACHE = "giomodule.cache"
_LOADER = re.compile(r"/(?:.*/)?libpixbufloader[-_](.*)\.so")
_VERSION = re.compile(r"(?:\d+:)?(\d+\.\d+)(\.\d+)")
_WARNING = "# Automatically generated file, do not edit"
_TRANSLATIONS = "/usr/share/locale"


@cache
def _known() -> Mapping[str, Mapping[str, Any]]:
    document: Mapping[str, Mapping[str, Any]] = parse_yaml(
        files(__package__).joinpath("modules.yaml").read_text(encoding="utf-8")
    )
    return document


def _of(kind: str, name: str) -> Any:
    found = _known()[kind].get(name)
    if found is None:
        raise NotUnderstoodError(f"what the module {name} can do")
    return found


def _library(call: Invocation) -> str:
    """Return the directory of libraries of the architecture."""
    if call.session.architecture not in TRIPLETS:
        raise NotUnderstoodError(f"{call.name} for {call.session.architecture}")
    return f"/usr/lib/{TRIPLETS[call.session.architecture]}"


def _version(call: Invocation, packages: tuple[str, ...], series: str) -> str:
    """Return the upstream version of a library, which must be of the series whose modules are known."""
    deb = next((call.session.installed[name] for name in packages if name in call.session.installed), None)
    match = _VERSION.match(deb.package.version) if deb else None
    if match is None or match[1] != series:
        raise NotUnderstoodError(f"{call.name} of another version than {series}")
    return match[1] + match[2]


def _query_gio(call: Invocation) -> int:
    """``gio-querymodules directory...``: without modules there is no cache."""
    for directory in call.arguments:
        if directory.startswith("-"):
            raise NotUnderstoodError(f"gio-querymodules {directory}")
        if not call.files.is_directory(directory):
            raise NotUnderstoodError(f"gio-querymodules of {directory}, which is no directory")
        names = [name for name in call.files.list(directory) if name.startswith("lib") and name.endswith(".so")]
        lines = [f"{name}: {_of('gio', name)}\n" for name in sorted(names)]
        path = f"{directory.rstrip('/')}/{_GIO_CACHE}"
        if lines:
            call.files.write(path, "".join(lines).encode())
        elif call.files.exists(path):
            call.files.remove(path)
    return 0


def _query_loaders(call: Invocation) -> int:
    """``gdk-pixbuf-query-loaders [--update-cache] [module...]``: the list, or the list in its place."""
    place = f"{_library(call)}/gdk-pixbuf-2.0/2.10.0"
    modules = list(call.arguments)
    update = modules == ["--update-cache"]
    if update or not modules:
        modules = sorted(call.files.glob(f"{place}/loaders/*.so"))
    version = _version(call, ("libgdk-pixbuf-2.0-0",), "2.42")
    searched = "" if call.arguments and not update else f"#\n# LoaderDir = {place}/loaders\n"
    entries = "".join(f'"{path}"\n{_of("loaders", _loader(path))}\n' for path in modules)
    text = (
        f"# GdkPixbuf Image Loader Modules file\n{_WARNING}\n"
        f"# Created by gdk-pixbuf-query-loaders from gdk-pixbuf-{version}\n{searched}#\n{entries}\n"
    )
    if update:
        call.files.write(f"{place}/loaders.cache", text.encode())
    else:
        call.stdout.text(text)
    return 0


def _loader(path: str) -> str:
    match = _LOADER.fullmatch(path)
    if match is None:
        raise NotUnderstoodError(f"gdk-pixbuf-query-loaders {path}")
    return match[1]


def _query_immodules(call: Invocation) -> int:
    """``gtk-query-immodules-3.0 --update-cache``, and the same of GTK 2."""
    if call.arguments != ("--update-cache",):
        raise NotUnderstoodError(f"{call.name} {' '.join(call.arguments)}")
    library, third = _library(call), call.name.endswith("3.0")
    packages = ("libgtk-3-0t64", "libgtk-3-0") if third else ("libgtk2.0-0t64", "libgtk2.0-0")
    version = _version(call, packages, "3.24" if third else "2.24")
    # An older name of the package's directory is kept as a link.
    program = (f"/usr/bin/{call.name}", *sorted(call.files.glob(f"{library}/libgtk*/{call.name}")))[-1]
    place, domain = (f"{library}/gtk-3.0/3.0.0", "gtk30") if third else (f"{library}/gtk-2.0/2.10.0", "gtk20")
    parts = [
        f"# GTK+ Input Method Modules file\n{_WARNING}\n",
        f"# Created by {program} from gtk+-{version}\n",
        f"#\n# ModulesPath = {':'.join(_modules_path(call, library, third=third))}\n#\n",
    ]
    for path in sorted(call.files.glob(f"{place}/immodules/*.so")):
        module = _of("immodules", path.rpartition("/")[2].removeprefix("im-").removesuffix(".so"))
        translations = "" if domain in module.get("untranslated", ()) else _TRANSLATIONS
        words = (module["id"], module["name"], domain, translations, module["languages"])
        parts.append(f'"{path}" \n{"".join(f"{chr(34)}{word}{chr(34)} " for word in words)}\n\n')
    call.files.write(f"{place}/immodules.cache", "".join(parts).encode())
    return 0


def _modules_path(call: Invocation, library: str, *, third: bool) -> list[str]:
    """Return where GTK looks for modules: it says so in a comment."""
    if third:
        base = f"{library}/gtk-3.0"
        return [f"{base}/{part}immodules" for part in ("3.0.0/linux/", "3.0.0/", "linux/", "")]
    cpu, _, rest = library.rpartition("/")[2].partition("-")
    host = f"{'i686' if cpu == 'i386' else cpu}-{'pc' if cpu in {'i386', 'x86_64'} else 'unknown'}-{rest}"
    # Until the package got another name, it also looked where modules were before multiarch.
    old = ("/usr/lib/gtk-2.0",) if "libgtk2.0-0" in call.session.installed else ()
    bases = ("/root/.gtk-2.0", f"{library}/gtk-2.0", *old)
    return [f"{base}/{part}immodules" for base in bases for part in (f"2.10.0/{host}/", "2.10.0/", f"{host}/", "")]


COMMANDS: Mapping[str, Command] = {
    "gio-querymodules": OfImage(_query_gio),
    "gdk-pixbuf-query-loaders": OfImage(_query_loaders),
    "gtk-query-immodules-2.0": OfImage(_query_immodules),
    "gtk-query-immodules-3.0": OfImage(_query_immodules),
}
"""Programs by name."""
