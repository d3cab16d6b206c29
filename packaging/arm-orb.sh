#!/bin/sh
# The cost of a check as a ratio to ORB on emulated arm64, Debian's numpy below both, in the root of
# arm-test.sh; into build/arm-orb.log and docs/benchmarks/arm.md.
#
#   packaging/arm-orb.sh PYTHON      one with pip, which fetches OpenCV's wheel
set -eu
python=$1
top=$(cd "$(dirname "$0")/.." && pwd)
root=$top/build/root-trixie-arm64
log=$top/build/arm-orb.log
[ "$(id -u)" = 0 ] || { echo "error: a root of its own needs root: sudo $0 $python" >&2; exit 1; }
[ -e "$root/.ready" ] || { echo "error: $root is not there: make test-arm makes it" >&2; exit 1; }
"$top/packaging/binfmt.sh" arm64
version=$(sed -n 's/^opencv-python-headless==\([0-9.]*\).*/\1/p' "$top/requirements-bench.lock")
rm -rf "$root/orb"
mkdir -p "$root/orb/wheel"
git -C "$top" archive HEAD | tar -x -C "$root/orb"
"$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --platform manylinux_2_28_aarch64 --platform manylinux2014_aarch64 --python-version 313 \
    --dest "$root/orb/wheel" "opencv-python-headless==$version"
"$python" -m zipfile -e "$root"/orb/wheel/*.whl "$root/orb/wheel"
told=$(chroot "$root" sh -c 'cd /orb && PYTHONPATH=.:wheel OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 python3 -m tests.bench.orb_ratio')
{
    echo "== trixie on arm64, $(date -u +%F), commit $(git -C "$top" rev-parse --short HEAD)"
    chroot "$root" python3 -c 'import platform, numpy
print(platform.machine(), "Python", platform.python_version(), "numpy", numpy.__version__)'
    echo "check against ORB of OpenCV $version: $told"
} | tee -a "$log"
python3 "$top/packaging/arm_report.py"
