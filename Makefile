# Viewkeeper. `make` alone lists what there is.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
BENCH_STAMP := $(VENV)/.installed-bench
# Debian packages the tests drive: the real broker, the real browser, glyphs for 中文.
DEBIAN_PACKAGES := mosquitto chromium fonts-wqy-microhei
DEMO ?= stay
DATA ?=
VECTORS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test lint types unit coverage bench bench-view bench-events certs venv debian-packages schema \
	vectors kill lock clean

help: ## list these targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 18

demo: venv ## broker, signing desk, an agent and a device on virtual cameras, dashboard; DEMO=once checks itself and ends
	$(PY) -m viewkeeper.sim.cli demo $(if $(filter once,$(DEMO)),--once)

test: venv debian-packages lint ## set up everything and run every check; VECTORS=dir: foreign ones too
	VECTORS=$(VECTORS) $(PY) -m pytest -n 2 --dist loadfile 

lint: venv ## style, types and the directions of imports
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff check device
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports --no-cache
	$(MAKE) --no-print-directory types

types: venv
	$(VENV)/bin/pyright --warnings

unit: venv ## the fast tests alone
	$(PY) -m pytest -q -n 2 tests/unit

coverage: venv ## branch coverage of the unit tests
	$(PY) -m pytest -q tests/unit --cov --cov-report=term --cov-report=html

bench: $(BENCH_STAMP) ## measure against the named peers; writes docs/benchmarks.md
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(PY) -m tests.bench.bench_all

bench-view: $(BENCH_STAMP) ## the view check against its peers at length; DATA=folder for your own pictures
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(PY) -m tests.bench.bench_view $(if $(DATA),--data $(DATA))

bench-events: $(BENCH_STAMP) ## zone events on scenes with truth, against OpenCV; HOURS=24 of empty street; DATA=your clips
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(PY) -m tests.bench.bench_events $(if $(DATA),--data $(DATA)) $(if $(HOURS),--hours $(HOURS))

certs: venv ## a small certificate authority for a pilot in ./certs: broker, desk, dashboard, one camera
	$(PY) broker_config/certs.py init --server localhost certs
	$(PY) broker_config/certs.py issue certs desk desk
	$(PY) broker_config/certs.py issue certs recorder recorder
	$(PY) broker_config/certs.py issue certs dashboard dashboard
	$(PY) broker_config/certs.py issue certs camera pilot/cam-0001
	$(PY) broker_config/certs.py acl certs > certs/acl

venv: $(STAMP) ## the virtual environment, from the lock file

$(STAMP): requirements.lock requirements-contract.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "error: Python 3.11 or newer is needed; try: make PYTHON=python3.11 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
		{ echo "error: Python's venv module is not whole; on Debian: sudo apt install python3-venv"; exit 1; }
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
# --no-deps: the lock names everything. Resolving again, pip may prefer a release that came out since.
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-contract.lock
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(BENCH_STAMP): requirements-bench.lock $(STAMP)
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-bench.lock
	@touch $@

debian-packages: ## Debian packages that the tests drive; does nothing when they are there
	@missing=""; for package in $(DEBIAN_PACKAGES); do \
		dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; \
	done; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	echo "The tests drive the real broker and browser; installing:$$missing"; \
	as_root=""; [ "$$(id -u)" = 0 ] || as_root=sudo; \
	command -v apt-get >/dev/null || { echo "error: no apt-get here; install by hand:$$missing"; exit 1; }; \
	$$as_root apt-get update -qq && \
	DEBIAN_FRONTEND=noninteractive $$as_root apt-get install -y -qq --no-install-recommends $$missing

schema: venv ## write the generated schemas: protocol/schema.cddl, the page's field table, docs/agent.schema.json
	$(PY) -m viewkeeper.protocol.cddl > protocol/schema.cddl
	$(PY) -m viewkeeper.dashboard.schema
	$(PY) -m viewkeeper.agent.cli settings-schema > docs/agent.schema.json

vectors: venv ## write protocol/vectors/*.json anew from their generators
	$(PY) -m viewkeeper.protocol.vectors.generate

kill: venv ## five hundred kill -9 of a camera that is being given orders
	VIEWKEEPER_KILLS=500 $(PY) -m pytest -q --timeout 3000 tests/integration/store/test_kill.py

lock: ## renew the lock files (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		--no-emit-package viewkeeper --extra dev pyproject.toml -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		--no-emit-package viewkeeper --extra bench -c requirements.lock pyproject.toml -o requirements-bench.lock

# Rooms with targets of their own keep them beside their code.
include $(filter-out viewkeeper/%,$(wildcard */targets.mk */*/targets.mk))

clean: ## remove what was built and installed here
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .hypothesis htmlcov artefacts var
