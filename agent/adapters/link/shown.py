"""Whether a new mirror would show a person in Home Assistant anything new. Pure.

What entities.py reads of the mirror is listed here with how far a number must go to count: a step
of what is displayed. A unit test holds the two against each other.
"""

from __future__ import annotations

import json
from typing import Any

WORDS = (
    "clock",
    "lifecycle",
    "refusals",
    "last_refusal",
    "view.verdict",
    "view.cause",
    "signage.state",
    "signage.lit",
)
STEPS = {
    "view.pan_deg": 0.1,
    "view.tilt_deg": 0.1,
    "view.roll_deg": 0.1,
    "view.zoom": 0.001,
    "health.storage_free": 0.001,
    "health.temperature_c": 1.0,
    "health.frame_rate_hz": 0.1,
}
_ROUNDING = 1e-9


def shows_otherwise(before: bytes, now: bytes) -> bool:
    """Whether two mirrors (JSON objects) differ in a word, or in a number by a step of it."""
    old, new = json.loads(before), json.loads(now)
    if any(_at(old, path) != _at(new, path) for path in WORDS):
        return True
    return any(_stepped(_at(old, path), _at(new, path), step) for path, step in STEPS.items())


def _stepped(old: float | None, new: float | None, step: float) -> bool:
    if old is None or new is None:
        return old is not new
    return abs(new - old) >= step - _ROUNDING


def _at(mirror: Any, path: str) -> Any:
    for key in path.split("."):
        if not isinstance(mirror, dict):
            return None
        mirror = mirror.get(key)
    return mirror
