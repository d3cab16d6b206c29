"""The loop with a clock, a source and an outlet in hand: what is said, and when."""

import itertools
import json
import threading
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from viewkeeper.agent.adapters.store.flag_file import FlagFile
from viewkeeper.agent.core.frame import Frame, SensorState
from viewkeeper.agent.core.signage.lamp import LampLimits
from viewkeeper.agent.core.view.geometry import Lens
from viewkeeper.agent.core.view.reference_set import ReferenceSet
from viewkeeper.agent.core.view.registered import register
from viewkeeper.agent.ports import (
    ClockReading,
    MachineHealth,
    SignageReading,
    SourceEndedError,
    SourceError,
)
from viewkeeper.agent.runtime import PULSE_S, Runtime, Standing, tolerance_of
from viewkeeper.agent.sealing import Sealer
from viewkeeper.agent.sign_watch import SignWatch
from viewkeeper.agent.zone_watch import PERIOD_S, ZoneWatch
from viewkeeper.protocol import cose
from viewkeeper.protocol.checkpoints import seal_checkpoint, unseal_checkpoint
from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.protocol.orders import Config, Place, SignText, Tolerance
from viewkeeper.protocol.records import ClockFix, Event, Report, unseal
from viewkeeper.protocol.signage import SignRegion
from viewkeeper.protocol.vocabulary import (
    AlarmKind,
    ClockTrust,
    Corroboration,
    EventKind,
    LifecycleState,
    LitState,
    Regime,
    SignageSource,
    SignageState,
    ViewCause,
    ViewVerdict,
    WatchState,
    ZoneKind,
)
from viewkeeper.protocol.zones import Zone

DEVICE = cose.SoftwareSigner.from_seed(b"\x11" * 32)
LOOKUP = cose.lookup_in([DEVICE.verify_key])
RNG = np.random.default_rng(1)
WORLD = np.kron(RNG.integers(30, 230, (24, 64)), np.ones((10, 10))).astype(np.uint8)


OTHER = np.kron(RNG.integers(30, 230, (35, 92)), np.ones((7, 7))).astype(np.uint8)[:240]


def picture(pan_px=0, at_s=0.0, dusk=0.0):
    """``dusk``: share of lines that are not there by day."""
    noise = np.random.default_rng(int(at_s * 10)).normal(0, 1.5, (240, 320))
    seen = slice(100 + pan_px, 420 + pan_px)
    luma = (1 - dusk) * WORLD[:, seen] + dusk * OTHER[:, seen] + noise
    return Frame(np.clip(luma, 0, 255).astype(np.uint8), at_s)


VIEW = register([picture(at_s=t) for t in range(5)], Lens(60.0))
CONFIG = Config(
    view_hash=VIEW.digest,
    tolerance=Tolerance(pan_mdeg=1000, tilt_mdeg=1000, roll_mdeg=1000, zoom_ppm=20_000),
    check_period_ms=1000,
    report_period_s=60,
    place=Place(regime=Regime.ART7, codes=("A1",), near_secret_unit=False),
    sign=SignText(operator="o", purpose="p", phone="000", lit_required=True),
    retention_days=30,
)


