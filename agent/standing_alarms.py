"""The alarms that stand: each is told and written down once when it begins, once when it ends."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

from viewkeeper.agent.loop_ports import Desk, Outlet
from viewkeeper.agent.ports import ClockReading
from viewkeeper.agent.sealing import Sealer
from viewkeeper.protocol.records import Alarm
from viewkeeper.protocol.vocabulary import AlarmKind

log = logging.getLogger("viewkeeper.agent")


class StandingAlarms:
    """What stands now, in the ledger and at the broker.

    Args:
        desk: writes it down.
        outlet: tells it.
        sealer: signs it.
    """

    def __init__(self, desk: Desk, outlet: Outlet, sealer: Sealer) -> None:
        self._desk, self._outlet, self._sealer = desk, outlet, sealer
        self._alarms: dict[AlarmKind, Alarm] = {}

    @property
    def kinds(self) -> tuple[AlarmKind, ...]:
        """In the vocabulary's order."""
        return tuple(kind for kind in AlarmKind if kind in self._alarms)

    def start(self) -> None:
        """What a former life left standing is not known to stand now."""
        for kind in AlarmKind:
            self._outlet.set_alarm(kind.value, None)

    def update(self, wanted: Mapping[AlarmKind, Alarm], now: ClockReading) -> None:
        """Begin what is wanted and does not stand, end what stands and is not wanted."""
        for kind, alarm in wanted.items():
            if kind not in self._alarms:
                log.warning("alarm %s: %s", kind.value, alarm.detail)
                self._desk.note_alarm(kind.value, alarm.detail, now)
                self._alarms[kind] = alarm
                self._outlet.set_alarm(kind.value, self._sealer.seal(alarm)[1])
        for kind in [kind for kind in self._alarms if kind not in wanted]:
            log.warning("alarm %s is over", kind.value)
            self._desk.note_alarm(kind.value, "over", now)
            ended = replace(self._alarms.pop(kind), ended_ms=max(0, int(now.utc_s * 1000)))
            self._outlet.end_alarm(kind.value, self._sealer.seal(ended)[1])
