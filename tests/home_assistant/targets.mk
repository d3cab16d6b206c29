# Home Assistant is large and pins old libraries: environments of its own, outside the tests.
HA_COMPONENT := 2024.3.3
HA_DEVICE := 2024.12.5
# The second one needs Python 3.12; without it only the component form is tried.
HA_PYTHON ?= python3.12
.PHONY: home-assistant

home-assistant: venv debian-packages build/home-assistant-$(HA_COMPONENT)/.installed ## a real Home Assistant shows a real agent: every entity, both forms; writes docs/benchmarks/home-assistant.md
	@if $(HA_PYTHON) -c "" 2>/dev/null; then \
		$(MAKE) --no-print-directory build/home-assistant-$(HA_DEVICE)/.installed PYTHON=$(HA_PYTHON); \
	else echo "no $(HA_PYTHON) here: the device form is not tried"; fi
	VIEWKEEPER_HOME_ASSISTANT="component=build/home-assistant-$(HA_COMPONENT)/bin/python \
		$$(test -f build/home-assistant-$(HA_DEVICE)/.installed && echo device=build/home-assistant-$(HA_DEVICE)/bin/python)" \
	VIEWKEEPER_HOME_ASSISTANT_OUT=docs/benchmarks/home-assistant.md \
		$(PY) -m pytest -q --timeout 900 tests/home_assistant

# josepy 2 and setuptools 81 took away what these versions of Home Assistant use.
build/home-assistant-%/.installed:
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check "homeassistant==$*" "josepy<2" "setuptools<81"
	$(@D)/bin/python tests/home_assistant/requirements.py > $(@D)/requirements.txt
	$(@D)/bin/pip install --quiet --disable-pip-version-check -r $(@D)/requirements.txt
	touch $@
