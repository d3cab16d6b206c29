# Fuzzing and mutation checks: hours of machine time, so targets of their own.
FUZZ_S ?= 600
FUZZ_DIR ?= artefacts/fuzz

.PHONY: fuzz mutants

fuzz: venv ## fuzz decoder and order verifier for FUZZ_S=600 seconds; new findings in artefacts/fuzz
	$(PY) -m pip install --quiet --disable-pip-version-check 'atheris>=3'
	mkdir -p $(FUZZ_DIR)/corpus $(FUZZ_DIR)/crashes
	cp tests/fuzz/corpus/* $(FUZZ_DIR)/corpus/
	$(PY) -m tests.fuzz.fuzz $(FUZZ_DIR)/corpus -max_total_time=$(FUZZ_S) -max_len=4096 -timeout=20 \
		-artifact_prefix=$(FUZZ_DIR)/crashes/

mutants: venv ## change trust and policy rooms one small thing at a time; the tests must notice 95 %
	$(PY) -u -m tests.mutation.run $(ROOMS)
