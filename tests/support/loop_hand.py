"""Clock, source, desk and outlet of the agent's loop in one hand."""

import json
import threading
from dataclasses import dataclass, field, replace

import numpy as np

from viewkeeper.agent.adapters.store.flag_file import FlagFile
from viewkeeper.agent.core.frame import Frame, SensorState
from viewkeeper.agent.core.signage.lamp import LampLimits
from viewkeeper.agent.core.view.geometry import Lens
from viewkeeper.agent.core.view.reference_set import ReferenceSet
from viewkeeper.agent.core.view.registered import register
from viewkeeper.agent.loop_ports import Standing
from viewkeeper.agent.ports import (
    ClockReading,
    MachineHealth,
    SignageReading,
    SourceEndedError,
    SourceError,
)
from viewkeeper.agent.runtime import Runtime
from viewkeeper.agent.sealing import Sealer
from viewkeeper.agent.sign_watch import SignWatch
from viewkeeper.agent.zone_watch import ZoneWatch
from viewkeeper.protocol import cose
from viewkeeper.protocol.checkpoints import seal_checkpoint, unseal_checkpoint
from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.protocol.orders import Config, Place, SignText, Tolerance
from viewkeeper.protocol.records import Report, unseal
from viewkeeper.protocol.vocabulary import (
    ClockTrust,
    LifecycleState,
    Regime,
)

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


def loop_of(hand, folder):
    clock = Clock(hand)
    return Runtime(
        site="site",
        device="cam-0001",
        source=hand,
        sign=SignWatch(Lamp(hand), LampLimits()),
        zones=ZoneWatch(),
        flags=FlagFile(folder / "open-flags.json"),
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
