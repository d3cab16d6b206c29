"""What Home Assistant shows of a camera: one entity a row, each read from the plain mirror. Pure.

None can write anything. Home Assistant cannot sign, so there is no button that accepts a new view
and no field that changes a configuration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from viewkeeper.protocol.vocabulary import LifecycleState, SignageState, ViewVerdict

UNKNOWN = "None"
"""What Home Assistant takes for "not known" from a template."""
LOW_STORAGE = 0.05


@dataclass(frozen=True, slots=True)
class Entity:
    """One row of what Home Assistant shall show.

    Attributes:
        platform: ``sensor`` or ``binary_sensor``.
        key: names it within the camera; part of its unique id, never to be changed.
        template: from the mirror to its state.
    """

    platform: str
    key: str
    name: str
    template: str
    device_class: str | None = None
    unit: str | None = None
    state_class: str | None = None
    precision: int | None = None
    options: tuple[str, ...] = ()
    diagnostic: bool = False
    icon: str | None = None

    def payload(self, node: str, expire_s: int) -> dict[str, Any]:
        """Its own keys, without those that all entities of the camera share."""
        optional: dict[str, Any] = {
            "device_class": self.device_class,
            "unit_of_measurement": self.unit,
            "state_class": self.state_class,
            "suggested_display_precision": self.precision,
            "options": list(self.options) or None,
            "entity_category": "diagnostic" if self.diagnostic else None,
            "icon": self.icon,
            "expire_after": expire_s or None,
        }
        return {
            "name": self.name,
            "unique_id": f"viewkeeper_{node}_{self.key}",
            "value_template": self.template,
            **{key: value for key, value in optional.items() if value is not None},
        }


def _reading(path: str) -> str:
    return "{{ value_json." + path + " }}"


def _word(path: str) -> str:
    # Home Assistant takes "None" from a sensor of words for a word, and shows it as one.
    return "{{ value_json." + path + " or 'none' }}"


def _problem(wrong: str, known: str = "true") -> str:
    """ON where ``wrong`` holds, OFF where not, unknown where ``known`` does not hold."""
    return "{{ ('ON' if " + wrong + " else 'OFF') if " + known + " else '" + UNKNOWN + "' }}"


def _percent(path: str) -> str:
    value = f"value_json.{path}"
    return f"{{{{ (100 * {value}) | round(1) if {value} is not none else '{UNKNOWN}' }}}}"


def _angle(key: str, name: str, icon: str) -> Entity:
    # Not the state class measurement_angle: its mean wraps at 360°, and -1° must stay -1°.
    template = _reading(f"view.{key}_deg")
    return Entity(
        "sensor", key, name, template, unit="°", state_class="measurement", precision=1, icon=icon
    )


_VERDICT = "value_json.view.verdict"
_SIGN = "value_json.signage.state"
_STORAGE = "value_json.health.storage_free"

ENTITIES: tuple[Entity, ...] = (
    Entity(
        "binary_sensor",
        "view_moved",
        "View moved",
        _problem(f"{_VERDICT} == 'moved'", f"{_VERDICT} in ('moved', 'same')"),
        device_class="tamper",
    ),
    Entity(
        "binary_sensor",
        "view_unknown",
        "View cannot be checked",
        _problem(f"{_VERDICT} not in ('moved', 'same')"),
        device_class="problem",
    ),
    Entity(
        "binary_sensor",
        "sign",
        "Sign",
        _problem(
            f"{_SIGN} not in ('present', 'unknown') or value_json.signage.lit == 'failing'",
            f"{_SIGN} != 'unknown' or value_json.signage.lit == 'failing'",
        ),
        device_class="problem",
    ),
    Entity(
        "binary_sensor",
        "storage",
        "Storage",
        _problem(f"{_STORAGE} < {LOW_STORAGE}", f"{_STORAGE} is not none"),
        device_class="problem",
        diagnostic=True,
    ),
    Entity(
        "binary_sensor",
        "clock",
        "Clock",
        _problem("value_json.clock != 'synchronised'"),
        device_class="problem",
        diagnostic=True,
    ),
    Entity(
        "binary_sensor",
        "order_refused",
        "Order refused",
        _problem("value_json.last_refusal is not none"),
        device_class="problem",
        diagnostic=True,
    ),
    _angle("pan", "Pan", "mdi:pan-horizontal"),
    _angle("tilt", "Tilt", "mdi:pan-vertical"),
    _angle("roll", "Roll", "mdi:rotate-right"),
    Entity(
        "sensor",
        "zoom",
        "Zoom",
        _reading("view.zoom"),
        state_class="measurement",
        precision=3,
        icon="mdi:magnify",
    ),
    Entity(
        "sensor",
        "view",
        "View",
        _reading("view.verdict"),
        device_class="enum",
        options=tuple(verdict.value for verdict in ViewVerdict),
        icon="mdi:cctv",
    ),
    Entity("sensor", "cause", "Cause", _word("view.cause"), diagnostic=True),
    Entity(
        "sensor",
        "signage",
        "Sign state",
        _reading("signage.state"),
        device_class="enum",
        options=tuple(state.value for state in SignageState),
        diagnostic=True,
    ),
    Entity(
        "sensor",
        "lifecycle",
        "Lifecycle",
        _reading("lifecycle"),
        device_class="enum",
        options=tuple(state.value for state in LifecycleState),
    ),
    Entity(
        "sensor",
        "storage_free",
        "Storage free",
        _percent("health.storage_free"),
        unit="%",
        state_class="measurement",
        precision=1,
        diagnostic=True,
    ),
    Entity(
        "sensor",
        "temperature",
        "Temperature",
        _reading("health.temperature_c"),
        device_class="temperature",
        unit="°C",
        state_class="measurement",
        precision=0,
        diagnostic=True,
    ),
    Entity(
        "sensor",
        "frame_rate",
        "Frame rate",
        _reading("health.frame_rate_hz"),
        device_class="frequency",
        unit="Hz",
        state_class="measurement",
        precision=1,
        diagnostic=True,
    ),
    Entity(
        "sensor",
        "refusals",
        "Orders refused",
        _reading("refusals"),
        state_class="total_increasing",
        diagnostic=True,
    ),
    Entity("sensor", "last_refusal", "Last refusal", _word("last_refusal"), diagnostic=True),
)
