################################################################################
#
# viewkeeper-device
#
################################################################################

VIEWKEEPER_DEVICE_VERSION = 0.1.0
VIEWKEEPER_DEVICE_SITE = $(BR2_EXTERNAL_VIEWKEEPER_PATH)/../../device
VIEWKEEPER_DEVICE_SITE_METHOD = local
VIEWKEEPER_DEVICE_LICENSE = Apache-2.0
VIEWKEEPER_DEVICE_DEPENDENCIES = micropython-tls

# What runs on a tiny Linux; boards, their drivers and the desk's tools stay at home.
VIEWKEEPER_DEVICE_ROOMS = core hal net store drivers boards
VIEWKEEPER_DEVICE_HOME = $(TARGET_DIR)/usr/lib/viewkeeper/device

define VIEWKEEPER_DEVICE_INSTALL_TARGET_CMDS
	$(INSTALL) -d -m 0755 $(VIEWKEEPER_DEVICE_HOME)
	$(INSTALL) -m 0644 $(@D)/*.py $(VIEWKEEPER_DEVICE_HOME)/
	$(foreach room,$(VIEWKEEPER_DEVICE_ROOMS),\
		$(INSTALL) -d -m 0755 $(VIEWKEEPER_DEVICE_HOME)/$(room)
		$(INSTALL) -m 0644 $(@D)/$(room)/*.py $(VIEWKEEPER_DEVICE_HOME)/$(room)/
	)
	rm -f $(VIEWKEEPER_DEVICE_HOME)/manifest.py $(VIEWKEEPER_DEVICE_HOME)/loader.py \
		$(VIEWKEEPER_DEVICE_HOME)/hal/fake.py
	$(INSTALL) -D -m 0755 $(VIEWKEEPER_DEVICE_PKGDIR)/viewkeeper-device \
		$(TARGET_DIR)/usr/bin/viewkeeper-device
endef

define VIEWKEEPER_DEVICE_INSTALL_INIT_SYSV
	$(INSTALL) -D -m 0755 $(VIEWKEEPER_DEVICE_PKGDIR)/S95viewkeeper-device \
		$(TARGET_DIR)/etc/init.d/S95viewkeeper-device
endef

define VIEWKEEPER_DEVICE_USERS
	viewkeeper -1 viewkeeper -1 * /var/lib/viewkeeper - video Viewkeeper
endef

$(eval $(generic-package))
