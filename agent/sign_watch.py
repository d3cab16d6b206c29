"""The sign within the loop: the board in the view, the lamp's readings, the photo on file."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import replace

from viewkeeper.agent.core.assessment import Check
from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.signage import watch
from viewkeeper.agent.core.signage.daylight import LampDuty
from viewkeeper.agent.core.signage.lamp import UNKNOWN, LampLimits, SignageStatus, judge_lamp
from viewkeeper.agent.core.signage.printed import Region, Template, template_digest, template_of
from viewkeeper.agent.core.signage.standing import ShownText, stand
from viewkeeper.agent.core.view.registered import RegisteredView
from viewkeeper.agent.ports import ClockReading, SignageDisplay, SignageDriver
from viewkeeper.protocol.errors import SetupError
from viewkeeper.protocol.orders import Config
from viewkeeper.protocol.signage import SignRegion
from viewkeeper.protocol.vocabulary import ClockTrust, SignageState, ViewVerdict

log = logging.getLogger("viewkeeper.agent")

SILENT_S = 60.0
"""[P] so long a sign's own hardware may say nothing before that is a fault of the sign: nobody
knows then whether it burns or what it shows."""
# The rule set counts days as its country does: China has one time zone, UTC+8.
_CALENDAR = dt.timezone(dt.timedelta(hours=8))


class SignWatch:
    """Judges the sign once a check.

    Args:
        driver: senses lamp and sign; ``None`` where nothing does.
        limits: of the sign's lamp.
        duty: when it must burn.
    """

    def __init__(
        self, driver: SignageDriver | None, limits: LampLimits, duty: LampDuty | None = None
    ) -> None:
        self._driver, self._limits, self._duty = driver, limits, duty or LampDuty()
        self._made_for: tuple[RegisteredView | None, SignRegion | None] = (None, None)
        self._template: Template | None = None
        self._printed = watch.PrintedState()
        self._silent: tuple[float, str] | None = None
        """Monotonic seconds since when the driver says nothing, and why."""

    def close(self) -> None:
        if self._driver is not None:
            self._driver.close()

    def look(
        self,
        config: Config | None,
        view: RegisteredView | None,
        frame: Frame | None,
        check: Check,
        now: ClockReading,
    ) -> SignageStatus:
        """The sign's state now."""
        self._take_region(view, None if config is None else config.sign_region)
        seen = SignageState.UNKNOWN
        if self._template is not None and frame is not None:
            found = check.estimate.found and check.judgement.verdict is not ViewVerdict.CANNOT_TELL
            move = check.estimate.move if found else None
            self._printed = watch.step(self._printed, self._template, frame, move, now.utc_s)
            seen = self._printed.state
        if config is not None and isinstance(self._driver, SignageDisplay):
            self._driver.show(config.sign, config.retention_days)
        trusted = now.trust is ClockTrust.SYNCHRONISED
        due = self._duty.due(
            lux=None if frame is None else frame.sensor.lux,
            utc_s=now.utc_s if trusted else None,
        )
        sensed, shown = self._sensed(now.mono_s, due=due)
        today = None
        if trusted:
            today = dt.datetime.fromtimestamp(now.utc_s, _CALENDAR).date()
        return stand(
            seen=seen,
            sensed=sensed,
            shown=shown,
            photo=None if config is None else config.sign_photo,
            text=None if config is None else config.sign,
            today=today,
        )

    def _take_region(self, view: RegisteredView | None, region: SignRegion | None) -> None:
        if self._made_for == (view, region):
            return
        self._made_for = (view, region)
        self._template, self._printed = None, watch.PrintedState()
        if view is None or region is None:
            return
        place = Region.of(region)
        if region.template_hash not in (None, template_digest(view, place)):
            log.error("the sign's region is not the one that was signed: its template differs")
            return
        try:
            self._template = template_of(view, place)
        except SetupError as error:
            log.error("the sign's region cannot be watched: %s", error.hint)

    def _sensed(self, mono_s: float, *, due: bool) -> tuple[SignageStatus, ShownText | None]:
        if self._driver is None:
            return UNKNOWN, None
        try:
            reading = self._driver.read()
        except SetupError as error:
            if self._silent is None or self._silent[1] != error.hint:  # said once, not every check
                log.warning("no reading from %s: %s", self._driver.name, error.hint)
            since_s = mono_s if self._silent is None else self._silent[0]
            self._silent = (since_s, error.hint)
            lasts = mono_s - since_s >= SILENT_S
            return replace(UNKNOWN, silent=error.hint if lasts else None), None
        self._silent = None
        status = judge_lamp(
            commanded=reading.lamp_commanded,
            current_ma=reading.current_ma,
            # By day a photodiode before the sign sees the day.
            light_level=reading.light_level if due else None,
            present=reading.present,
            limits=self._limits,
        )
        return replace(status, lamp_due=due), reading.shown
