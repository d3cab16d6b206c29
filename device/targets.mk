.PHONY: device device-arm device-audit device-frozen flash

DEVICE_OUT ?= build/device
ARM_OUT ?= build/arm

device: venv ## compile the device for every architecture into build/device and make a LittleFS image of each
	$(PY) device/tools/build.py $(DEVICE_OUT)

device-arm: venv ## run the device's core on emulated 32- and 64-bit ARM (needs qemu-user-static)
	$(PY) device/tools/arm.py $(ARM_OUT); told=$$?; $(PY) device/tools/figures.py arm $(ARM_OUT) docs/benchmarks/device-arm.md; exit $$told

# MICROPYTHON=checkout MICROPYTHON_LIB=checkout
device-frozen: venv ## build MicroPython's unix port with the device frozen in, and run it: MICROPYTHON=DIR MICROPYTHON_LIB=DIR
	@[ -n "$(MICROPYTHON)" ] && [ -n "$(MICROPYTHON_LIB)" ] || { echo "error: name checkouts: make device-frozen MICROPYTHON=DIR MICROPYTHON_LIB=DIR" >&2; exit 1; }
	$(PY) device/tools/frozen.py build/frozen $(MICROPYTHON) $(MICROPYTHON_LIB)

# PORT=/dev/ttyACM0 DEVICE_ARCH=armv6m FLASH="--desk desk --settings settings.json"
flash: device ## put the built program on a board: PORT=/dev/ttyACM0 DEVICE_ARCH=armv6m FLASH="--desk DIR"
	@[ -n "$(PORT)" ] || { echo "error: name the board's console: make flash PORT=/dev/ttyACM0" >&2; exit 1; }
	$(PY) device/tools/flash.py $(PORT) $(DEVICE_OUT)/$(or $(DEVICE_ARCH),plain) $(FLASH)

# PORT=/dev/ttyACM0 (or a storage folder) OUT=dev-1.zip
device-audit: venv ## export a device's audit bundle: PORT=/dev/ttyACM0 or a storage folder, OUT=dev-1.zip
	@[ -n "$(PORT)" ] && [ -n "$(OUT)" ] || { echo "error: name console and file: make device-audit PORT=/dev/ttyACM0 OUT=dev-1.zip" >&2; exit 1; }
	$(PY) device/tools/export.py $(PORT) $(OUT)
