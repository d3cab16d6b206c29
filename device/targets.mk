.PHONY: device

DEVICE_OUT ?= build/device

device: venv ## compile the device for every architecture into build/device and make a LittleFS image of each
	$(PY) device/tools/build.py $(DEVICE_OUT)
