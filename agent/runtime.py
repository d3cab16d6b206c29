"""The loop: look, judge, say, obey. It knows when; the rooms it calls know what.

Two threads meet here. The loop checks and reports. The link's thread brings orders, and an
order is decided and on disk before the broker hears that it arrived.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace

from viewkeeper.agent.core import assessment
from viewkeeper.agent.core.events.flags import Flag, event_of, starts_clock
from viewkeeper.agent.core.events.open_flags import OpenFlag
from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.reporting import DeviceFacts, alarms_of, report_of
from viewkeeper.agent.core.signage.lamp import SignageStatus
from viewkeeper.agent.core.view.registered import RegisteredView
from viewkeeper.agent.core.view.verdict import Tolerance
from viewkeeper.agent.loop_ports import Board, Desk, Flags, Outlet, Standing
from viewkeeper.agent.ports import (
    Clock,
    ClockReading,
    FrameSource,
    HealthProbe,
    SourceEndedError,
)
from viewkeeper.agent.reporter import Reporter
from viewkeeper.agent.sealing import Sealer
from viewkeeper.agent.sign_watch import SignWatch
from viewkeeper.agent.standing_alarms import StandingAlarms
from viewkeeper.agent.steady_source import SteadySource
from viewkeeper.agent.zone_watch import PERIOD_S, ZoneWatch
from viewkeeper.protocol.checkpoints import Checkpoint
from viewkeeper.protocol.orders import Config
from viewkeeper.protocol.records import ClockFix, EventsReport, Report
from viewkeeper.protocol.vocabulary import ClockTrust, LifecycleState, ViewVerdict

log = logging.getLogger("viewkeeper.agent")

DEFAULT_PERIOD_S = 1.0
PULSE_S = 15.0
"""How often the pulse is felt at least; the service's watchdog waits six times as long."""
CLOCK_STEP_S = 1.0


