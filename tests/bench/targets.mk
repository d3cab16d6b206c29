# Peers of the trust room. cwt holds cbor2 below 6, so they have an environment of their own.
PEERS_STAMP := artefacts/peers/.installed

bench: $(PEERS_STAMP)

$(PEERS_STAMP): tests/bench/peers-trust.txt $(STAMP)
	$(PYTHON) -m venv artefacts/peers
	artefacts/peers/bin/python -m pip install --quiet --disable-pip-version-check -r tests/bench/peers-trust.txt
	@touch $@

.PHONY: bench-quality

bench-quality: $(BENCH_STAMP) ## ROC of the image-health measures; DATA=folder of .hdr panoramas, else made streets
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(PY) -m tests.bench.bench_quality $(if $(DATA),--data $(DATA))

.PHONY: bench-recorder

bench-recorder: venv ## processor time of the recorder a message, in SQLite and PostgreSQL
	$(PY) -m tests.bench.bench_recorder

.PHONY: bench-fov

bench-fov: $(BENCH_STAMP) ## how well the field of view is measured from a sweep; DATA=folder of .hdr panoramas
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(PY) -m tests.bench.bench_fov $(if $(DATA),--data $(DATA))

.PHONY: bench-year

bench-year: $(BENCH_STAMP) ## false alarms and knocks through a year, a slow drift, and the decision's theory; DATA=folder
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(PY) -m tests.bench.bench_year $(if $(DATA),--data $(DATA))
	$(PY) -m viewkeeper.sim.cli decision --out docs/benchmarks/decision.md

.PHONY: bench-references

bench-references: $(BENCH_STAMP) ## a noisy night by frames alone, stacked, and with learned references; DATA=folder of panoramas
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(PY) -m tests.bench.bench_references $(if $(DATA),--data $(DATA))

.PHONY: picture-reference

picture-reference: $(BENCH_STAMP) ## draw what can be seen in a registered view's file (docs/pictures/reference.jpg)
	$(PY) -m tests.bench.picture_reference

.PHONY: bench-sources

bench-sources: venv debian-packages ## a camera cut, frozen, dripping, garbled, too large: what it costs the agent, and recovery
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(PY) -m tests.bench.bench_sources

.PHONY: bench-clips

CLIPS := artefacts/clips

bench-clips: $(BENCH_STAMP) $(CLIPS)/vtest.avi ## zone events on real clips with truth (Debian's opencv-doc has one; docs/events.md names the others)
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(PY) -m tests.bench.bench_events --data $(CLIPS)

$(CLIPS)/vtest.avi:
	@mkdir -p $(CLIPS)
	cd $(CLIPS) && apt-get download opencv-doc
	dpkg-deb --fsys-tarfile $(CLIPS)/opencv-doc_*.deb | tar -xO ./usr/share/doc/opencv-doc/examples/data/vtest.avi > $@.part
	mv $@.part $@ && rm $(CLIPS)/opencv-doc_*.deb

.PHONY: examples

examples: $(BENCH_STAMP) ## play an example of every flag and every kind of sign (docs/benchmarks/examples.md)
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(PY) -m tests.bench.events_tour
