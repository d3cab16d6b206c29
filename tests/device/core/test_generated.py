"""The device's tables are what the declarations say."""

import importlib.util
import unicodedata

import pytest

from tests.device.runner import ROOT

_SPEC = importlib.util.spec_from_file_location(
    "generate_core", ROOT / "device" / "tools" / "generate_core.py"
)
generate_core = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(generate_core)


@pytest.mark.parametrize("name", generate_core.FILES)
def test_a_generated_table_is_what_its_generator_writes(name):
    if name == "characters.py":
        text = (ROOT / "device" / "core" / name).read_text("utf-8")
        if unicodedata.unidata_version not in text:
            pytest.skip("another version of Unicode than the one the table was written with")
    assert (ROOT / "device" / "core" / name).read_text("utf-8") == generate_core.text_of(name)
