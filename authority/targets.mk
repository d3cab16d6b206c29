# The tests sign with a real PKCS#11 library and a real TPM 2.0, both in software.
DEBIAN_PACKAGES += softhsm2 swtpm tpm2-tools
