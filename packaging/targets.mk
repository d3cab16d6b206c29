# These build in roots of their own and need root.
# What sudo would forget of what was said to make.
AS_ROOT := $(if $(filter 0,$(shell id -u)),,sudo --preserve-env=DEBIAN_MIRROR,IMAGE_KEY,IMAGE_CERT,IMAGE_KEYRING,IMAGE_PACKAGES,IMAGE_COMPRESSION )
ARCH ?= amd64
IMAGE_VERSION ?= 0.1.$(shell git rev-list --count HEAD 2>/dev/null || echo 0)
IMAGE_TOOLS := mmdebstrap arch-test qemu-user-static binfmt-support
BOOT_IMAGE_TOOLS := $(IMAGE_TOOLS) qemu-system-x86 qemu-system-arm ovmf qemu-efi-aarch64 mtools mosquitto openssl \
	rauc squashfs-tools

.PHONY: deb
deb: ## Debian packages in dist/, built, checked and tried in clean trixie and bookworm roots (needs root)
	$(AS_ROOT)packaging/build-deb.sh

.PHONY: image
image: ## a flashable disk image in dist/, with A/B slots and a read-only root (after make deb; root); ARCH=arm64
	@$(MAKE) --no-print-directory debian-packages DEBIAN_PACKAGES="$(IMAGE_TOOLS)"
	$(AS_ROOT)packaging/image/build.sh image $(ARCH) $(IMAGE_VERSION)

.PHONY: image-update
image-update: ## a signed update bundle in dist/ for cameras that run the image; ARCH=arm64 IMAGE_KEY= IMAGE_CERT=
	@$(MAKE) --no-print-directory debian-packages DEBIAN_PACKAGES="$(IMAGE_TOOLS)"
	$(AS_ROOT)packaging/image/build.sh bundle $(ARCH) $(IMAGE_VERSION)

.PHONY: boot-image
boot-image: venv ## the image in QEMU: enrolment, 20 plugs pulled, updates good and bad (root; an hour emulated)
	@$(MAKE) --no-print-directory debian-packages DEBIAN_PACKAGES="$(BOOT_IMAGE_TOOLS)"
	$(AS_ROOT)$(PY) packaging/image/trial/story.py --arch $(ARCH)

.PHONY: test-arm
test-arm: ## the core's tests on emulated arm64 and armhf Debian, log in build/ (root; some hours)
	@$(MAKE) --no-print-directory debian-packages DEBIAN_PACKAGES="$(IMAGE_TOOLS)"
	$(AS_ROOT)packaging/arm-test.sh arm64 trixie
	$(AS_ROOT)packaging/arm-test.sh armhf bookworm

.PHONY: boot-test
boot-test: venv ## the packages under a real systemd in a container, its plug pulled 20 times (after make deb; root)
	$(AS_ROOT)$(PY) packaging/boot_test.py

.PHONY: check-buildroot
check-buildroot: ## the Buildroot recipe against a checkout of Buildroot: style, configuration, plan; BUILDROOT=folder
	@test -n "$(BUILDROOT)" || { echo "error: say where Buildroot is: make check-buildroot BUILDROOT=folder"; exit 1; }
	@$(MAKE) --no-print-directory debian-packages DEBIAN_PACKAGES="python3-magic python3-flake8 shellcheck flex bison file rsync bc cpio unzip"
	packaging/buildroot/check.sh $(BUILDROOT)

.PHONY: bench-arm
bench-arm: $(BENCH_STAMP) ## a check's cost against ORB on emulated arm64 (after make test-arm; root)
	$(AS_ROOT)packaging/arm-orb.sh $(PY)
