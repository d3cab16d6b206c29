.PHONY: deb
SUITE ?= trixie

deb: ## Debian packages in dist/, built, checked and tried in a clean root (needs root); SUITE=trixie
	$(if $(filter 0,$(shell id -u)),,sudo )packaging/build-deb.sh $(SUITE)

.PHONY: arm-test
arm-test: ## the core's tests on emulated arm64 and armhf Debian (root, qemu-user-static; over an hour)
	for root in "arm64 trixie" "armhf trixie"; do \
		$(if $(filter 0,$(shell id -u)),,sudo )packaging/arm-test.sh $$root || exit 1; \
	done

.PHONY: boot-test
boot-test: venv ## the packages under a real systemd in a container, its plug pulled 20 times (after make deb; root)
	$(if $(filter 0,$(shell id -u)),,sudo )$(PY) packaging/boot_test.py
