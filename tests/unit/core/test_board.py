"""The board on the serial line: who is believed, what silence is, what gravity says."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from viewkeeper.agent.core import board
from viewkeeper.agent.core.view.verdict import Tolerance
from viewkeeper.protocol import cose
from viewkeeper.protocol.records import Body, ClockFix, Header, Reading, Record, seal
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vocabulary import (
    ClockTrust,
    EventKind,
    TamperState,
    ViewCause,
    ViewVerdict,
)

SIGNER = w.signer("board gate-1")
KEYS = cose.lookup_in([SIGNER.verify_key])
FIRST, NEXT = b"first-ch", b"next-chl"
START = board.BoardState("gate-1", FIRST, since_s=0.0)
SILENT_S = 60.0


def reading(
    tilt_deg: float = 0.0, challenge: bytes | None = None, celsius: float = 20, knocks: int = 0
) -> Reading:
    tilt = math.radians(tilt_deg)
    down = (0, round(1e6 * math.cos(tilt)), round(-1e6 * math.sin(tilt)))
    return Reading(
        gravity_ug=down,
        temperature_dc=round(10 * celsius),
        case=TamperState.CLOSED,
        knocks=knocks,
        boots=1,
        watchdog_resets=0,
        challenge=challenge,
    )


def message(
    body: Body,
    sequence: int,
    boot: bytes = bytes(8),
    device: str = "gate-1",
    by: cose.Signer = SIGNER,
) -> bytes:
    header = Header(
        device=device, boot=boot, sequence=sequence, utc_ms=0, mono_ms=0, clock=ClockTrust.FLOOR
    )
    return seal(Record(header, body), by)


def heard(state: board.BoardState, said: bytes, at_s: float = 1.0) -> board.BoardState:
    return board.hear(state, said, KEYS, NEXT, at_s)


BELIEVED = heard(START, message(reading(challenge=FIRST), 1))


def test_a_row_is_believed_once_it_answers_the_challenge_and_then_counts_on() -> None:
    assert heard(START, message(reading(), 1)).reading is None
    assert BELIEVED.reading is not None
    assert not BELIEVED.owed
    after = heard(BELIEVED, message(reading(5.0), 7), 2.0)
    assert after.row == (bytes(8), 7)
    assert board.fault(after, 3.0, SILENT_S) is None


def test_a_recorded_row_tells_nothing_later() -> None:
    recorded = message(reading(challenge=FIRST), 1)
    other = heard(BELIEVED, message(reading(challenge=NEXT), 1, b"row-two!"), 2.0)
    assert other.row == (b"row-two!", 1)
    replayed = heard(other, recorded, 3.0)
    assert replayed.row == other.row
    assert replayed.read_at_s == 2.0
    assert heard(BELIEVED, recorded, 3.0).refused == "replayed"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (message(reading(challenge=FIRST), 1, by=w.signer("another board")), "unknown_key"),
        (message(reading(challenge=FIRST), 1, device="gate-2"), "other_device"),
        (message(ClockFix(step_ms=1), 1), "wrong_kind"),
        (message(reading(challenge=FIRST), 1)[:-1], "truncated"),
        (b"", "not_cose"),
    ],
)
def test_what_is_not_the_enrolled_boards_is_a_fault_and_no_evidence(
    said: bytes, reason: str
) -> None:
    state = heard(BELIEVED, said, 10.0)
    assert state.reading == BELIEVED.reading
    assert state.read_at_s == BELIEVED.read_at_s
    assert board.fault(state, 11.0, SILENT_S) == f"not the enrolled board: {reason}"
    healed = heard(state, message(reading(), 9), 60.0)
    assert board.fault(healed, 71.0, SILENT_S) is None


def test_silence_is_a_fault_after_its_time_and_its_last_word_no_evidence() -> None:
    assert board.fault(START, SILENT_S - 1, SILENT_S) is None
    assert board.fault(START, SILENT_S, SILENT_S) == "silent"
    assert board.fault(BELIEVED, SILENT_S, SILENT_S) is None
    assert board.fault(BELIEVED, 1.0 + SILENT_S, SILENT_S) == "fell silent"
    assert board.latest(BELIEVED, SILENT_S, SILENT_S) is BELIEVED.reading
    assert board.latest(BELIEVED, 1.0 + SILENT_S, SILENT_S) is None


def looks(
    state: board.MountState, *readings: Reading | None, same: bool = True
) -> tuple[board.MountState, ViewVerdict, ViewCause | None]:
    report = None
    for at, felt in enumerate(readings):
        state, report = board.look(state, felt, Tolerance(), view_is_same=same, at_ms=1000 + at)
    assert report is not None
    return state, report.verdict, report.cause


def test_home_is_where_gravity_lay_when_the_view_was_first_the_same() -> None:
    state, verdict, cause = looks(board.MountState(), *[reading(4.0)] * 3, same=False)
    assert (verdict, cause) == (ViewVerdict.CANNOT_TELL, ViewCause.NOT_REGISTERED)
    state, verdict, _ = looks(state, *[reading(4.0)] * 3)
    assert verdict is ViewVerdict.SAME
    state, verdict, _ = looks(state, *[reading(6.0)] * 2)
    assert verdict is ViewVerdict.SAME  # a gust
    state, verdict, _ = looks(state, reading(6.0))
    assert verdict is ViewVerdict.MOVED
    _, report = board.look(state, reading(6.0), Tolerance(), view_is_same=True, at_ms=9)
    assert report.tilt_mdeg == pytest.approx(2000, abs=1)
    assert report.roll_mdeg == 0


def test_silence_is_said_at_once_and_shaking_is_not_a_move() -> None:
    state, _, _ = looks(board.MountState(), *[reading()] * 3)
    assert looks(state, None)[1:] == (ViewVerdict.CANNOT_TELL, ViewCause.SIGNAL_LOST)
    shaken = replace(reading(), gravity_ug=(0, 1_400_000, 0))
    assert looks(state, *[shaken] * 3)[1:] == (ViewVerdict.CANNOT_TELL, ViewCause.SHAKE)


def test_heat_widens_the_doubt() -> None:
    state, _, _ = looks(board.MountState(), *[reading()] * 3)
    hot = reading(0.4, celsius=60)
    assert looks(state, *[hot] * 3)[1:] == (ViewVerdict.CANNOT_TELL, ViewCause.IMPRECISE)
    assert looks(state, *[reading(0.4)] * 3)[1] is ViewVerdict.MOVED


def test_a_knock_that_the_board_felt_is_one_flag_however_long_it_rings() -> None:
    told_s, flags = -math.inf, []
    state = BELIEVED
    for at_s, knocks in ((2.0, 0), (3.0, 1), (4.0, 1), (6.0, 3), (30.0, 4)):
        state = heard(state, message(reading(knocks=knocks), 2 + int(at_s)), at_s)
        told_s, flag = board.blow(told_s, state, at_s + 0.5, 1000.0 + at_s)
        flags.append(flag)
    assert [flag is not None for flag in flags] == [False, True, False, False, True]
    assert flags[1] is not None
    assert flags[1].kind is EventKind.CAMERA_STRUCK
    assert (flags[1].started_s, flags[1].ended_s) == (1002.5, 1002.5)  # when it was told
    assert flags[1].detector == "board"


def test_knocks_of_before_the_watch_are_nobodys_and_those_of_a_new_start_count() -> None:
    old = heard(START, message(reading(challenge=FIRST, knocks=7), 1))
    assert board.blow(-math.inf, old, 1.0, 1000.0) == (-math.inf, None)
    anew = heard(old, message(reading(challenge=NEXT, knocks=1), 1, boot=b"new boot"), 60.0)
    told_s, flag = board.blow(-math.inf, anew, 60.0, 1060.0)
    assert flag is not None
    assert told_s == 60.0
