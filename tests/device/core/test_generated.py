"""The device's tables are what the declarations say."""

import unicodedata

import pytest

from tests.device.runner import ROOT, device_tool

generate_core = device_tool("generate_core")


@pytest.mark.parametrize("name", generate_core.FILES)
def test_a_generated_table_is_what_its_generator_writes(name):
    if name == "characters.py":
        text = (ROOT / "device" / "core" / name).read_text("utf-8")
        if unicodedata.unidata_version not in text:
            pytest.skip("another version of Unicode than the one the table was written with")
    assert (ROOT / "device" / "core" / name).read_text("utf-8") == generate_core.text_of(name)