@dataclass
class Hand:
    """Clock, source, signage, probe, desk and outlet at once; the test moves them."""

    now_s: float = 1000.0
    step_s: float = 0.0
    trust: ClockTrust = ClockTrust.SYNCHRONISED
    pan_px: int = 0
    walker_px: int | None = None
    cable: bool = True
    hangs: bool = False
    frames_left: int | None = None
    current_ma: float = 300.0
    config: Config | None = CONFIG
    ledger_size: int = 7
    refusals: int = 0
    lifecycle: LifecycleState = LifecycleState.IN_USE
    withdrawals: int = 0
    learns: bool = False
    dusk: float = 0.0
    gravity: tuple | None = None
    disk: bool = True
    lessons: list = field(default_factory=list)
    opened: int = 0
    said: list = field(default_factory=list)
    alarms: dict = field(default_factory=dict)
    ended: list = field(default_factory=list)
    name = "test"

    # clock
    def read_clock(self):
        return ClockReading(1.8e9 + self.now_s + self.step_s, self.now_s, self.trust)

    # source
    def open(self):
        if not self.cable:
            raise SourceError(Reason.SOURCE_LOST, "no cable")
        self.opened += 1

    def read(self, timeout_s):
        if self.hangs:
            self.now_s += timeout_s
        if self.hangs or not self.cable:
            raise SourceError(Reason.SOURCE_LOST, "no cable")
        if self.frames_left is not None:
            if self.frames_left == 0:
                raise SourceEndedError(Reason.SOURCE_LOST, "no more")
            self.frames_left -= 1
        frame = picture(self.pan_px, self.now_s, self.dusk)
        frame = replace(frame, sensor=SensorState(gravity=self.gravity))
        if self.walker_px is not None:
            body = WORLD[:60, self.walker_px % 200 : self.walker_px % 200 + 24].T[:24, :60].T
            frame.luma[120:180, self.walker_px : self.walker_px + 24] = 255 - body
        return frame

    def close(self):
        pass

    # desk
    def standing(self):
        return Standing(
            config=self.config,
            config_sequence=0 if self.config is None else 3,
            config_hash=None if self.config is None else bytes(32),
            lifecycle=self.lifecycle,
            refusals=self.refusals,
            last_refusal="expired" if self.refusals else None,
            ledger_size=self.ledger_size,
            ledger_root=b"r" * 32,
            ledger_fault=None,
        )

    def view(self, digest):
        return VIEW if digest == VIEW.digest else None

    def references(self, accepted, at):
        return ReferenceSet(accepted, lesson_s=24.0) if self.learns else None

    def keep_learned(self, made, references, at):
        self.lessons.append(made)
        return references if self.disk else references.without(made)

    def note_alarm(self, kind, detail, at):
        self.ledger_size += 1

    # outlet
    def publish_report(self, payload):
        self.said.append(unseal(payload, LOOKUP))

    def publish_state(self, payload, *, changed=True):
        self.mirror = json.loads(payload)

    def publish_checkpoint(self, payload):
        self.said.append(unseal_checkpoint(payload, LOOKUP))

    def publish_event(self, kind, payload):
        record = unseal(payload, LOOKUP)
        assert record.body.event.value == kind
        self.said.append(record)

    def set_alarm(self, alarm_id, payload):
        if payload is None:
            self.alarms.pop(alarm_id, None)
        else:
            self.alarms[alarm_id] = unseal(payload, LOOKUP).body

    def end_alarm(self, alarm_id, payload):
        self.alarms.pop(alarm_id)
        self.ended.append(unseal(payload, LOOKUP))

    def withdraw(self):
        self.withdrawals += 1

    def publish_history(self, payload):
        self.said.append(unseal(payload, LOOKUP))

    def bodies(self, kind):
        return [item.body for item in self.said if isinstance(getattr(item, "body", None), kind)]

    @property
    def report(self):
        return self.bodies(Report)[-1]


class Clock:
    def __init__(self, hand):
        self.hand = hand

    def read(self):
        return self.hand.read_clock()

    def wait(self, seconds):
        self.hand.now_s += max(0.0, seconds)
        return False


class Lamp:
    name = "lamp"

    def __init__(self, hand):
        self.hand = hand

    def read(self):
        if self.hand.current_ma is None:
            raise SetupError(Reason.SOURCE_LOST, "no answer")
        return SignageReading(True, self.hand.current_ma, None, True, self.hand.now_s)

    def close(self):
        pass


class Probe:
    def read(self):
        return MachineHealth(0.5, 40.0, 30_000, 0.02, 100.0)


@pytest.fixture
def hand():
    return Hand()


@pytest.fixture
def runtime(hand, tmp_path):
    clock = Clock(hand)
    return Runtime(
        site="site",
        device="cam-0001",
        source=hand,
        sign=SignWatch(Lamp(hand), LampLimits()),
        zones=ZoneWatch(),
        flags=FlagFile(tmp_path / "open-flags.json"),
        boot=b"bootboot",
        clock=clock,
        probe=Probe(),
        desk=hand,
        outlet=hand,
        sealer=Sealer("cam-0001", b"bootboot", DEVICE, clock),
        seal_checkpoint=lambda checkpoint: seal_checkpoint(checkpoint, DEVICE),
        stopping=threading.Event(),
    )


def turn(runtime, hand, times=1):
    for _ in range(times):
        assert runtime.turn()
        hand.now_s += 1.0