class Runtime:
    """One camera's loop.

    Args:
        site: for the plain mirror.
        source: gives frames.
        sign: watches the sign.
        zones: watches the zones.
        flags: keeps those that wait to be reported.
        boot: this life's number, for the flags' identities.
        clock, probe: the machine's.
        desk: state, configuration and ledger.
        outlet: the link.
        sealer: signs what is said.
        stopping: set from outside to end the loop.
        seal_checkpoint: signs a checkpoint with the device key.
        timeout_s: how long to wait for a frame.
        pulse: called once a turn, for a watchdog.
        board: of sensors, where there is one.
    """

    def __init__(
        self,
        *,
        site: str,
        source: FrameSource,
        sign: SignWatch,
        zones: ZoneWatch,
        flags: Flags,
        boot: bytes,
        clock: Clock,
        probe: HealthProbe,
        desk: Desk,
        outlet: Outlet,
        sealer: Sealer,
        seal_checkpoint: Callable[[Checkpoint], bytes],
        device: str,
        stopping: threading.Event,
        timeout_s: float = 5.0,
        pulse: Callable[[], None] = lambda: None,
        board: Board | None = None,
    ) -> None:
        self._board = board
        self._source = SteadySource(source, clock, timeout_s)
        self._sign, self._zones = sign, zones
        self._flags, self._boot = flags, boot
        self._clock, self._probe, self._desk, self._outlet = clock, probe, desk, outlet
        self._sealer, self._stopping, self._pulse = sealer, stopping, pulse
        self._alarms = StandingAlarms(desk, outlet, sealer)
        self._reporter = Reporter(
            site=site,
            device=device,
            outlet=outlet,
            sealer=sealer,
            seal_checkpoint=seal_checkpoint,
        )
        self._watch = assessment.start(clock.read().utc_s)
        self._view: RegisteredView | None = None
        self._view_hash: bytes | None = None
        self._withdrawn = False
        self._period_s = DEFAULT_PERIOD_S
        self._check_at_s = clock.read().mono_s
        self._last_clock: ClockReading | None = None
        self._machine = probe.read()
        self._machine_at_s = clock.read().mono_s

    def run(self) -> None:
        """Turn until asked to stop or a recorded source ends."""
        self._alarms.start()
        try:
            self._pulse()  # up: orders are heard, whatever time the camera takes over a frame
            while not self._stopping.is_set():
                started = self._clock.read()
                if not self.turn():
                    break
                self._pulse()
                period_s = min(self._period_s, PERIOD_S) if self._zones.active else self._period_s
                self._wait_until(started.mono_s + period_s)
        finally:
            self._source.close()
            self._sign.close()
            self._zones.close()

    def _wait_until(self, mono_s: float) -> None:
        """In slices: a signed period may be an hour, a watchdog wants to hear sooner."""
        while not self._stopping.is_set():
            left_s = mono_s - self._clock.read().mono_s
            if self._clock.wait(min(left_s, PULSE_S)) or left_s <= PULSE_S:
                return
            self._pulse()

    def turn(self) -> bool:
        """One frame and what follows from it; false when a recorded source has ended.

        With zones to watch frames come faster than the view is checked.
        """
        try:
            frame = self._source.read()
        except SourceEndedError as ended:
            log.info("%s", ended.hint)
            return False
        now = self._clock.read()
        self._note_clock(now)
        standing = self._desk.standing()
        config = standing.config
        self._period_s = DEFAULT_PERIOD_S if config is None else config.check_period_ms / 1000
        self._take_back_introduction(standing)
        self._take_view(standing, now)
        self._zones.configure(config)
        if frame is not None and self._zones.active and self._view is not None:
            self._zones.look(frame, self._view, now.utc_s)
        if not self._zones.active or now.mono_s >= self._check_at_s:
            self._check_at_s = now.mono_s + self._period_s - PERIOD_S / 2
            self._check(frame, standing, now)
        return True

    def _check(self, frame: Frame | None, standing: Standing, now: ClockReading) -> None:
        config = standing.config
        tolerance = tolerance_of(config)
        self._watch, check = assessment.check(self._watch, self._view, frame, tolerance, now.utc_s)
        if check.learned is not None and self._watch.references is not None:
            kept = self._desk.keep_learned(check.learned, self._watch.references, now)
            self._watch = replace(self._watch, references=kept)
        for flag in (*check.flags, *self._zones.checked(check, self._watch.guard.move)):
            self._send_flag(flag, now)
        sign = self._sign.look(config, self._view, frame, check, now)
        report = report_of(self._watch, check, sign, self._facts(standing, now))
        fault = None
        if self._board is not None:
            look = self._board.look(
                tolerance,
                view_is_same=check.verdict is ViewVerdict.SAME,
                lit=config is not None and config.sign.lit_required,
                utc_s=now.utc_s,
            )
            report, fault = replace(report, mount=look.mount), look.fault
            if look.struck is not None:
                self._send_flag(look.struck, now)
        self._update_alarms(report, standing, sign, now, fault)
        self._reporter.say(replace(report, alarms=self._alarms.kinds), standing, now)

    def _take_back_introduction(self, standing: Standing) -> None:
        if standing.lifecycle is LifecycleState.WITHDRAWN and not self._withdrawn:
            self._withdrawn = True
            self._outlet.withdraw()

    def _take_view(self, standing: Standing, now: ClockReading) -> None:
        wanted = None if standing.config is None else standing.config.view_hash
        if wanted == self._view_hash:
            return
        self._view_hash = wanted
        self._view = None if wanted is None else self._desk.view(wanted)
        # Evidence against the old view says nothing about the new one.
        references = None if self._view is None else self._desk.references(self._view, now)
        self._watch = assessment.start(now.utc_s, references)

    def _facts(self, standing: Standing, now: ClockReading) -> DeviceFacts:
        if now.mono_s - self._machine_at_s >= 5.0:
            self._machine, self._machine_at_s = self._probe.read(), now.mono_s
        return DeviceFacts(
            lifecycle=standing.lifecycle,
            config_sequence=standing.config_sequence,
            config_hash=standing.config_hash,
            ledger_size=standing.ledger_size,
            ledger_root=standing.ledger_root,
            refusals=standing.refusals,
            last_refusal=standing.last_refusal,
            filing_due_on=standing.filing_due_on,
            events=EventsReport(
                state=self._zones.state,
                zones=self._zones.count,
                unreported=len(self._flags.flags.all),
                oldest_ms=self._flags.flags.oldest_ms,
            ),
            uptime_s=self._machine.uptime_s,
            frame_rate_hz=self._source.rate_hz(now.mono_s),
            storage_free_share=self._machine.storage_free_share,
            temperature_c=self._machine.temperature_c,
            memory_kib=self._machine.memory_kib,
            cpu_share=self._machine.cpu_share,
        )

    def _note_clock(self, now: ClockReading) -> None:
        last, self._last_clock = self._last_clock, now
        if last is None:
            return
        step_s = (now.utc_s - last.utc_s) - (now.mono_s - last.mono_s)
        trusted_anew = now.trust is ClockTrust.SYNCHRONISED and last.trust is not now.trust
        if abs(step_s) >= CLOCK_STEP_S or trusted_anew:
            log.warning("the wall clock was set by %+.1f s", step_s)
            _, message = self._sealer.seal(ClockFix(step_ms=int(step_s * 1000)))
            self._outlet.publish_history(message)

    def _send_flag(self, flag: Flag, now: ClockReading) -> None:
        event = event_of(flag, self._boot)
        over = "" if flag.ended_s in (None, flag.started_s) else " over"
        where = "" if flag.zone is None else f" in {flag.zone}"
        log.warning("event %s%s%s", flag.kind.value, where, over)
        if starts_clock(flag.kind) and not over and event.event_id is not None:
            self._flags.open(OpenFlag(event.event_id, flag.kind, flag.zone or "", event.started_ms))
            detail = f"flag {event.event_id.hex()}{where}"
            self._desk.note_alarm(flag.kind.value, detail, now)
        self._outlet.publish_event(flag.kind.value, self._sealer.seal(event)[1])

    def _update_alarms(
        self,
        report: Report,
        standing: Standing,
        sign: SignageStatus,
        now: ClockReading,
        board_fault: str | None,
    ) -> None:
        config = standing.config
        wanted = alarms_of(
            report,
            lit_required=config is not None and config.sign.lit_required,
            signage=sign,
            clock=now.trust,
            now_ms=max(0, int(now.utc_s * 1000)),
            ledger_fault=standing.ledger_fault,
            board_fault=board_fault,
        )
        self._alarms.update(wanted, now)


def tolerance_of(config: Config | None) -> Tolerance:
    """The signed tolerance in degrees and as a ratio; the default before there is one."""
    if config is None:
        return Tolerance()
    signed = config.tolerance
    return Tolerance(
        pan_deg=signed.pan_mdeg / 1000,
        tilt_deg=signed.tilt_mdeg / 1000,
        roll_deg=signed.roll_mdeg / 1000,
        zoom=signed.zoom_ppm / 1e6,
    )
