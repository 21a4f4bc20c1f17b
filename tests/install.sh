#!/bin/bash
# Installs everything that the tests need, on a Debian or Ubuntu machine; what is there already is left alone.
#
#   bash tests/install.sh VENV
#
# VENV is the virtual environment to make or to bring up to date; it sees the distribution's python3-apt.

set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
    # Python, and the library that some tests compare with
    python3-apt python3-venv
    # trust: independent verification, archive keys, certificates
    ca-certificates debian-archive-keyring gnupg gpgv openssl
    # vulnerabilities: another reader of what is known of them
    debsecan
    # packages: independent readers, makers and compressors
    apt-utils bzip2 dash dpkg gzip mmdebstrap shellcheck tar xz-utils zstd
    # images: validators, converters and a registry
    appc-spec docker-registry jq oci-image-tool skopeo umoci
    # runtimes, and what sees which files programs in them ask for
    containerd docker.io podman runc strace uidmap util-linux
    # configuration: the tools whose work is done natively
    default-jre-headless libglib2.0-bin systemd
)

# The client is a package of its own where docker.io does not have it.
optional=(docker-cli)

is_installed() {
    [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

install_packages() {
    local package missing=()
    for package in "${packages[@]}"; do
        is_installed "$package" || missing+=("$package")
    done
    [ "${#missing[@]}" -gt 0 ] || return 0
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q
    for package in "${optional[@]}"; do
        if [ -n "$(apt-cache madison "$package" 2>/dev/null)" ]; then
            missing+=("$package")
        fi
    done
    apt-get install -q -y --no-install-recommends "${missing[@]}"
}

make_venv() {
    # The distribution's own Python: only it can import python3-apt.
    [ -x "$1/bin/python" ] || /usr/bin/python3 -m venv --system-site-packages "$1"
    "$1/bin/python" -m pip install --quiet --disable-pip-version-check --editable '.[test]'
}

find_python() {
    local candidate
    for candidate in "python$1" "$HOME"/.pyenv/versions/"$1".*/bin/"python$1"; do
        if "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
}

make_other_pythons() {
    # What is made must not depend on the Python that makes it: one environment for each other one of this machine.
    local version python own
    own=$("$1/bin/python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    mkdir -p "$1/pythons"
    "$1/bin/python" -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"], sep="\n")' \
        >"$1/pythons/requirements"
    for version in 3.11 3.12 3.13; do
        [ "$version" != "$own" ] || continue
        python=$(find_python "$version")
        if [ -z "$python" ]; then
            echo "there is no Python $version here: what it would make is not compared" >&2
            continue
        fi
        cmp --silent "$1/pythons/requirements" "$1/pythons/$version/requirements" && continue
        [ -x "$1/pythons/$version/bin/python" ] || "$python" -m venv "$1/pythons/$version"
        "$1/pythons/$version/bin/python" -m pip install --quiet --disable-pip-version-check \
            --requirement "$1/pythons/requirements"
        cp "$1/pythons/requirements" "$1/pythons/$version/requirements"
    done
}

if [ "$#" -ne 1 ]; then
    echo "usage: bash tests/install.sh VENV" >&2
    exit 2
fi
install_packages
make_venv "$1"
make_other_pythons "$1"
