.PHONY: deb
SUITE ?= trixie

deb: ## Debian packages in dist/, built, checked and tried in a clean root (needs root); SUITE=trixie
	$(if $(filter 0,$(shell id -u)),,sudo )packaging/build-deb.sh $(SUITE)