def test_it_comes_to_say_same_with_numbers(runtime, hand):
    turn(runtime, hand, 12)
    view = hand.report.view
    assert view.verdict is ViewVerdict.SAME
    assert abs(view.move.pan_mdeg) < 50
    assert hand.report.signage.lit is LitState.LIT
    assert hand.report.signage.state is SignageState.PRESENT
    assert hand.alarms == {}
    assert hand.mirror["view"]["verdict"] == "same"
    assert hand.mirror["health"]["frame_rate_hz"] == pytest.approx(1.0, abs=0.3)


def test_a_watchdog_hears_the_loop_through_a_long_signed_period(hand, runtime):
    hand.config = replace(CONFIG, check_period_ms=3_600_000)
    heard = []
    runtime._pulse = lambda: heard.append(hand.now_s)
    hand.frames_left = 2
    runtime.run()
    gaps = [later - earlier for earlier, later in itertools.pairwise(heard)]
    assert len(heard) > 200
    assert max(gaps) <= PULSE_S


def test_the_service_is_up_before_the_camera_gives_its_first_frame(hand, runtime, monkeypatch):
    told = []
    runtime._pulse = lambda: told.append("pulse")
    read = hand.read
    monkeypatch.setattr(hand, "read", lambda timeout_s: told.append("read") or read(timeout_s))
    hand.frames_left = 1
    runtime.run()
    assert told[:3] == ["pulse", "read", "pulse"]


def test_a_quiet_camera_speaks_once_a_period(runtime, hand):
    turn(runtime, hand, 12)
    before = len(hand.bodies(Report))
    turn(runtime, hand, 120)
    assert len(hand.bodies(Report)) - before == 2


def test_a_knock_is_told_at_once_as_events_and_as_an_alarm_that_ends(runtime, hand):
    turn(runtime, hand, 12)
    hand.pan_px = 16  # content moves left: turned to the right by 3.3 degrees at 60 across
    turn(runtime, hand, 8)
    view = hand.report.view
    assert view.verdict is ViewVerdict.MOVED
    assert view.latched
    assert view.move.pan_mdeg == pytest.approx(3300, abs=150)
    assert hand.alarms[AlarmKind.VIEW_MOVED.value].detail.startswith("pan +3.")
    assert hand.report.alarms == (AlarmKind.VIEW_MOVED,)
    assert hand.mirror["alarms"] == ["view_moved"]
    since_ms = hand.alarms[AlarmKind.VIEW_MOVED.value].since_ms
    kinds = {event.event for event in hand.bodies(Event)}
    assert kinds == {EventKind.CAMERA_STRUCK, EventKind.CAMERA_MOVED}
    hand.pan_px = 0
    turn(runtime, hand, 12)
    assert hand.report.view.verdict is ViewVerdict.SAME
    assert hand.alarms == {}
    (end,) = hand.ended
    assert (end.body.alarm, end.body.since_ms) == (AlarmKind.VIEW_MOVED, since_ms)
    assert end.body.ended_ms > since_ms
    assert hand.report.alarms == ()
    assert hand.mirror["alarms"] == []


def test_a_dead_source_never_stops_reporting_and_is_opened_again(runtime, hand):
    turn(runtime, hand, 12)
    hand.cable = False
    turn(runtime, hand, 90)
    assert hand.report.view.verdict is ViewVerdict.CANNOT_TELL
    assert hand.report.view.cause is ViewCause.SIGNAL_LOST
    assert AlarmKind.VIEW_UNKNOWN.value in hand.alarms
    reports = len(hand.bodies(Report))
    turn(runtime, hand, 60)
    assert len(hand.bodies(Report)) > reports
    hand.cable = True
    turn(runtime, hand, 20)
    assert hand.opened == 2
    assert hand.report.view.verdict is ViewVerdict.SAME


def test_a_source_that_hangs_is_said_to_be_lost_within_half_a_minute(runtime, hand):
    turn(runtime, hand, 12)
    hand.hangs, since_s = True, hand.now_s
    while hand.report.view.verdict is ViewVerdict.SAME:
        turn(runtime, hand)
    assert hand.report.view.cause is ViewCause.SIGNAL_LOST
    assert hand.now_s - since_s < 30


def test_a_withdrawn_camera_takes_its_introduction_back_once(runtime, hand):
    turn(runtime, hand, 3)
    assert hand.withdrawals == 0
    hand.lifecycle = LifecycleState.WITHDRAWN
    turn(runtime, hand, 5)
    assert hand.withdrawals == 1


