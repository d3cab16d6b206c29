"""Whom a link tells what it hears. Nothing that goes wrong there ends the link."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from viewkeeper.agent.adapters.link.messages import Lost, ReceivedOrder

log = logging.getLogger(__name__)
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Ears:
    """The callbacks of a ``Link``, each guarded."""

    on_order: Callable[[ReceivedOrder], None]
    on_state: Callable[[bool], None]
    on_gap: Callable[[Lost], bytes | None] | None
    on_witness: Callable[[bytes], None] | None
    on_sent: Callable[[bytes], None] | None

    @property
    def hear_witness(self) -> bool:
        """Whether anybody wants countersignatures."""
        return self.on_witness is not None

    def order(self, order: ReceivedOrder) -> None:
        _guarded("on_order", self.on_order, order)

    def state(self, connected: bool) -> None:
        _guarded("on_state", self.on_state, connected)

    def gap(self, lost: Lost) -> bytes | None:
        return None if self.on_gap is None else _guarded("on_gap", self.on_gap, lost)

    def witness(self, payload: bytes) -> None:
        if self.on_witness is not None:
            _guarded("on_witness", self.on_witness, payload)

    def sent(self, payload: bytes) -> None:
        if self.on_sent is not None:
            _guarded("on_sent", self.on_sent, payload)


def _guarded(name: str, call: Callable[[T], R], value: T) -> R | None:
    try:
        return call(value)
    except Exception:  # the caller's code must not end the link
        log.exception("link: %s failed", name)
        return None
