.PHONY: device-schema

schema: device-schema

device-schema: venv
	$(PY) device/tools/generate_core.py

.PHONY: device-bench device-soak

device-bench: venv ## view check beside the agent's, times, flash and RAM of each module, into docs/benchmarks/device.md
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(PY) -m tests.bench.bench_device $(if $(DATA),--data $(DATA))

SOAK_TURNS ?= 10000

device-soak: venv ## SOAK_TURNS=10000 turns of the device's core and of the whole device, the heap into docs/benchmarks/device-soak.md
	rm -rf artefacts/device-soak
	VIEWKEEPER_FIGURES=artefacts/device-soak VIEWKEEPER_SOAK_TURNS=$(SOAK_TURNS) $(PY) -m pytest -q --timeout 20000 tests/device/core/test_soak.py tests/device/test_soak.py
	$(PY) device/tools/figures.py soak artefacts/device-soak docs/benchmarks/device-soak.md
