# certutil: puts a site's authority into a browser's store (tests/browser/test_secure.py)
DEBIAN_PACKAGES += libnss3-tools

.PHONY: bench-dashboard

bench-dashboard: $(STAMP) ## the page: bytes, first paint, frames while 10,000 cameras scroll; writes docs/benchmarks/dashboard.md
	$(PY) -m tests.bench.bench_dashboard
