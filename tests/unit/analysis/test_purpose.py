"""Which files are for running an image."""

from __future__ import annotations

import pytest

from pkg2image.analysis.purpose import is_module, other_purpose


@pytest.mark.parametrize(
    ("path", "purpose"),
    [
        ("usr/bin/app", ""),
        ("usr/sbin/nginx", ""),
        ("usr/lib/app/helper", ""),
        ("usr/lib/x86_64-linux-gnu/libx.so.1", ""),
        ("usr/lib/systemd/systemd", ""),
        ("usr/lib/postgresql/15/bin/postgres", ""),
        ("usr/share/app/start.sh", ""),
        ("usr/libexec/app/tests-runner", ""),
        ("etc/app/hook", ""),
        ("etc/initial/app", ""),
        ("usr/share/doc/app/examples/run.sh", "documentation"),
        ("usr/lib/app/tests/run", "documentation"),
        ("usr/share/git-core/templates/hooks/update.sample", "documentation"),
        ("usr/bin/perldoc", "documentation"),
        ("usr/lib/debug/usr/bin/app", "debuggers"),
        ("usr/bin/ldd", "debuggers"),
        ("usr/include/app.h", "compilers"),
        ("usr/bin/dh_make_pgxs", "compilers"),
        ("usr/bin/pg_buildext", "compilers"),
        ("usr/bin/pg_virtualenv", "compilers"),
        ("usr/share/postgresql-common/dh_make_pgxs/debian/rules", "compilers"),
        ("usr/lib/postgresql/15/lib/pgxs/src/install-sh", "compilers"),
        ("usr/share/go-1.24/src/debug/elf/testdata/libx.so_", "compilers"),
        ("etc/init.d/app", "an init system"),
        ("usr/lib/systemd/system-generators/app", "an init system"),
        ("etc/cron.daily/app", "cron and logrotate"),
        ("etc/network/if-up.d/app", "a machine"),
        ("usr/lib/udev/app", "a machine"),
        ("usr/share/initramfs-tools/hooks/app", "a machine"),
        ("usr/share/debconf/confmodule", "the package manager"),
        ("usr/sbin/update-ca-certificates", "the package manager"),
        ("usr/sbin/pam_getenv", "the package manager"),
        ("usr/bin/deb-systemd-helper", "the package manager"),
        ("usr/bin/dpkg-maintscript-helper", "the package manager"),
        ("usr/bin/dpkg", ""),
    ],
)
def test_what_a_file_is_for(path: str, purpose: str) -> None:
    assert other_purpose(path) == purpose


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("usr/lib/python3.11/pdb.py", True),
        ("usr/lib/python3/dist-packages/x/cli.py", True),
        ("usr/share/perl5/App.pm", True),
        ("usr/lib/x86_64-linux-gnu/perl/5.36/App.pm", True),
        ("usr/share/nodejs/acorn/bin/acorn", True),
        ("usr/lib/ruby/vendor_ruby/app.rb", True),
        ("usr/bin/python3.11", False),
        ("usr/lib/app/python3/run", False),
    ],
)
def test_what_interpreters_read(path: str, *, expected: bool) -> None:
    assert is_module(path) is expected
