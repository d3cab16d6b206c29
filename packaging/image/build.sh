#!/bin/sh
# Builds the flashable image or an update bundle.
#
#   packaging/image/build.sh image  ARCH VERSION           dist/viewkeeper-VERSION-ARCH.img
#   packaging/image/build.sh bundle ARCH VERSION           dist/viewkeeper-VERSION-ARCH.raucb
#
# ARCH: amd64 or arm64, a machine with UEFI. VERSION: numbers with dots; RAUC refuses an older one.
# Needs root, mmdebstrap, the package from `make deb`; for another architecture qemu-user-static.
# Nothing is loop-mounted. Bundles are signed with IMAGE_KEY and IMAGE_CERT (PEM or PKCS#11), and the
# image believes IMAGE_KEYRING; without them a pair for trying things out is made in build/image/keys.
# DEBIAN_MIRROR=address takes Debian from that archive alone instead of deb.debian.org and its security.
# IMAGE_FAULT=hash|agent makes a bundle that cannot work, for the tests.
set -eu
verb=$1 arch=$2 version=$3
top=$(cd "$(dirname "$0")/../.." && pwd)
here=$top/packaging/image
build=$top/build/image
tools=$build/tools
work=$build/$arch
suite=trixie
: "${IMAGE_PACKAGES:=python3-av python3-pil}" "${IMAGE_COMPRESSION:=9}"
say() { printf '== %s\n' "$*"; }
fail() { echo "error: $*" >&2; exit 1; }

[ "$(id -u)" = 0 ] || fail "an image's files belong to its own users: sudo $0 $*"
command -v mmdebstrap > /dev/null || fail "apt install mmdebstrap"
echo "$version" | grep -Eq '^[0-9]+(\.[0-9]+){0,2}$' || fail "$version: give a version of numbers, 1.2.3"
package=$(ls -t "$top"/dist/viewkeeper-agent_*_all.deb 2> /dev/null | head -n 1)
[ -n "$package" ] || fail "no package in dist/: make deb"
case $arch in
    amd64) kernel=linux-image-amd64,grub-efi-amd64-bin efi=x86_64-efi loader=BOOTX64.EFI root_type=x86-64 console=ttyS0 ;;
    arm64) kernel=linux-image-arm64,grub-efi-arm64-bin efi=arm64-efi loader=BOOTAA64.EFI root_type=arm64 console=ttyAMA0 ;;
    *) fail "$arch: amd64 or arm64" ;;
esac
mkdir -p "$build" "$top/dist"

if [ ! -e "$tools/.ready" ]; then
    say "making a root with the tools"
    rm -rf "$tools"
    mmdebstrap --quiet --variant=minbase --include=systemd-repart,rauc,squashfs-tools,cryptsetup-bin,\
mtools,dosfstools,e2fsprogs,grub-common,openssl,kmod "$suite" "$tools" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"}
    touch "$tools/.ready"
fi
# Before the mount namespace: what is registered stays.
[ -n "${VIEWKEEPER_APART:-}" ] || "$top/packaging/binfmt.sh" "$arch"
# Tools see the build folder as /image, in a mount namespace that ends with this script.
[ -n "${VIEWKEEPER_APART:-}" ] || VIEWKEEPER_APART=1 exec unshare --mount "$0" "$@"
mkdir -p "$tools/image"
mount --bind "$build" "$tools/image"
mount -t proc proc "$tools/proc"
mount --bind /dev "$tools/dev"
tool() { chroot "$tools" "$@"; }
in_tools() { echo "/image/${1#"$build/"}"; }

keys=$build/keys
if [ -z "${IMAGE_KEY:-}" ] && [ ! -e "$keys/cert.pem" ]; then
    say "making a signing key for trying things out"
    mkdir -p -m 0700 "$keys"
    tool openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 3650 \
        -subj "/CN=Viewkeeper update signing (trial)" \
        -keyout /image/keys/key.pem -out /image/keys/cert.pem 2> /dev/null
fi
keyring=${IMAGE_KEYRING:-$keys/cert.pem}

