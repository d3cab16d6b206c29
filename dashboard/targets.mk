# The recorder's tests write to a real PostgreSQL, too.
DEBIAN_PACKAGES += postgresql