def test_before_registration_it_says_so(runtime, hand):
    hand.config = None
    turn(runtime, hand, 5)
    assert hand.report.view.verdict is ViewVerdict.CANNOT_TELL
    assert hand.report.view.cause is ViewCause.NOT_REGISTERED
    assert hand.report.view.move is None
    assert hand.alarms == {}


@pytest.mark.parametrize("disk", [True, False])
def test_a_lesson_is_handed_to_the_desk_and_counted_in_the_report(runtime, hand, disk):
    hand.learns, hand.disk = True, disk
    turn(runtime, hand, 8)
    hand.dusk = 0.45  # strange enough to be learned, and still sure
    turn(runtime, hand, 34)
    assert hand.report.view.verdict is ViewVerdict.SAME
    assert [made.accepted for made in hand.lessons][:1] == [VIEW.digest]
    assert hand.report.view.learned == (1 if disk else None)
    assert hand.mirror["view"]["learned"] == int(disk)


def test_a_night_only_a_learned_reference_knows_is_told_and_the_report_names_it(runtime, hand):
    hand.learns = True
    turn(runtime, hand, 8)
    hand.dusk = 0.45  # strange enough to be learned, and still sure
    turn(runtime, hand, 34)
    hand.dusk = 0.8
    turn(runtime, hand, 12)
    hand.now_s += 60.0
    turn(runtime, hand)
    view = hand.report.view
    assert (view.verdict, view.by) == (ViewVerdict.SAME, hand.lessons[0].digest[:8])
    hand.pan_px = 20
    turn(runtime, hand, 10)
    assert hand.report.view.verdict is ViewVerdict.MOVED
    assert hand.report.view.by == hand.lessons[0].digest[:8]


def test_the_camera_is_told_of_when_its_own_gravity_contradicts_its_picture(runtime, hand):
    hand.gravity = (0.0, 1.0, 0.0)
    turn(runtime, hand, 10)
    assert hand.report.view.corroboration is None
    hand.gravity = (0.1, 1.0, 0.0)
    turn(runtime, hand, 18)
    assert hand.report.view.verdict is ViewVerdict.SAME
    assert hand.report.view.corroboration == (Corroboration.TILTED_PICTURE_SAME,)
    assert hand.mirror["view"]["corroboration"] == ["tilted_picture_same"]


def test_a_new_view_starts_the_evidence_anew(runtime, hand):
    turn(runtime, hand, 12)
    hand.config = None
    turn(runtime, hand, 3)
    assert hand.report.view.cause is ViewCause.NOT_REGISTERED
    hand.config = CONFIG
    turn(runtime, hand, 12)
    assert hand.report.view.verdict is ViewVerdict.SAME


def test_a_dark_sign_is_an_alarm_and_a_silent_driver_is_unknown(runtime, hand):
    turn(runtime, hand, 3)
    hand.current_ma = 0.0
    turn(runtime, hand, 3)
    assert hand.report.signage.lit is LitState.UNLIT
    assert AlarmKind.SIGN_FAULT.value in hand.alarms
    hand.current_ma = None
    turn(runtime, hand, 3)
    assert hand.report.signage.lit is LitState.UNKNOWN
    assert AlarmKind.SIGN_FAULT.value not in hand.alarms


def test_a_set_clock_is_told_through_history(runtime, hand):
    turn(runtime, hand, 3)
    hand.step_s = -3600.0
    turn(runtime, hand, 2)
    steps = [fix.step_ms for fix in hand.bodies(ClockFix)]
    assert len(steps) == 1
    assert steps[0] == pytest.approx(-3_600_000, abs=100)


def test_an_unsynchronised_clock_is_an_alarm_of_its_own(runtime, hand):
    hand.trust = ClockTrust.FLOOR
    turn(runtime, hand, 2)
    assert AlarmKind.CLOCK_FAULT.value in hand.alarms


def test_a_checkpoint_goes_out_when_the_ledger_has_grown_and_only_then(runtime, hand):
    turn(runtime, hand, 70)
    sizes = [item.size for item in hand.said if hasattr(item, "root")]
    assert sizes == sorted(set(sizes))
    assert sizes[-1] == hand.ledger_size


def test_records_are_numbered_in_the_order_they_are_said(runtime, hand):
    turn(runtime, hand, 12)
    hand.pan_px = 16
    turn(runtime, hand, 70)
    numbers = [item.header.sequence for item in hand.said if hasattr(item, "header")]
    assert numbers == sorted(numbers)


