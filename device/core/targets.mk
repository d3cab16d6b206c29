.PHONY: device-schema

schema: device-schema

device-schema: venv
	$(PY) device/tools/generate_core.py

.PHONY: device-sizes device-soak

device-sizes: venv ## measure flash and RAM of each module of the device's core into docs/device.md
	$(PY) device/tools/core_sizes.py

device-soak: venv ## ten thousand turns of the device's core with the heap watched
	VIEWKEEPER_SOAK_TURNS=10000 $(PY) -m pytest -q --timeout 3000 tests/device/core/test_soak.py
