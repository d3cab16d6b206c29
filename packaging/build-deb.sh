#!/bin/sh
# Builds the Debian packages in a clean trixie root, checks them with lintian and tries them there and
# in a clean bookworm root: install, upgrade, remove, purge.
#
#   packaging/build-deb.sh
#
# Needs root and mmdebstrap. Leaves dist/*.deb. DEBIAN_MIRROR=address takes Debian from that archive
# alone instead of deb.debian.org and its security.
set -eu
suite=trixie
top=$(cd "$(dirname "$0")/.." && pwd)
root=$top/build/root-$suite older=$top/build/root-bookworm
say() { printf '== %s\n' "$*"; }

[ "$(id -u)" = 0 ] || { echo "error: a clean root needs root: sudo $0" >&2; exit 1; }
command -v mmdebstrap > /dev/null || { echo "error: apt install mmdebstrap" >&2; exit 1; }

if [ ! -e "$root/.ready" ]; then
    say "making a clean $suite root (some minutes)"
    rm -rf "$root"
    mkdir -p "$top/build"
    mmdebstrap --quiet --variant=apt --include=debhelper,dh-python,pybuild-plugin-pyproject,\
python3-all,python3-setuptools,python3-numpy,python3-cryptography,python3-cbor2,\
python3-paho-mqtt,build-essential,lintian,fakeroot,help2man "$suite" "$root" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"}
    touch "$root/.ready"
fi

# Maintainer scripts ask /proc; it goes away with this script's own mount namespace.
[ -n "${VIEWKEEPER_APART:-}" ] || VIEWKEEPER_APART=1 exec unshare --mount "$0"
mount -t proc proc "$root/proc"

say "building"
rm -rf "$root/build"
mkdir -p "$root/build/viewkeeper"
git -C "$top" archive HEAD | tar -x -C "$root/build/viewkeeper"
cp -r "$top/packaging/debian" "$root/build/viewkeeper/debian"
cp "$top/packaging/systemd/viewkeeper-agent.service" \
    "$root/build/viewkeeper/debian/viewkeeper-agent.viewkeeper-agent.service"
chroot "$root" sh -c 'cd /build/viewkeeper && dpkg-buildpackage -b -us -uc' > "$root/build.log" 2>&1 || {
    tail -n 40 "$root/build.log" >&2
    echo "error: the build failed; all of it in $root/build.log" >&2
    exit 1
}

say "lintian"
chroot "$root" sh -c 'cd /build && lintian --allow-root --fail-on error,warning *.changes'

# The one library that bookworm's own is too old of; pure Python, and its package installs there.
chroot "$root" sh -c 'apt-get update -qq && cd /build && apt-get download -qq -o APT::Sandbox::User=root python3-paho-mqtt'

whole_life() { # ROOT: install, upgrade, remove, purge
    say "install, upgrade, remove, purge: $1"
    chroot "$1" sh -eu -c '
    cd /build
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq                       # mmdebstrap leaves no lists behind
    apt-get purge -qq -y viewkeeper-agent viewkeeper-desk || true  # of a try that failed
    rm -rf /etc/viewkeeper
    apt-get install -qq -y --no-install-recommends ./*.deb
    viewkeeper-agent --help > /dev/null
    viewkeeper-authority --help > /dev/null
    viewkeeper-dashboard --help > /dev/null
    test "$(stat -c "%U %a" /var/lib/viewkeeper)" = "viewkeeper 700"
    mkdir -p /etc/viewkeeper
    cp /usr/share/doc/viewkeeper-agent/examples/agent.toml /etc/viewkeeper/
    setpriv --reuid=viewkeeper --regid=viewkeeper --init-groups \
        viewkeeper-agent key --config /etc/viewkeeper/agent.toml > key-before
    apt-get install -qq -y --reinstall ./viewkeeper-agent_*.deb
    apt-get remove -qq -y viewkeeper-agent viewkeeper-desk
    test -e /var/lib/viewkeeper/device.key
    apt-get install -qq -y --no-install-recommends ./viewkeeper-agent_*.deb
    setpriv --reuid=viewkeeper --regid=viewkeeper --init-groups \
        viewkeeper-agent key --config /etc/viewkeeper/agent.toml > key-after
    cmp key-before key-after
    mkdir -p stick && cp /usr/share/doc/viewkeeper-agent/examples/agent.toml stick/
    viewkeeper-setup stick
    grep -qx "request written" stick/status.txt
    grep -q "^waiting for an enrolment" stick/status.txt
    cmp key-before stick/*.device-key
    openssl req -in stick/*.csr -noout -verify 2>&1 | grep -q OK || test ! -x /usr/bin/openssl
    apt-get purge -qq -y viewkeeper-agent
    test ! -e /var/lib/viewkeeper
    test -e /etc/viewkeeper/agent.toml   # an owner wrote it, an owner removes it
    rm -r /etc/viewkeeper
' > "$1/try.log" 2>&1 || { tail -n 20 "$1/try.log" >&2; exit 1; }
}
whole_life "$root"
if [ ! -e "$older/.ready" ]; then
    say "making a clean bookworm root"
    rm -rf "$older"
    mmdebstrap --quiet --variant=apt bookworm "$older" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"}
    touch "$older/.ready"
fi
mount -t proc proc "$older/proc"
rm -rf "$older/build"
mkdir "$older/build"
cp "$root"/build/*.deb "$older/build/"
whole_life "$older"

mkdir -p "$top/dist"
rm -f "$top"/dist/python3-paho-mqtt_*.deb
cp "$root"/build/*.deb "$top/dist/"
ls -l "$top"/dist/*.deb
