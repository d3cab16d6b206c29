"""Why something was refused: one vocabulary for code, wire, vectors and dashboard.

The tree of errors:

    ViewkeeperError                 has .reason (for machines) and .hint (for people)
    ├── RefusalError                theirs: bytes or orders from outside that are not obeyed
    │   ├── EncodingRefusal         not deterministic CBOR of the profile (protocol/cbor.py)
    │   ├── EnvelopeRefusal         not an acceptable COSE envelope (protocol/cose.py)
    │   ├── ContentRefusal          well signed or not, the fields are not a message of ours
    │   └── OrderRefusal            a message, but not one this device may obey now
    └── SetupError                  ours: a file, setting or peripheral that is wrong here
"""

from __future__ import annotations

from enum import StrEnum, unique


@unique
class Reason(StrEnum):
    """Stable reason codes; the text is the code everywhere. Append, never rename."""

    # encoding: RFC 8949 §4.2.1 and the caps of the profile
    TOO_LARGE = "too_large"
    TRUNCATED = "truncated"
    TRAILING_BYTES = "trailing_bytes"
    TOO_DEEP = "too_deep"
    INDEFINITE_LENGTH = "indefinite_length"
    TYPE_NOT_ALLOWED = "type_not_allowed"
    NOT_DETERMINISTIC = "not_deterministic"
    DUPLICATE_KEY = "duplicate_key"
    BAD_UTF8 = "bad_utf8"
    # envelope: RFC 9052 and the profile
    NOT_COSE = "not_cose"
    UNSIGNED = "unsigned"
    ALG_MISSING = "alg_missing"
    ALG_NOT_ALLOWED = "alg_not_allowed"
    KID_MISSING = "kid_missing"
    UNKNOWN_CRIT = "unknown_crit"
    UNPROTECTED_HEADER = "unprotected_header"
    UNKNOWN_HEADER = "unknown_header"
    UNKNOWN_KEY = "unknown_key"
    BAD_SIGNATURE = "bad_signature"
    WEAK_KEY = "weak_key"
    DUPLICATE_SIGNER = "duplicate_signer"
    # content
    FIELD_MISSING = "field_missing"
    FIELD_UNKNOWN = "field_unknown"
    FIELD_TYPE = "field_type"
    FIELD_RANGE = "field_range"
    WRONG_KIND = "wrong_kind"
    # order: who, to whom, when, in which place of the row
    ROLE_MISSING = "role_missing"
    THRESHOLD_NOT_MET = "threshold_not_met"
    KEY_NOT_VALID_NOW = "key_not_valid_now"
    OTHER_DEVICE = "other_device"
    OLD_EPOCH = "old_epoch"
    UNKNOWN_EPOCH = "unknown_epoch"
    REPLAYED = "replayed"
    ROLLED_BACK = "rolled_back"
    SEQUENCE_JUMP = "sequence_jump"
    FORKED = "forked"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    INVERTED_WINDOW = "inverted_window"
    RETAINED_ORDER = "retained_order"
    WRONG_NONCE = "wrong_nonce"
    KEYSET_VERSION = "keyset_version"
    # policy: what the law or its table forbids
    PROHIBITED_PLACE = "prohibited_place"
    UNKNOWN_PLACE = "unknown_place"
    RETENTION_TOO_SHORT = "retention_too_short"
    LIFECYCLE_STEP = "lifecycle_step"
    NOT_ACCEPTED_FOR_USE = "not_accepted_for_use"
    TWO_PERSONS = "two_persons"
    CONSENT_MISSING = "consent_missing"
    SIGN_TEXT = "sign_text"
    # this device's own state
    UNKNOWN_VIEW = "unknown_view"
    STORE_FAILED = "store_failed"
    NOT_SUPPORTED = "not_supported"
    INTERNAL = "internal"
    # verdicts that are not refusals
    ACCEPTED = "accepted"
    ALREADY_APPLIED = "already_applied"
    # setting up, reading and running
    SETTING = "setting"
    FILE_MISSING = "file_missing"
    FILE_UNREADABLE = "file_unreadable"
    LIBRARY_MISSING = "library_missing"
    SOURCE_LOST = "source_lost"
    STATE_DAMAGED = "state_damaged"
    LEDGER_TAMPERED = "ledger_tampered"
    REGISTRATION = "registration"
    BROKER = "broker"


class ViewkeeperError(Exception):
    """Anything this project raises on purpose.

    Attributes:
        reason: the stable code.
        hint: one sentence for a person: what is wrong and, where there is one, the cure.
    """

    def __init__(self, reason: Reason, hint: str) -> None:
        super().__init__(f"{hint} [{reason}]")
        self.reason = reason
        self.hint = hint


class RefusalError(ViewkeeperError):
    """Something from outside is not obeyed."""


class EncodingRefusal(RefusalError):
    """Bytes that are not deterministic CBOR of the profile."""


class EnvelopeRefusal(RefusalError):
    """A COSE message outside the profile, or whose signature does not hold."""


class ContentRefusal(RefusalError):
    """Fields that are not a message of ours."""


class OrderRefusal(RefusalError):
    """A well-signed order that must not be obeyed here and now."""


class SetupError(ViewkeeperError):
    """A file, setting, library or peripheral that is wrong on this machine."""
