#!/bin/sh
# Runs the tests of the agent's core and of the protocol on an emulated ARM Debian, with the
# distribution's own Python and libraries.
#
#   packaging/arm-test.sh ARCH SUITE      e.g. arm64 trixie, armhf bookworm
#
# Needs root, mmdebstrap and qemu-user-static (binfmt).
set -eu
arch=$1 suite=$2
top=$(cd "$(dirname "$0")/.." && pwd)
root=$top/build/root-$suite-$arch
[ "$(id -u)" = 0 ] || { echo "error: a root of its own needs root: sudo $0 $*" >&2; exit 1; }
command -v mmdebstrap > /dev/null || { echo "error: apt install mmdebstrap" >&2; exit 1; }
if [ ! -e "$root/.ready" ]; then
    echo "== making a $suite root for $arch (about ten minutes under emulation)"
    rm -rf "$root"
    mkdir -p "$top/build"
    mmdebstrap --quiet --variant=apt --architectures="$arch" --include=python3,python3-numpy,\
python3-cryptography,python3-cbor2,python3-paho-mqtt,python3-pytest,python3-hypothesis,\
python3-pytest-timeout,python3-pil "$suite" "$root"
    touch "$root/.ready"
fi
rm -rf "$root/viewkeeper"
mkdir "$root/viewkeeper"
git -C "$top" archive HEAD | tar -x -C "$root/viewkeeper"
[ -n "${VIEWKEEPER_APART:-}" ] || VIEWKEEPER_APART=1 exec unshare --mount "$0" "$arch" "$suite"
mount -t proc proc "$root/proc"
echo "== $suite on $arch"
chroot "$root" python3 -c 'import platform, numpy, cryptography, cbor2, paho.mqtt as paho
from importlib.metadata import version
print(platform.machine(), "Python", platform.python_version(), "numpy", numpy.__version__,
      "cryptography", cryptography.__version__, "cbor2", version("cbor2"), "paho", version("paho-mqtt"))'
chroot "$root" sh -c 'cd /viewkeeper && python3 -m pytest -q -p no:cacheprovider -o addopts="--import-mode=importlib" \
    -W ignore --noconftest --timeout 3000 tests/unit/core/trust tests/unit/core/ledger tests/unit/core/policy \
    tests/unit/core/view tests/unit/core/quality tests/unit/protocol tests/vectors'
