"""What the doctor finds, and what one look leaves to the next."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import cast

from viewkeeper.agent.core.device_state import DeviceState
from viewkeeper.agent.core.view.registered import RegisteredView
from viewkeeper.protocol.orders import Config


@unique
class Health(StrEnum):
    """How one thing stands."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what it is, how it stands, what was seen or what cures it."""

    thing: str
    health: Health
    detail: str


@dataclass(slots=True)
class Seen:
    """What one check leaves to the next."""

    running: bool = False
    state: DeviceState | None = None
    view: RegisteredView | None = None

    @property
    def config(self) -> Config | None:
        """In force, as far as the state was read."""
        order = None if self.state is None else self.state.config_order
        return None if order is None else cast("Config", order.body)
