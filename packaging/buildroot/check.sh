#!/bin/sh
# Holds the recipe to a Buildroot tree: its style checks, its configuration (the package and what it
# selects stay switched on), and the plan of its build. Nothing is built: that needs its downloads.
#
#   packaging/buildroot/check.sh BUILDROOT        a checkout of Buildroot
set -eu
buildroot=$1
here=$(cd "$(dirname "$0")" && pwd)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
br() { make --no-print-directory -C "$buildroot" O="$out" BR2_EXTERNAL="$here" "$@"; }

echo "== style"
(cd "$buildroot" && /usr/bin/python3 utils/check-package -b "$here"/package/*/* "$here"/Config.in "$here"/external.*)

echo "== configuration"
printf 'BR2_aarch64=y\nBR2_TOOLCHAIN_EXTERNAL=y\nBR2_PACKAGE_VIEWKEEPER_DEVICE=y\n' > "$out/defconfig"
br defconfig BR2_DEFCONFIG="$out/defconfig" > "$out/log" 2>&1 || { tail "$out/log" >&2; exit 1; }
for wanted in BR2_PACKAGE_VIEWKEEPER_DEVICE=y BR2_PACKAGE_MICROPYTHON_TLS=y; do
    grep -x "$wanted" "$out/.config"
done

echo "== plan"
br viewkeeper-device-show-recursive-depends | tr ' ' '\n' | sort | paste -sd' '
br printvars VARS='MICROPYTHON_TLS_BUILD_CMDS VIEWKEEPER_DEVICE_INSTALL%' > "$out/plan"
for wanted in MICROPY_SSL_MBEDTLS=1 usr/lib/viewkeeper/device S95viewkeeper-device; do
    grep -q -- "$wanted" "$out/plan" || { echo "error: the plan has no $wanted" >&2; exit 1; }
done
br viewkeeper-device-rsync > "$out/log" 2>&1 || { tail "$out/log" >&2; exit 1; }
test -e "$out"/build/viewkeeper-device-*/main.py
echo "the device's files are taken"
