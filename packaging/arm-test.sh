#!/bin/sh
# Runs the tests of the agent's core and of the protocol on an emulated ARM Debian, with the
# distribution's own Python and libraries. The log is kept: build/arm-ARCH-SUITE.log.
#
#   packaging/arm-test.sh ARCH SUITE [TESTS …]      e.g. arm64 trixie, armhf bookworm
#
# Needs root, mmdebstrap and qemu-user-static (binfmt). Hypothesis counts an emulated machine's
# slowness as a fault: its health checks are off here, and it tries fewer examples.
set -eu
arch=$1 suite=$2
shift 2
top=$(cd "$(dirname "$0")/.." && pwd)
root=$top/build/root-$suite-$arch
log=$top/build/arm-$arch-$suite.log
[ "$(id -u)" = 0 ] || { echo "error: a root of its own needs root: sudo $0 $arch $suite" >&2; exit 1; }
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
[ -n "${VIEWKEEPER_APART:-}" ] || VIEWKEEPER_APART=1 exec unshare --mount "$0" "$arch" "$suite" "$@"
rm -rf "$root/viewkeeper"
mkdir "$root/viewkeeper"
git -C "$top" archive HEAD | tar -x -C "$root/viewkeeper"
cat > "$root/viewkeeper/emulated.py" <<'END'
from hypothesis import HealthCheck, settings

settings.register_profile(
    "emulated", deadline=None, max_examples=10, suppress_health_check=list(HealthCheck)
)
settings.load_profile("emulated")
END
mount -t proc proc "$root/proc"
# Bookworm's cryptography, cbor2 and paho-mqtt are below what the agent takes: there, only the rooms
# that need none of them.
if [ $# = 0 ]; then
    set -- tests/unit/core/ledger tests/unit/core/policy tests/unit/core/signage tests/unit/core/events \
        tests/unit/core/quality tests/unit/core/view
    [ "$suite" = bookworm ] || set -- "$@" tests/unit/core/trust \
        tests/unit/protocol tests/vectors
fi
{
    echo "== $suite on $arch, $(date -u +%F), commit $(git -C "$top" rev-parse --short HEAD)"
    chroot "$root" python3 -c 'import platform, numpy, cryptography, cbor2, paho.mqtt as paho
from importlib.metadata import version
print(platform.machine(), "Python", platform.python_version(), "numpy", numpy.__version__,
      "cryptography", cryptography.__version__, "cbor2", version("cbor2"), "paho", version("paho-mqtt"))'
} | tee -a "$log"
failed=0
for tests in "$@"; do
    # One process a folder: an emulated one that grows old grows slow.
    echo "== $tests"
    chroot "$root" sh -c "cd /viewkeeper && PYTHONPATH=. OPENBLAS_NUM_THREADS=1 python3 -m pytest -q \
        -p no:cacheprovider -p emulated -o addopts=--import-mode=importlib -W ignore --noconftest \
        -o timeout=3000 $tests 2>&1" || failed=1
done | tee -a "$log"
! grep -qE '^(FAILED|ERROR)|[0-9]+ (failed|error)' "$log"
