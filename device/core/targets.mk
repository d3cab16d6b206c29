.PHONY: device-schema

schema: device-schema

device-schema: venv
	$(PY) device/tools/generate_core.py
