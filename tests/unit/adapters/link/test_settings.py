from pathlib import Path
from typing import Any

import pytest

from viewkeeper.agent.adapters.link.settings import LinkSettings, TlsSettings
from viewkeeper.protocol.errors import SetupError

GOOD: dict[str, Any] = {"host": "broker", "port": 8883, "site": "s1", "camera": "c1"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"host": ""},
        {"port": 0},
        {"port": 70_000},
        {"site": "Upper"},
        {"camera": "a/b"},
        {"camera": "+"},
        {"retry_first_s": 0.0},
        {"retry_first_s": 10.0, "retry_most_s": 5.0},
        {"keepalive_s": 1},
        {"outbox_rows": 0},
        {"outbox_bytes": 10},
        {"history_rate_hz": 0.0},
    ],
)
def test_a_setting_that_cannot_work_is_refused_with_a_hint(wrong: dict[str, Any]):
    with pytest.raises(SetupError) as caught:
        LinkSettings(**{**GOOD, **wrong})
    assert caught.value.hint


def test_the_client_id_names_site_and_camera_unless_given():
    assert LinkSettings(**GOOD).mqtt_client_id == "s1.c1"
    assert LinkSettings(**GOOD, client_id="mine").mqtt_client_id == "mine"


def test_a_certificate_without_its_key_is_refused():
    with pytest.raises(SetupError):
        TlsSettings(ca=Path("ca"), cert=Path("cert"))