def test_a_recording_that_ends_ends_the_loop(runtime, hand):
    hand.frames_left = 5
    runtime.run()
    assert hand.bodies(Report)


def test_the_signed_tolerance_is_the_one_that_counts():
    tolerance = tolerance_of(CONFIG)
    assert (tolerance.pan_deg, tolerance.zoom) == (1.0, 0.02)
    assert tolerance_of(None).pan_deg > 0


YARD = Zone(
    name="yard",
    kind=ZoneKind.AREA,
    points=((500, 2000), (9500, 2000), (9500, 9900), (500, 9900)),
    watch=(EventKind.INTRUSION,),
)


def walk(runtime, hand, seconds=6.0, from_px=20, px_per_s=40):
    """Turns at the zones' pace while somebody crosses the picture."""
    began_s = hand.now_s
    while hand.now_s < began_s + seconds:
        hand.walker_px = from_px + int(px_per_s * (hand.now_s - began_s))
        assert runtime.turn()
        hand.now_s += PERIOD_S
    hand.walker_px = None


def idle(runtime, hand, seconds):
    for _ in range(round(seconds / PERIOD_S)):
        assert runtime.turn()
        hand.now_s += PERIOD_S


@pytest.fixture
def guarded(runtime, hand):
    hand.config = replace(CONFIG, zones=(YARD,))
    idle(runtime, hand, 12)
    assert hand.report.events.state is WatchState.WATCHING
    return runtime


def test_an_intrusion_goes_out_with_all_that_is_known_and_waits_to_be_reported(guarded, hand):
    walk(guarded, hand)
    idle(guarded, hand, 10)
    begin, end = hand.bodies(Event)
    assert begin.event is EventKind.INTRUSION
    assert (begin.zone, begin.alarm_method, begin.alarm_type) == ("yard", 5, 6)
    assert begin.article == "Anhui Order 270 Art. 17"
    assert begin.event_id == end.event_id
    assert begin.ended_ms is None
    assert end.ended_ms > end.started_ms
    assert end.track.hits > 5
    assert hand.report.events.unreported == 1
    alarm = hand.alarms[AlarmKind.EVENT_UNREPORTED.value]
    assert alarm.since_ms == begin.started_ms
    assert hand.mirror["events"]["unreported"] == 1


def test_the_clock_runs_over_a_restart_until_it_is_closed(guarded, hand, tmp_path):
    walk(guarded, hand)
    idle(guarded, hand, 2)
    event_id = hand.bodies(Event)[0].event_id
    again = FlagFile(tmp_path / "open-flags.json")
    assert [flag.event_id for flag in again.flags.all] == [event_id]
    with pytest.raises(SetupError, match="no flag"):
        again.close(bytes(8))
    again.close(event_id)
    assert FlagFile(tmp_path / "open-flags.json").flags.all == ()


def test_the_view_is_checked_at_its_own_pace_while_zones_are_watched(guarded, hand):
    before, start_s = guarded._watch.checks, hand.now_s
    idle(guarded, hand, 10)
    assert hand.now_s - start_s == pytest.approx(10)
    assert guarded._watch.checks - before == pytest.approx(10, abs=1)


def test_turning_the_camera_flags_nobody_and_suspends_the_zones(guarded, hand):
    hand.pan_px = 16
    idle(guarded, hand, 12)
    assert hand.report.view.verdict is ViewVerdict.MOVED
    assert hand.report.events.state is WatchState.SUSPENDED
    walk(guarded, hand)
    kinds = {event.event for event in hand.bodies(Event)}
    assert kinds <= {EventKind.CAMERA_STRUCK, EventKind.CAMERA_MOVED}


def test_a_board_in_the_view_is_judged_and_a_wrong_template_is_not_trusted(runtime, hand):
    region = SignRegion(left=4000, top=4000, right=6000, bottom=6500)
    hand.config = replace(CONFIG, sign_region=region)
    turn(runtime, hand, 12)
    assert hand.report.signage.state is SignageState.PRESENT
    assert hand.report.signage.source is SignageSource.VIEW
    hand.config = replace(CONFIG, sign_region=replace(region, template_hash=bytes(32)))
    turn(runtime, hand, 3)
    assert hand.report.signage.source is SignageSource.SENSOR
