"""Only what is signed is kept as a record; everything else is called what it is."""

from __future__ import annotations

import pytest

from tests.unit.dashboard.recorder import voice
from tests.unit.dashboard.recorder.voice import INTAKE, NAME, TOPICS
from viewkeeper.dashboard.recorder.intake import Kept, Notice, Refused, Witnessed
from viewkeeper.protocol.errors import Reason
from viewkeeper.protocol.vocabulary import ViewVerdict


def test_a_signed_report_is_kept_with_its_bytes_and_weight() -> None:
    message = voice.seal(voice.report(ViewVerdict.MOVED))
    found = INTAKE.read(TOPICS.report, message)
    assert isinstance(found, Kept)
    assert (found.camera, found.rest, found.message) == (NAME, "report", message)
    assert found.weight == 3


@pytest.mark.parametrize(("verdict", "weight"), [(ViewVerdict.SAME, 0), (ViewVerdict.MOVED, 3)])
def test_a_board_without_a_camera_weighs_what_its_mount_says(
    verdict: ViewVerdict, weight: int
) -> None:
    assert voice.kept(voice.board(verdict), 1).weight == weight


def test_a_signed_checkpoint_is_witnessed() -> None:
    found = INTAKE.read(TOPICS.checkpoint, voice.checkpoint(9))
    assert isinstance(found, Witnessed)
    assert found.checkpoint.size == 9


@pytest.mark.parametrize(
    ("topic", "payload", "what"),
    [
        (TOPICS.status, b"online", "online"),
        (TOPICS.status, b"offline", "offline"),
        (TOPICS.alarm("view_moved"), b"", "alarm_ended"),
    ],
)
def test_what_nobody_signs_is_a_notice(topic: str, payload: bytes, what: str) -> None:
    found = INTAKE.read(topic, payload)
    assert isinstance(found, Notice)
    assert found.what == what


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        (TOPICS.status, b"hello"),
        (TOPICS.state, b"{}"),
        (TOPICS.config_desired, b"\xd2"),
        (TOPICS.command("identify"), b"\xd2"),
        (TOPICS.report, b""),
        ("viewkeeper/v1/old-town/cam-08/report", b"\xd2"),
        ("other/topic", b"x"),
    ],
)
def test_what_is_not_for_the_recorder_is_nothing(topic: str, payload: bytes) -> None:
    assert INTAKE.read(topic, payload) is None


def test_a_forged_record_is_refused_with_its_reason() -> None:
    message = bytearray(voice.seal(voice.report()))
    message[-1] ^= 1
    found = INTAKE.read(TOPICS.report, bytes(message))
    assert isinstance(found, Refused)
    assert found.reason is Reason.BAD_SIGNATURE


@pytest.mark.parametrize(
    ("topic", "message", "reason"),
    [
        (TOPICS.report, voice.seal(voice.alarm()), Reason.WRONG_KIND),
        (TOPICS.alarm("x"), voice.seal(voice.report()), Reason.WRONG_KIND),
        (TOPICS.event("camera_moved"), voice.seal(voice.event()), Reason.WRONG_KIND),
        (TOPICS.reply, voice.seal(voice.report()), Reason.WRONG_KIND),
        (TOPICS.report, voice.seal(voice.report(), device="cam-08"), Reason.OTHER_DEVICE),
        (TOPICS.report, voice.checkpoint(1), Reason.BAD_SIGNATURE),
        (TOPICS.checkpoint, voice.seal(voice.report()), Reason.BAD_SIGNATURE),
        (TOPICS.report, b"not signed", Reason.NOT_COSE),
    ],
)
def test_a_true_record_in_the_wrong_place_is_refused(
    topic: str, message: bytes, reason: Reason
) -> None:
    found = INTAKE.read(topic, message)
    assert isinstance(found, Refused)
    assert found.reason is reason


def test_history_may_carry_every_kind() -> None:
    for body in (voice.report(), voice.alarm(), voice.event()):
        assert isinstance(INTAKE.read(TOPICS.history, voice.seal(body)), Kept)
