# A fleet: minutes of both cores, so a target of its own.
FLEET_OUT ?= artefacts/fleet
FLEET ?= --cameras 5000 --seconds 360 --period 10 --connect-rate 200 --fault power-cut@90+20 \
	--fault broker-restart@180+5 --fault slow-network@250+30 --fault clock-jump@290+20
.PHONY: fleet

fleet: $(BENCH_STAMP) ## 5,000 cameras through a power cut and worse; report and plots in artefacts/fleet; FLEET="--cameras ..."
	rm -rf $(FLEET_OUT)
	$(PY) -m viewkeeper.sim.cli fleet --out $(FLEET_OUT) $(FLEET)
	{ printf '# A fleet\n\nWritten by `make fleet`: `viewkeeper-sim fleet $(strip $(FLEET))`\n\n```\n'; \
		cat $(FLEET_OUT)/report.txt; printf '```\n\n![The run](fleet.png)\n'; } > docs/benchmarks/fleet.md
	cp $(FLEET_OUT)/report.png docs/benchmarks/fleet.png

.PHONY: faults
FAULTS ?= 1000
SEED ?= 1

faults: venv ## random faults on real link, broker and recorder; FAULTS=1000 SEED=1; writes docs/benchmarks/faults.md
	$(PY) -m viewkeeper.sim.faults.run --faults $(FAULTS) --seed $(SEED) --runs 4 \
		--report docs/benchmarks/faults.md
.PHONY: sizing

sizing: $(BENCH_STAMP) ## measure what a camera costs, hold the model against three fleets; writes docs/benchmarks/sizing.md
	$(PY) -m tests.bench.bench_sizing
