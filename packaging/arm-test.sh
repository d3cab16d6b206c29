#!/bin/sh
# Runs the tests of the agent's core and of the protocol on an emulated ARM Debian, with the
# distribution's own Python and libraries. Logs are kept (build/arm-ARCH-SUITE.log), and
# docs/benchmarks/arm.md is written from them.
#
#   packaging/arm-test.sh ARCH SUITE [TESTS …]      e.g. arm64 trixie, armhf bookworm
#
# Needs root, mmdebstrap and qemu-user-static (binfmt). Hypothesis counts an emulated machine's
# slowness as a fault: its health checks are off here, and it tries fewer examples.
# DEBIAN_MIRROR=address makes the root from that archive alone, instead of deb.debian.org and its security.
set -eu
arch=$1 suite=$2
shift 2
top=$(cd "$(dirname "$0")/.." && pwd)
root=$top/build/root-$suite-$arch
log=$top/build/arm-$arch-$suite.log
[ "$(id -u)" = 0 ] || { echo "error: a root of its own needs root: sudo $0 $arch $suite" >&2; exit 1; }
command -v mmdebstrap > /dev/null || { echo "error: apt install mmdebstrap" >&2; exit 1; }
[ -n "${VIEWKEEPER_APART:-}" ] || "$top/packaging/binfmt.sh" "$arch"
if [ ! -e "$root/.ready" ]; then
    echo "== making a $suite root for $arch (about ten minutes under emulation)"
    rm -rf "$root"
    mkdir -p "$top/build"
    # An emulated Python compiles for minutes what the tests hardly import: they compile for themselves.
    mmdebstrap --quiet --variant=apt --architectures="$arch" --include=python3,python3-numpy,\
python3-cryptography,python3-cbor2,python3-paho-mqtt,python3-pytest,python3-hypothesis,\
python3-pytest-timeout,python3-pil,fonts-dejavu-core \
        --essential-hook='chroot "$1" dpkg-divert --quiet --local --rename --add /usr/bin/py3compile' \
        --essential-hook='printf "#!/bin/sh\n" > "$1/usr/bin/py3compile"; chmod +x "$1/usr/bin/py3compile"' \
        "$suite" "$root" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"}
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

# The drawn street's letters: Pillow before 10.1 (bookworm) has no outline font of its own.
import PIL
from PIL import ImageFont

if tuple(int(part) for part in PIL.__version__.split(".")[:2]) < (10, 1):
    ImageFont.load_default = lambda size=10: ImageFont.truetype("DejaVuSans.ttf", size)
END
mount -t proc proc "$root/proc"
path=. left_out=
if [ "$suite" = bookworm ]; then
    # The package brings trixie's paho-mqtt there; the tests need a newer hypothesis. Both are pure
    # Python. Four tests make ES256 vectors with a signature without chance, which cryptography 38
    # cannot; the vectors themselves are decided like everywhere.
    trixie=$top/build/root-trixie
    [ -e "$trixie/.ready" ] || { echo "error: make deb first: its root fetches trixie's packages" >&2; exit 1; }
    chroot "$trixie" sh -c 'apt-get update -qq && cd /tmp && apt-get download -qq python3-paho-mqtt python3-hypothesis'
    for package in "$trixie"/tmp/python3-*.deb; do dpkg-deb -x "$package" "$root/viewkeeper/newer"; done
    path=.:newer/usr/lib/python3/dist-packages
    keysets=tests/unit/core/trust/test_keysets.py
    for test in "$keysets::test_an_algorithm_is_allowed_for_a_role_and_for_no_other" \
        "$keysets::test_where_libcrypto_has_no_sm2_only_sm2_is_not_believed" \
        "$keysets::test_an_allowance_is_written_once_and_for_a_known_algorithm" \
        tests/vectors/test_vectors.py::test_the_files_are_what_the_generator_writes; do
        left_out="$left_out --deselect $test"
    done
fi
if [ $# = 0 ]; then
    set -- tests/unit/core/ledger tests/unit/core/policy tests/unit/core/trust tests/unit/protocol \
        tests/vectors/test_vectors.py tests/unit/core/signage tests/unit/core/events \
        tests/unit/core/quality tests/unit/core/view
fi
{
    echo "== $suite on $arch, $(date -u +%F), commit $(git -C "$top" rev-parse --short HEAD)"
    chroot "$root" env "PYTHONPATH=/viewkeeper/${path#.:}" python3 -c 'import platform, numpy, cryptography, cbor2, paho.mqtt as paho
from importlib.metadata import version
print(platform.machine(), "Python", platform.python_version(), "numpy", numpy.__version__,
      "cryptography", cryptography.__version__, "cbor2", version("cbor2"), "paho", version("paho-mqtt"))'
} | tee -a "$log"
unset PYTHONDONTWRITEBYTECODE
run=$(mktemp)
for tests in "$@"; do
    # One process a folder: an emulated one that grows old grows slow.
    echo "== $tests"
    chroot "$root" sh -c "cd /viewkeeper && PYTHONPATH=$path OPENBLAS_NUM_THREADS=1 python3 -m pytest -q \
        -p no:cacheprovider -p emulated -o addopts=--import-mode=importlib -W ignore --noconftest \
        -o timeout=3000 $left_out $tests 2>&1"
done | tee -a "$log" "$run"
python3 "$top/packaging/arm_report.py"
! grep -qE '^(FAILED|ERROR)|[0-9]+ (failed|error)' "$run"