# Debian's part of the root: made once for each architecture.
packages=$(sed 's/#.*//' "$here/rootfs.list" | tr -s ' \n' ',' | sed 's/^,//; s/,$//'),$kernel,$(echo "$IMAGE_PACKAGES" | tr ' ' ,)
# The initramfs is made with it, from these scripts.
base="$packages $(cd "$here/rootfs/etc/initramfs-tools" && find . -type f | sort | xargs sha256sum | sha256sum | cut -d' ' -f1)"
if [ "$(cat "$work/base.made-of" 2> /dev/null)" != "$base" ]; then
    say "making the $arch root (minutes; emulated, a quarter of an hour)"
    rm -rf "$work"
    mkdir -p "$work"
    mmdebstrap --quiet --variant=minbase --architectures="$arch" --include="$packages" \
        --aptopt='APT::Install-Recommends "false"' \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
        --dpkgopt='path-include=/usr/share/doc/viewkeeper-agent/*' \
        --essential-hook='mkdir -p "$1/etc/initramfs-tools"' \
        --essential-hook="cp -r '$here/rootfs/etc/initramfs-tools/.' \"\$1/etc/initramfs-tools/\"" \
        "$suite" "$work/base" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"}
    echo "$base" > "$work/base.made-of"
fi
# With the agent and what makes a camera of it; the same for every version.
recipe=$(cat "$package" "$keyring" "$0" | sha256sum)$(cd "$here/rootfs" && find . -type f | sort | xargs sha256sum | sha256sum)
if [ "$(cat "$work/root.made-of" 2> /dev/null)" != "$recipe" ]; then
    say "adding the agent"
    rm -rf "$work/root"
    cp -a "$work/base" "$work/root"
    cp -r "$here/rootfs/." "$work/root/"
    cp "$keyring" "$work/root/etc/rauc/keyring.pem"
    cp "$package" "$work/root/agent.deb"
    # Drivers that a fixed, wired camera has no use for; the others lie open, since the squashfs
    # compresses them anyway and a small processor takes its time over xz.
    for modules in "$work"/root/usr/lib/modules/*; do
        (cd "$modules/kernel" && rm -rf sound drivers/gpu drivers/net/wireless drivers/bluetooth drivers/infiniband \
            drivers/iio drivers/staging net/wireless net/mac80211 net/bluetooth fs/ocfs2 fs/ceph fs/smb fs/xfs fs/btrfs)
        find "$modules" -name '*.ko.xz' -exec unxz {} +
        tool depmod -b "$(in_tools "$work/root")" "${modules##*/}"
    done
    mount -t proc proc "$work/root/proc"
    # The agent's user has one number in every version (etc/sysusers.d): state outlives them.
    chroot "$work/root" sh -eu -c 'dpkg --install /agent.deb > /dev/null; rm /agent.deb
        sh -eu /usr/lib/viewkeeper-image/finish'
    umount "$work/root/proc"
    echo "$recipe" > "$work/root.made-of"
fi

say "packing version $version"
root=$work/root
[ "${IMAGE_FAULT:-}" != agent ] || { root=$work/faulty; rm -rf "$root"; cp -a --reflink=auto "$work/root" "$root"
    printf '#!/bin/sh\nexit 1\n' > "$root/usr/bin/viewkeeper-agent"; }
sed -i "/^IMAGE_/d" "$root/usr/lib/os-release"
echo "IMAGE_ID=viewkeeper
IMAGE_VERSION=$version" >> "$root/usr/lib/os-release"
sed "s/@ARCH@/$arch/; s/@VERSION@/$version/" "$here/rootfs/etc/rauc/system.conf" > "$root/etc/rauc/system.conf"
out=$work/$version
rm -rf "$out" && mkdir -p "$out"
tool mksquashfs "$(in_tools "$root")" "$(in_tools "$out")/root.squashfs" -quiet -no-progress -noappend \
    -comp zstd -Xcompression-level "$IMAGE_COMPRESSION" -wildcards \
    -e 'boot/!(efi)' 'usr/lib/grub/*' 'var/cache/*' 'var/lib/apt/*' 'var/lib/dpkg/*' 'var/log/*' > /dev/null
size=$(stat -c %s "$out/root.squashfs")
offset=$(((size + 4095) / 4096 * 4096))
truncate -s $offset "$out/root.squashfs"
hash=$(tool veritysetup format --data-blocks=$((offset / 4096)) --hash-offset=$offset \
    "$(in_tools "$out")/root.squashfs" "$(in_tools "$out")/root.squashfs" | sed -n 's/^Root hash:[[:space:]]*//p')
