"""What strace has seen of the programs of an image is read as they meant it."""

from __future__ import annotations

from benchmarks.traced import Asked, asked_for

ROOT = "/tmp/test/rootfs"

# The unpacking of the image; a script that goes into it; its program, two processes that interrupt each other.
LOG = f"""\
10 openat(AT_FDCWD</home>, "{ROOT}/etc/app.conf", O_WRONLY|O_CREAT, 0644) = 3<{ROOT}/etc/app.conf>
11 openat(AT_FDCWD</home>, "/usr/lib/python3/x.py", O_RDONLY) = -1 ENOENT (No such file or directory)
11 chroot("{ROOT}") = 0
11 chdir("/") = 0
11 execve("/usr/local/bin/app", ["app", "a) = 0"], 0x7f /* 2 vars */) = -1 ENOENT (No such file or directory)
11 execve("/usr/bin/app", ["app", "a \\"b\\""], 0x7f /* 2 vars */) = 0
11 access("/etc/ld.so.preload", R_OK) = -1 ENOENT (No such file or directory)
11 openat(AT_FDCWD<{ROOT}>, "/lib/libc.so.6", O_RDONLY|O_CLOEXEC) = 3<{ROOT}/usr/lib/libc.so.6>
11 newfstatat(3<{ROOT}/usr/lib/libc.so.6>, "", {{st_mode=S_IFREG|0644, st_size=1, ...}}, AT_EMPTY_PATH) = 0
12 openat(AT_FDCWD<{ROOT}/var/lib>, "state", O_RDWR|O_CREAT, 0600 <unfinished ...>
11 chdir("var/log") = 0
12 <... openat resumed>)            = -1 ENOENT (No such file or directory)
11 open("caf\\303\\251", O_RDONLY) = -1 EACCES (Permission denied)
11 readlink("./today", 0x7f, 4096) = -1 ENOENT (No such file or directory)
11 openat(4<{ROOT}/usr/share>, "words", O_RDONLY) = -1 ENOENT (No such file or directory)
11 newfstatat(AT_FDCWD<{ROOT}/var/log>, "caf\\303\\251", {{st_mode=S_IFREG|0644, st_size=1, ...}}, 0) = 0
11 fchdir(4<{ROOT}/usr/share>) = 0
11 +++ exited with 0 +++
"""


def test_what_programs_of_the_image_ask_for() -> None:
    asked = list(asked_for(LOG.splitlines(keepends=True), ROOT))
    assert asked == [
        Asked("/", "chdir", "", found=True),
        Asked("/usr/local/bin/app", "execve", "", found=False),
        Asked("/usr/bin/app", "execve", "/usr/bin/app", found=True),
        Asked("/etc/ld.so.preload", "access", "/usr/bin/app", found=False),
        Asked("/lib/libc.so.6", "openat", "/usr/bin/app", found=True),
        Asked("/var/log", "chdir", "/usr/bin/app", found=True),
        Asked("/var/lib/state", "openat", "", found=False, makes=True),
        Asked("/var/log/today", "readlink", "/usr/bin/app", found=False),
        Asked("/usr/share/words", "openat", "/usr/bin/app", found=False),
        Asked("/var/log/caf\u00e9", "newfstatat", "/usr/bin/app", found=True),
    ]
