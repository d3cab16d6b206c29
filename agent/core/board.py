"""Whether the board on the serial line is the one that was enrolled, and what it feels.

Rule: messages and times in, belief out. The line is believed nothing: a reading counts when the
board's own key signed it, its number is larger than the last one's, and, where it begins a new
row, it answers the challenge that stands. A challenge is used once, so a recorded row tells
nothing later.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from viewkeeper.agent.core.events.flags import Flag
from viewkeeper.agent.core.view.verdict import Tolerance
from viewkeeper.protocol import cose
from viewkeeper.protocol.errors import Reason, RefusalError
from viewkeeper.protocol.records import Header, MountReport, Reading, unseal
from viewkeeper.protocol.vocabulary import EventKind, ViewCause, ViewVerdict

FLOOR_DEG = 0.1
DRIFT_DEG_PER_K = 0.015
"""0.6 degrees over 40 °C, the worse of the two chips that boards here carry."""
REST_SHARE = 0.08
"""How far from standard gravity what is felt may be and still be gravity alone."""
CONFIRM = 3
"""Readings alike before a verdict changes: one is a gust."""
KNOCK_REST_S = 10.0
"""A blow rings: what is felt within this time of the last belongs to it, as on the board itself."""
KNOCK_CONFIDENCE = 0.99

Gravity = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class BoardState:
    """What is known of the board.

    Attributes:
        device: the board's id.
        challenge: that a new row must answer.
        since_s: when the watch began, monotonic seconds.
        row: boot and sequence of the last reading that was believed.
        reading: that one's body.
        read_at_s: and when it came.
        struck_at_s: when a reading last told of new knocks.
        refused, refused_at_s: why the last message was not believed, and when.
        owed: the board has to hear the challenge.
    """

    device: str
    challenge: bytes
    since_s: float
    row: tuple[bytes, int] | None = None
    reading: Reading | None = None
    read_at_s: float = -math.inf
    struck_at_s: float = -math.inf
    refused: Reason | None = None
    refused_at_s: float = -math.inf
    owed: bool = True


def hear(
    state: BoardState, message: bytes, lookup: cose.KeyLookup, fresh: bytes, now_s: float
) -> BoardState:
    """One message further.

    Args:
        state: before it.
        message: as it came over the line.
        lookup: over the enrolled board's key alone.
        fresh: 8 random bytes, the next challenge.
        now_s: monotonic seconds.
    """
    try:
        record = unseal(message, lookup)
    except RefusalError as error:
        return replace(state, refused=error.reason, refused_at_s=now_s)
    header, body = record.header, record.body
    if header.device != state.device:
        return replace(state, refused=Reason.OTHER_DEVICE, refused_at_s=now_s)
    if not isinstance(body, Reading):
        return replace(state, refused=Reason.WRONG_KIND, refused_at_s=now_s)
    if state.row is None or header.boot != state.row[0]:
        if body.challenge != state.challenge:
            # A board that has just started does not know it yet; a recording never will.
            return replace(state, owed=True)
        return _believed(replace(state, challenge=fresh), header, body, now_s)
    if header.sequence <= state.row[1]:
        return replace(state, refused=Reason.REPLAYED, refused_at_s=now_s)
    return _believed(state, header, body, now_s)


def _believed(state: BoardState, header: Header, reading: Reading, now_s: float) -> BoardState:
    row = (header.boot, header.sequence)
    if state.row is None or state.reading is None:
        before = reading.knocks  # of before this watch began: nobody knows when
    else:
        before = state.reading.knocks if header.boot == state.row[0] else 0
    struck_at_s = now_s if reading.knocks > before else state.struck_at_s
    return replace(
        state, row=row, reading=reading, read_at_s=now_s, struck_at_s=struck_at_s, owed=False
    )


def blow(told_s: float, state: BoardState, now_s: float, utc_s: float) -> tuple[float, Flag | None]:
    """Whether a blow is to be flagged: when the last one was felt, and the flag.

    Args:
        told_s: when the last blow was felt that was looked at here, monotonic seconds.
        state: what is known of the board.
        now_s, utc_s: the same moment by both clocks.
    """
    if state.struck_at_s <= told_s:
        return told_s, None
    if state.struck_at_s - told_s < KNOCK_REST_S:
        return state.struck_at_s, None
    at_s = utc_s - (now_s - state.struck_at_s)
    flag = Flag(EventKind.CAMERA_STRUCK, at_s, at_s, KNOCK_CONFIDENCE, detector="board")
    return state.struck_at_s, flag


def fault(state: BoardState, now_s: float, silent_s: float) -> str | None:
    """What is wrong with the board, in words for an alarm; ``None``: nothing.

    Args:
        silent_s: how long without a believed reading is silence.
    """
    if state.refused is not None and now_s - state.refused_at_s < silent_s:
        return f"not the enrolled board: {state.refused.value}"
    if now_s - max(state.read_at_s, state.since_s) < silent_s:
        return None
    return "silent" if state.row is None else "fell silent"


def latest(state: BoardState, now_s: float, silent_s: float) -> Reading | None:
    """The reading that may be used as evidence now."""
    return None if now_s - state.read_at_s >= silent_s else state.reading


def gravity_of(reading: Reading) -> Gravity | None:
    """Down in the camera's frame, in units of standard gravity."""
    if reading.gravity_ug is None:
        return None
    right, down, forward = (value / 1e6 for value in reading.gravity_ug)
    return right, down, forward


