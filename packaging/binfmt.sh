#!/bin/sh
# Lets this machine run programs of other architectures through qemu-user. At a start systemd sees to
# it; in a container, or where PID 1 is something else, nobody does.
#
#   packaging/binfmt.sh ARCH ...      Debian's names, e.g. arm64 armhf
#
# Needs root, arch-test, qemu-user-static and binfmt-support. Does nothing where it works already.
set -eu
register=/proc/sys/fs/binfmt_misc
for arch in "$@"; do
    ! arch-test "$arch" > /dev/null 2>&1 || continue
    [ "$(id -u)" = 0 ] || { echo "error: registering qemu with the kernel needs root: sudo $0 $*" >&2; exit 1; }
    command -v update-binfmts > /dev/null || { echo "error: apt install qemu-user-static binfmt-support" >&2; exit 1; }
    if [ ! -e "$register/register" ]; then
        [ -d "$register" ] || modprobe binfmt_misc 2> /dev/null || true
        mount -t binfmt_misc binfmt_misc "$register" ||
            { echo "error: the kernel lets no binfmt_misc be mounted here; a container needs to be privileged" >&2; exit 1; }
    fi
    update-binfmts --enable
    arch-test "$arch" > /dev/null ||
        { echo "error: programs of $arch do not run here: is qemu-user-static registered? update-binfmts --display" >&2; exit 1; }
done
