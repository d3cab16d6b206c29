################################################################################
#
# micropython-tls
#
################################################################################

MICROPYTHON_TLS_VERSION = v1.28.0
MICROPYTHON_TLS_SITE = https://github.com/micropython/micropython.git
MICROPYTHON_TLS_SITE_METHOD = git
# mbedTLS, micropython-lib and berkeley-db are submodules.
MICROPYTHON_TLS_GIT_SUBMODULES = YES
MICROPYTHON_TLS_LICENSE = MIT, BSD-1-Clause, BSD-3-Clause, Zlib, Apache-2.0
MICROPYTHON_TLS_LICENSE_FILES = LICENSE
MICROPYTHON_TLS_DEPENDENCIES = host-python3

# Architectures without a register dump of their own.
ifeq ($(BR2_i386)$(BR2_x86_64)$(BR2_arm)$(BR2_armeb),)
MICROPYTHON_TLS_CFLAGS += -DMICROPY_GCREGS_SETJMP=1
endif

MICROPYTHON_TLS_MAKE_OPTS = \
	MICROPY_PY_BTREE=0 \
	MICROPY_PY_FFI=0 \
	MICROPY_PY_SSL=1 \
	MICROPY_SSL_MBEDTLS=1 \
	CROSS_COMPILE=$(TARGET_CROSS) \
	CFLAGS_EXTRA="$(MICROPYTHON_TLS_CFLAGS)" \
	LDFLAGS_EXTRA="$(TARGET_LDFLAGS)" \
	CWARN=

define MICROPYTHON_TLS_BUILD_CMDS
	$(TARGET_MAKE_ENV) $(MAKE) -C $(@D)/mpy-cross CROSS_COMPILE=
	$(TARGET_MAKE_ENV) $(MAKE) -C $(@D)/ports/unix $(MICROPYTHON_TLS_MAKE_OPTS)
endef

define MICROPYTHON_TLS_INSTALL_TARGET_CMDS
	$(TARGET_MAKE_ENV) $(MAKE) -C $(@D)/ports/unix $(MICROPYTHON_TLS_MAKE_OPTS) \
		DESTDIR=$(TARGET_DIR) PREFIX=/usr install
endef

$(eval $(generic-package))
