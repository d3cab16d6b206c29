"""The introduction to Home Assistant, against its documented keys."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from viewkeeper.agent.adapters.link.discovery import DiscoveryForm, Introduction
from viewkeeper.agent.adapters.link.entities import ENTITIES, Entity
from viewkeeper.protocol.topics import Topics

MINE = Topics("north-gate", "cam-01")
# Documented at home-assistant.io/integrations/{binary_sensor,sensor}.mqtt and in the discovery
# section of /integrations/mqtt, as of 2024.3. One unknown key makes it refuse the payload.
SHARED_KEYS = {
    "availability_topic",
    "device",
    "device_class",
    "entity_category",
    "expire_after",
    "icon",
    "name",
    "origin",
    "payload_available",
    "payload_not_available",
    "state_topic",
    "unique_id",
    "value_template",
}
KEYS = {
    "binary_sensor": SHARED_KEYS,
    "sensor": SHARED_KEYS
    | {"options", "state_class", "suggested_display_precision", "unit_of_measurement"},
}
DEVICE_KEYS = {"identifiers", "manufacturer", "model", "name", "suggested_area", "sw_version"}
ORIGIN_KEYS = {"name", "sw_version"}
DEVICE_ROOT_KEYS = {
    "availability_topic",
    "components",
    "device",
    "origin",
    "payload_available",
    "payload_not_available",
    "state_topic",
}
TOPIC = re.compile(r"homeassistant/\w+/(?:[a-zA-Z0-9_-]+/)?[a-zA-Z0-9_-]+/config")
CLASSES = {
    "binary_sensor": {"tamper", "problem"},
    "sensor": {"enum", "temperature", "frequency"},
}


def said(form: DiscoveryForm = DiscoveryForm.COMPONENT) -> dict[str, dict[str, Any]]:
    messages = Introduction(form=form, version="1.2.3").messages(MINE)
    return {topic: json.loads(payload) for topic, payload in messages.items()}


def test_every_topic_is_one_home_assistant_listens_to():
    for form in DiscoveryForm:
        assert all(TOPIC.fullmatch(topic) for topic in said(form))


def test_no_key_is_used_that_home_assistant_does_not_know():
    for topic, payload in said().items():
        platform = topic.split("/")[1]
        assert set(payload) <= KEYS[platform], topic
        assert set(payload["device"]) <= DEVICE_KEYS
        assert set(payload["origin"]) <= ORIGIN_KEYS


def test_the_device_form_says_the_same_in_one_message():
    (topic,), (whole,) = said(DiscoveryForm.DEVICE).keys(), said(DiscoveryForm.DEVICE).values()
    assert topic == "homeassistant/device/north-gate_cam-01/config"
    assert set(whole) == DEVICE_ROOT_KEYS
    shared = {key: whole[key] for key in DEVICE_ROOT_KEYS - {"components"}}
    for topic, payload in said().items():
        platform, key = topic.split("/")[1], topic.split("/")[3]
        component = whole["components"][key]
        assert component.pop("platform") == platform
        assert {**component, **shared} == payload


def test_no_entity_can_change_anything():
    for form in DiscoveryForm:
        for payload in Introduction(form=form).messages(MINE).values():
            assert b"command" not in payload
    assert {entity.platform for entity in ENTITIES} == {"sensor", "binary_sensor"}


def test_everything_is_read_from_state_and_available_by_status():
    for payload in said().values():
        assert payload["state_topic"] == MINE.state
        assert payload["availability_topic"] == MINE.status
        assert (payload["payload_available"], payload["payload_not_available"]) == (
            "online",
            "offline",
        )
        assert payload["expire_after"] == 900


def test_ids_are_unique_and_name_site_and_camera():
    ids = [payload["unique_id"] for payload in said().values()]
    assert len(set(ids)) == len(ids) == len(ENTITIES)
    assert all(name.startswith("viewkeeper_north-gate_cam-01_") for name in ids)


def by_key(key: str) -> dict[str, Any]:
    return next(payload for topic, payload in said().items() if topic.split("/")[3] == key)


def test_a_moved_view_is_tampering_and_faults_are_problems():
    assert by_key("view_moved")["device_class"] == "tamper"
    for key in ("sign", "storage", "clock", "order_refused", "view_unknown"):
        assert by_key(key)["device_class"] == "problem"


def test_angles_are_degrees_and_no_measurement_angles():
    for key in ("pan", "tilt", "roll"):
        payload = by_key(key)
        assert payload["unit_of_measurement"] == "°"
        assert payload["state_class"] == "measurement"
    assert "unit_of_measurement" not in by_key("zoom")


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.key)
def test_device_classes_units_and_options_go_together(entity: Entity):
    if entity.device_class is not None:
        assert entity.device_class in CLASSES[entity.platform]
    assert bool(entity.options) == (entity.device_class == "enum")
    if entity.device_class == "enum":  # it may then have neither
        assert entity.unit is None
        assert entity.state_class is None


def test_no_expiry_leaves_the_key_out():
    for payload in Introduction(expire_s=0).messages(MINE).values():
        assert b"expire_after" not in payload


def test_a_message_stays_below_what_a_site_broker_takes():
    for form in DiscoveryForm:
        assert all(
            len(payload) < 16_384 for payload in Introduction(form=form).messages(MINE).values()
        )


MIRROR: dict[str, Any] = {
    "device": "cam-01",
    "clock": "synchronised",
    "view": {
        "verdict": "same",
        "cause": None,
        "pan_deg": 0.1,
        "tilt_deg": None,
        "roll_deg": -0.2,
        "zoom": 1.0,
    },
    "signage": {"state": "present", "lit": "lit", "current_ma": 300},
    "health": {"frame_rate_hz": 1.0, "storage_free": 0.42, "temperature_c": 41.5},
    "lifecycle": "in_use",
    "refusals": 3,
    "last_refusal": None,
}


def rendered(key: str, **changes: Any) -> str:
    """The template as Home Assistant would render it (its engine is Jinja)."""
    jinja2 = pytest.importorskip("jinja2")
    entity = next(entity for entity in ENTITIES if entity.key == key)
    mirror = {**MIRROR, **changes}
    return str(
        jinja2.Environment(autoescape=False).from_string(entity.template).render(value_json=mirror)
    )


@pytest.mark.parametrize(
    ("key", "changes", "expected"),
    [
        ("view_moved", {}, "OFF"),
        ("view_moved", {"view": {"verdict": "moved"}}, "ON"),
        ("view_moved", {"view": {"verdict": "cannot_tell"}}, "None"),
        ("view_unknown", {"view": {"verdict": "cannot_tell"}}, "ON"),
        ("view_unknown", {}, "OFF"),
        ("sign", {}, "OFF"),
        ("sign", {"signage": {"state": "missing", "lit": "unknown"}}, "ON"),
        ("sign", {"signage": {"state": "unknown", "lit": "unknown"}}, "None"),
        ("sign", {"signage": {"state": "unknown", "lit": "failing"}}, "ON"),
        ("storage", {}, "OFF"),
        ("storage", {"health": {"storage_free": 0.01}}, "ON"),
        ("storage", {"health": {"storage_free": None}}, "None"),
        ("clock", {"clock": "floor"}, "ON"),
        ("order_refused", {}, "OFF"),
        ("order_refused", {"last_refusal": "unsigned"}, "ON"),
        ("pan", {}, "0.1"),
        ("tilt", {}, "None"),
        ("storage_free", {}, "42.0"),
        ("storage_free", {"health": {"storage_free": None}}, "None"),
        ("lifecycle", {}, "in_use"),
        ("refusals", {}, "3"),
    ],
)
def test_each_state_follows_from_the_mirror(key: str, changes: dict[str, Any], expected: str):
    assert rendered(key, **changes) == expected
