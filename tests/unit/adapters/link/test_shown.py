"""The mirror goes when a person in Home Assistant would see something new, else now and then."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest

from tests.unit.adapters.link.test_discovery import MIRROR
from viewkeeper.agent.adapters.link.discovery import Introduction
from viewkeeper.agent.adapters.link.entities import ENTITIES
from viewkeeper.agent.adapters.link.messages import dress
from viewkeeper.agent.adapters.link.outbox import Outbox
from viewkeeper.agent.adapters.link.sender import Sender
from viewkeeper.agent.adapters.link.settings import LinkSettings
from viewkeeper.agent.adapters.link.shown import STEPS, WORDS, shows_otherwise
from viewkeeper.agent.adapters.link.voice import Voice


def mirror(**changes: Any) -> bytes:
    """``MIRROR`` with some values of it changed, by path with ``__`` for a dot."""
    whole = copy.deepcopy(MIRROR)
    for path, value in changes.items():
        *folders, key = path.split("__")
        place: Any = whole
        for folder in folders:
            place = place[folder]
        place[key] = value
    return json.dumps(whole).encode()


def test_all_that_entities_read_is_compared_and_nothing_else():
    read = {
        path
        for entity in ENTITIES
        for path in re.findall(r"value_json\.([a-z_.]+)", entity.template)
    }
    assert read == set(WORDS) | set(STEPS)


def test_a_step_is_a_digit_of_what_is_displayed():
    for path, step in STEPS.items():
        entity = next(e for e in ENTITIES if e.platform == "sensor" and path in e.template)
        assert entity.precision is not None
        scale = 100 if entity.unit == "%" else 1
        assert step * scale == pytest.approx(10.0**-entity.precision)


@pytest.mark.parametrize(
    ("changes", "other"),
    [
        ({}, False),
        ({"device": "cam-02", "signage__current_ma": 999}, False),
        ({"view__pan_deg": 0.19}, False),
        ({"view__pan_deg": 0.2}, True),
        ({"view__pan_deg": None}, True),
        ({"view__tilt_deg": 0.0}, True),
        ({"view__zoom": 0.9989}, True),
        ({"health__storage_free": 0.421}, True),
        ({"health__temperature_c": 42.4}, False),
        ({"health__temperature_c": 40.5}, True),
        ({"health__frame_rate_hz": 0.95}, False),
        ({"clock": "floor"}, True),
        ({"refusals": 4}, True),
        ({"signage": None}, True),
    ],
)
def test_a_mirror_shows_something_else_by_a_word_or_a_step(changes: dict[str, Any], other: bool):
    assert shows_otherwise(mirror(), mirror(**changes)) is other


class Spoken:
    """A voice with a clock of its own, and what stands on ``state``."""

    def __init__(self, introduction: Introduction | None) -> None:
        self.now_s = 0.0
        settings = LinkSettings(host="h", port=1, site="s1", camera="c1", introduction=introduction)
        topics = settings.topics
        outbox = Outbox(None, most_rows=9, most_bytes=4096, linger_s=1.0, clock=self.clock)
        self.sender = Sender(
            outbox, topics.history, dress(topics, 60, 60), history_rate_hz=1.0, clock=self.clock
        )
        self.voice = Voice(settings, self.sender, self.clock, lambda for_card: None)

    def clock(self) -> float:
        return self.now_s

    def went(self, payload: bytes, after_s: float, *, changed: bool = False) -> bool:
        """Whether a mirror spoken so long after the last goes out."""
        while self.sender.next() is not None:
            pass
        self.now_s += after_s
        self.voice.publish_state(payload, changed=changed)
        job = self.sender.next()
        if job is None:
            return False
        self.sender.sent(1, job)
        self.sender.acknowledged(1, refused=False)
        return True


def test_without_home_assistant_a_mirror_that_tells_nothing_new_goes_once_an_hour():
    spoken = Spoken(None)
    assert spoken.went(mirror(), 0.0)
    assert not spoken.went(mirror(view__pan_deg=0.9), 3599.0)
    assert spoken.went(mirror(), 1.0)
    assert spoken.went(mirror(), 1.0, changed=True)


def test_for_home_assistant_it_goes_by_a_step_and_before_its_states_expire():
    introduction = Introduction(expire_s=900)
    spoken = Spoken(introduction)
    assert spoken.went(mirror(), 0.0)
    assert not spoken.went(mirror(view__pan_deg=0.15), 60.0)
    assert spoken.went(mirror(view__pan_deg=0.21), 60.0)
    assert not spoken.went(mirror(view__pan_deg=0.15), 299.0)
    assert spoken.went(mirror(view__pan_deg=0.15), 1.0)
    assert 3 * introduction.renew_s <= introduction.expire_s


def test_where_states_never_expire_it_goes_once_an_hour():
    spoken = Spoken(Introduction(expire_s=0))
    assert spoken.went(mirror(), 0.0)
    assert not spoken.went(mirror(), 3599.0)
    assert spoken.went(mirror(), 1.0)
