"""Members that travel as numbers keep them: new ones are appended."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from enum import StrEnum
from typing import Any

import pytest

from viewkeeper.protocol import records
from viewkeeper.protocol.errors import ContentRefusal, Reason
from viewkeeper.protocol.fields import Kind, Nested
from viewkeeper.protocol.kinds import Code, SetOf
from viewkeeper.protocol.vocabulary import AlarmKind, ViewVerdict

FIRST = {
    "AlarmKind": """
        view_moved view_unknown view_obstructed sign_fault order_refused clock_fault
        storage_fault ledger_fault event_unreported mount_moved case_open safe_mode
        board_fault
    """,
    "ClockTrust": """
        synchronised floor
    """,
    "Corroboration": """
        zoomed_by_camera zoom_changed_picture_same zoom_differs turned_by_mount
        turned_unseen mount_turned_picture_same mount_still_picture_moved tilt_agrees
        tilted_unseen tilted_picture_same tilt_differs focus_moved
        focus_still_picture_blurred tamper_agrees tamper_picture_same
    """,
    "LifecycleState": """
        manufactured registered accepted in_use filing_due filed change_due withdrawn
    """,
    "LitState": """
        lit unlit failing unknown
    """,
    "Reason": """
        too_large truncated trailing_bytes too_deep indefinite_length type_not_allowed
        not_deterministic duplicate_key bad_utf8 not_cose unsigned alg_missing
        alg_not_allowed kid_missing unknown_crit unprotected_header unknown_header
        unknown_key bad_signature weak_key duplicate_signer field_missing
        field_unknown field_type field_range wrong_kind role_missing threshold_not_met
        key_not_valid_now other_device old_epoch unknown_epoch replayed rolled_back
        sequence_jump forked not_yet_valid expired inverted_window retained_order
        wrong_nonce keyset_version prohibited_place unknown_place retention_too_short
        lifecycle_step not_accepted_for_use two_persons consent_missing sign_text
        unknown_view store_failed not_supported internal accepted already_applied
        setting file_missing file_unreadable library_missing source_lost state_damaged
        ledger_tampered registration broker
    """,
    "SignageSource": """
        view sensor display photo
    """,
    "SignageState": """
        present obscured missing replaced photo_expired text_mismatch unknown
    """,
    "TamperState": """
        closed open
    """,
    "ViewCause": """
        covered defocused dark overexposed low_contrast frozen replayed no_texture
        no_match imprecise noise signal_lost not_registered starting glare stripes
        shake dirty_glass colour_cast recorded no_camera
    """,
    "ViewVerdict": """
        same moved cannot_tell obstructed
    """,
    "WatchState": """
        off learning watching suspended
    """,
}
"""In the order of their numbers, as they were first published."""


def numbered(message: type[Any]) -> set[type[StrEnum]]:
    """Vocabularies whose members travel as numbers in a message."""
    found: set[type[StrEnum]] = set()
    for spec in fields(message):
        kind: Kind = spec.metadata["kind"]
        if isinstance(kind, Code | SetOf):
            found.add(kind.vocabulary)
        elif isinstance(kind, Nested) and is_dataclass(kind.message):
            found |= numbered(kind.message)
    return found


def test_no_member_has_changed_its_number():
    bodies = [records.Header, *records.BODIES.values()]
    vocabularies = set[type[StrEnum]]().union(*(numbered(body) for body in bodies))
    assert {one.__name__ for one in vocabularies} == set(FIRST)
    for one in vocabularies:
        published = FIRST[one.__name__].split()
        assert [member.value for member in one][: len(published)] == published


@pytest.mark.parametrize("value", [-1, len(ViewVerdict), 2**60])
def test_a_number_nobody_has_is_out_of_range(value: int):
    with pytest.raises(ContentRefusal) as refusal:
        Code(ViewVerdict).parse(value, "verdict")
    assert refusal.value.reason is Reason.FIELD_RANGE


@pytest.mark.parametrize("value", [-1, 2 ** len(AlarmKind), 2**60])
def test_a_bit_nobody_has_is_out_of_range(value: int):
    with pytest.raises(ContentRefusal) as refusal:
        SetOf(AlarmKind).parse(value, "alarms")
    assert refusal.value.reason is Reason.FIELD_RANGE


@pytest.mark.parametrize("value", [True, None, "same", [0], b"\0"])
def test_what_is_no_number_is_refused(value: Any):
    for kind in (Code(ViewVerdict), SetOf(AlarmKind)):
        with pytest.raises(ContentRefusal) as refusal:
            kind.parse(value, "field")
        assert refusal.value.reason is Reason.FIELD_TYPE


def test_a_set_has_no_order_and_no_doubles():
    some = (AlarmKind.SIGN_FAULT, AlarmKind.VIEW_MOVED, AlarmKind.SIGN_FAULT)
    packed = SetOf(AlarmKind).pack(some)
    assert SetOf(AlarmKind).parse(packed, "alarms") == (AlarmKind.VIEW_MOVED, AlarmKind.SIGN_FAULT)