@dataclass(frozen=True, slots=True)
class MountState:
    """What is believed of the mount.

    Attributes:
        home, home_c: gravity and the sensor's temperature when the view was first the same.
        verdict, cause, since_ms: as said.
        coming: the word that would be said next, and how often in a row it was found.
    """

    home: Gravity | None = None
    home_c: float | None = None
    verdict: ViewVerdict = ViewVerdict.CANNOT_TELL
    cause: ViewCause | None = ViewCause.STARTING
    since_ms: int = 0
    coming: tuple[ViewVerdict, ViewCause | None, int] = field(
        default=(ViewVerdict.CANNOT_TELL, ViewCause.STARTING, 0)
    )


@dataclass(frozen=True, slots=True)
class BoardLook:
    """What the report says because of the board."""

    mount: MountReport
    fault: str | None
    struck: Flag | None


def look(
    state: MountState,
    reading: Reading | None,
    tolerance: Tolerance,
    *,
    view_is_same: bool,
    at_ms: int,
) -> tuple[MountState, MountReport]:
    """One check further, and what the report says of the mount.

    Args:
        state: before it.
        reading: the board's newest; ``None``: it is silent or not believed.
        tolerance: of the signed configuration.
        view_is_same: the picture's verdict now; home is where gravity lay when it first was.
        at_ms: Unix milliseconds.
    """
    gravity = None if reading is None else gravity_of(reading)
    celsius = None
    if reading is not None and reading.temperature_dc is not None:
        celsius = reading.temperature_dc / 10
    at_rest = gravity is not None and abs(math.hypot(*gravity) - 1) <= REST_SHARE
    if state.home is None and view_is_same and at_rest:
        state = replace(state, home=gravity, home_c=celsius)
    verdict, cause, turned, error = ViewVerdict.CANNOT_TELL, None, None, None
    if gravity is None:
        cause = ViewCause.SIGNAL_LOST
    elif state.home is None:
        cause = ViewCause.NOT_REGISTERED
    elif not at_rest:
        cause = ViewCause.SHAKE
    else:
        turned = _turned(state.home, gravity)
        error = _error_deg(state.home_c, celsius)
        verdict, cause = _judge(turned, error, tolerance)
    state = _said(state, verdict, cause, at_ms)
    report = MountReport(
        verdict=state.verdict,
        cause=state.cause,
        tilt_mdeg=None if turned is None else round(1000 * turned[0]),
        roll_mdeg=None if turned is None else round(1000 * turned[1]),
        error_mdeg=None if error is None else round(1000 * error),
        temperature_dc=None if reading is None else reading.temperature_dc,
        registered_dc=None if state.home_c is None else round(10 * state.home_c),
        since_ms=max(0, state.since_ms),
        case=None if reading is None else reading.case,
    )
    return state, report


def _turned(home: Gravity, now: Gravity) -> tuple[float, float]:
    """Tilt and roll from home in degrees, signs as in the picture's geometry."""
    (tilt, roll), (tilt_home, roll_home) = _attitude(now), _attitude(home)
    return tilt - tilt_home, (roll - roll_home + 180) % 360 - 180


def _attitude(down: Gravity) -> tuple[float, float]:
    x, y, z = down
    tilt = math.degrees(math.asin(max(-1.0, min(1.0, -z / math.hypot(*down)))))
    return tilt, math.degrees(math.atan2(x, y))


def _error_deg(home_c: float | None, now_c: float | None) -> float:
    apart_k = 0.0 if home_c is None or now_c is None else abs(now_c - home_c)
    return math.hypot(FLOOR_DEG, DRIFT_DEG_PER_K * apart_k)


def _judge(
    turned: tuple[float, float], error_deg: float, tolerance: Tolerance
) -> tuple[ViewVerdict, ViewCause | None]:
    """The rule of device/core/tilt.py: the picture's, for two angles."""
    excess = max(abs(turned[0]) / tolerance.tilt_deg, abs(turned[1]) / tolerance.roll_deg)
    doubt = error_deg / min(tolerance.tilt_deg, tolerance.roll_deg)
    if doubt > 1 and excess < 1 + 4 * doubt:
        return ViewVerdict.CANNOT_TELL, ViewCause.IMPRECISE
    return (ViewVerdict.MOVED if excess > 1 else ViewVerdict.SAME), None


def _said(
    state: MountState, verdict: ViewVerdict, cause: ViewCause | None, at_ms: int
) -> MountState:
    found = (verdict, cause)
    count = state.coming[2] + 1 if state.coming[:2] == found else 1
    state = replace(state, coming=(*found, count))
    # That it cannot be felt any more is said at once: nobody knows what it rests on.
    needed = 1 if cause is ViewCause.SIGNAL_LOST else CONFIRM
    if found == (state.verdict, state.cause) or count < needed:
        return state
    return replace(state, verdict=verdict, cause=cause, since_ms=at_ms)
