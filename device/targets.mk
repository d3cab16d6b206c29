.PHONY: device device-arm

DEVICE_OUT ?= build/device
ARM_OUT ?= build/arm

device: venv ## compile the device for every architecture into build/device and make a LittleFS image of each
	$(PY) device/tools/build.py $(DEVICE_OUT)

device-arm: venv ## run the device's core on emulated 32- and 64-bit ARM (needs qemu-user-static)
	$(PY) device/tools/arm.py $(ARM_OUT)
