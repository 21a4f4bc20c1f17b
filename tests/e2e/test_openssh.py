"""OpenSSH images make their host keys once, and let in who has a key."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import Lab, Workshop
from tests.support.containers import Container, Start, until_ready

pytestmark = [pytest.mark.runtime, pytest.mark.network]

SSH = ("ssh", "-oBatchMode=yes", "-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null")
SCAN = ("ssh-keyscan", "-t", "ed25519", "localhost")


def output(container: Container, *command: str) -> str:
    """Return what a command prints that must succeed."""
    answer = container.run(*command)
    assert answer.code == 0, answer.errors + container.logs()
    return answer.output.strip()


def test_host_keys_stay_and_keys_of_the_environment_are_let_in(lab: Lab, workshop: Workshop, tmp_path: Path) -> None:
    image = tmp_path / "ssh.oci.tar"
    workshop.run("build", "openssh-server", "--suite", "bookworm", "--compression", "none", "-o", str(image))
    volumes = {"/etc/ssh/host-keys": "host-keys"}
    first = lab.start_image("runc", image, Start(volumes=volumes, scratch=("/run", "/tmp"), read_only=True))
    until_ready(first, *SCAN)
    host_key = output(first, *SCAN)
    output(first, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/tmp/key")
    private, public = (output(first, "bash", "-c", f'echo "$(</tmp/{name})"') for name in ("key", "key.pub"))
    assert "Permission denied (publickey)" in first.run(*SSH, "-i/tmp/key", "root@localhost", "true").errors
    first.signal("TERM")
    first.wait()

    key = tmp_path / "key"
    key.write_text(f"{private}\n")
    key.chmod(0o600)
    how = Start(
        environment={"SSH_AUTHORIZED_KEYS": public},
        volumes=volumes,
        binds={"/mnt": tmp_path},
        scratch=("/run", "/tmp"),
        read_only=True,
    )
    second = lab.start_image("runc", image, how)
    until_ready(second, *SCAN)
    assert output(second, *SCAN) == host_key
    assert output(second, *SSH, "-i/mnt/key", "root@localhost", 'echo "$((6 * 7))"') == "42"
    assert public not in Path(f"/proc/{second.pid}/environ").read_text()
    nobody = second.run(*SSH, "-oPubkeyAuthentication=no", "root@localhost", "true")
    assert "Permission denied (publickey)" in nobody.errors


def test_keys_of_a_file_that_cannot_be_read_are_missed(lab: Lab, workshop: Workshop, tmp_path: Path) -> None:
    image = tmp_path / "ssh.oci.tar"
    workshop.run("build", "openssh-server", "--suite", "bookworm", "--compression", "none", "-o", str(image))
    container = lab.start_image("runc", image, Start(environment={"SSH_AUTHORIZED_KEYS_FILE": "/none"}))
    assert container.wait() == 1
    assert "error: SSH_AUTHORIZED_KEYS_FILE: cannot read /none" in container.logs()
