"""The page's copy of the wire contract comes from the contract."""

from __future__ import annotations

import pytest

from viewkeeper.dashboard import schema
from viewkeeper.protocol import fields
from viewkeeper.protocol.errors import Reason
from viewkeeper.protocol.records import BODIES


def test_the_schema_file_is_in_date() -> None:
    assert schema.SCHEMA.read_text(encoding="utf-8") == schema.source(), (
        "run: python -m viewkeeper.dashboard.schema"
    )


def test_every_message_reason_and_vocabulary_is_in_it() -> None:
    text = schema.source()
    for body in BODIES.values():
        assert f"  {body.__name__}: [" in text
    for reason in Reason:
        assert f'"{reason.value}"' in text
    assert schema.numbered()["RecordKind"]["report"] == 1
    assert schema.vocabularies()["ViewVerdict"][0] == "same"


def test_a_nested_message_brings_its_own_fields() -> None:
    found: dict[str, list[dict[str, object]]] = {}
    schema.collect(BODIES[next(iter(BODIES))], found)
    assert {"Report", "ViewReport", "MoveReport"} <= set(found)
    assert found["MoveReport"][0]["key"] == 1


def test_a_kind_of_field_that_is_not_known_is_an_error_and_not_a_guess() -> None:
    class Other(fields.Kind):
        pass

    with pytest.raises(TypeError, match="Other"):
        schema.describe(Other())


def test_check_says_whether_the_file_is_in_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert schema.main(["--check"]) == 0
    assert "in date" in capsys.readouterr().out