[ ${#hash} = 64 ] || fail "veritysetup gave no root hash"
[ "${IMAGE_FAULT:-}" != hash ] || hash=$(echo "$hash" | tr 0123456789abcdef fedcba9876543210)
cat > "$out/slot.cfg" <<END
linux /vmlinuz root=/dev/mapper/root rootfstype=squashfs ro rauc.slot=\$chosen viewkeeper.data=\$data viewkeeper.hash=$hash viewkeeper.offset=$offset systemd.gpt_auto=0 fsck.repair=yes panic=10 console=tty0 console=$console quiet
initrd /initrd.img
END
fat() { # FILE MEGABYTES LABEL: an empty FAT file system
    truncate -s "$2M" "$1"
    tool mkfs.vfat -n "$3" "$(in_tools "$1")" > /dev/null
}
put() { tool mcopy -i "$(in_tools "$1")" "$(in_tools "$2")" "::$3"; }
fat "$out/boot.vfat" 128 BOOT
cp "$work"/root/boot/vmlinuz-* "$out/vmlinuz"
cp "$work"/root/boot/initrd.img-* "$out/initrd.img"
for file in vmlinuz initrd.img slot.cfg; do put "$out/boot.vfat" "$out/$file" "/$file"; done
rm "$out/vmlinuz" "$out/initrd.img"
[ "${IMAGE_FAULT:-}" != agent ] || rm -rf "$root"

if [ "$verb" = bundle ]; then
    rm -rf "$out/bundle" && mkdir "$out/bundle"
    mv "$out/root.squashfs" "$out/bundle/root.img"
    mv "$out/boot.vfat" "$out/bundle/boot.img"
    sed "s/@ARCH@/$arch/; s/@VERSION@/$version/" "$here/manifest.raucm" > "$out/bundle/manifest.raucm"
    cp "${IMAGE_KEY:-$keys/key.pem}" "$out/key.pem"
    cp "${IMAGE_CERT:-$keys/cert.pem}" "$out/cert.pem"
    bundle=viewkeeper-$version-$arch.raucb
    tool rauc bundle --cert="$(in_tools "$out")/cert.pem" --key="$(in_tools "$out")/key.pem" \
        "$(in_tools "$out")/bundle" "$(in_tools "$out")/$bundle" > "$out/rauc.log" 2>&1 ||
        { cat "$out/rauc.log" >&2; exit 1; }
    mv "$out/$bundle" "${IMAGE_OUT:-$top/dist}/$bundle"
    rm -rf "$out"
    ls -lh "${IMAGE_OUT:-$top/dist}/$bundle"
    exit
fi

say "making the disk"
# What the card's readable partition holds at first.
fat "$out/card.vfat" 32 VIEWKEEPER
cp "$here/card/README.txt" "$out/README.txt"
cp "$top/packaging/agent.toml" "$out/agent.toml.example"
for file in README.txt agent.toml.example; do put "$out/card.vfat" "$out/$file" "/$file"; done
# Where state will stand; owners by number, as rootfs/etc/sysusers.d fixes them.
for name in viewkeeper etc; do install -d -m 0700 -o 910 -g 910 "$out/data/$name"; done
for name in systemd rauc update; do install -d -m 0755 "$out/data/$name"; done
truncate -s 64M "$out/data.ext4"
tool mkfs.ext4 -q -L data -d "$(in_tools "$out")/data" "$(in_tools "$out")/data.ext4"
mkdir -p "$out/esp/EFI/BOOT"
cp "$here/grub.cfg" "$out/esp/EFI/BOOT/"
cp -r "$work/root/usr/lib/grub/$efi" "$out/grub"
tool grub-editenv "$(in_tools "$out")/esp/EFI/BOOT/grubenv" create
tool grub-editenv "$(in_tools "$out")/esp/EFI/BOOT/grubenv" set "ORDER=A B" A_OK=1 A_TRY=0 B_OK=0 B_TRY=0
tool grub-mkimage -d "$(in_tools "$out")/grub" -O $efi -p /EFI/BOOT \
    -o "$(in_tools "$out")/esp/EFI/BOOT/$loader" \
    part_gpt fat normal linux search test echo regexp loadenv reboot sleep configfile minicmd serial
# Made here and not by repart: that one's FAT32 of 32 MB is too small a FAT32 for some firmware.
fat "$out/esp.vfat" 32 ESP
tool mcopy -s -i "$(in_tools "$out")/esp.vfat" "$(in_tools "$out")/esp/EFI" ::/
mkdir "$out/definitions"
for file in "$here"/partitions/*.conf; do sed "s/@ARCH@/$root_type/" "$file" > "$out/definitions/${file##*/}"; done
image=viewkeeper-$version-$arch.img
rm -f "$out/$image"
tool systemd-repart --empty=create --size=auto --dry-run=no --offline=yes \
    --root="$(in_tools "$out")" --definitions="$(in_tools "$out")/definitions" "$(in_tools "$out")/$image" > "$out/repart.log" 2>&1 ||
    { cat "$out/repart.log" >&2; exit 1; }
mv "$out/$image" "${IMAGE_OUT:-$top/dist}/$image"
rm -rf "$out"
ls -lhs "${IMAGE_OUT:-$top/dist}/$image"
