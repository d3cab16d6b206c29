// The wire contract as data. Generated from protocol/ by dashboard/schema.py: do not edit.
// Make it again with: python -m viewkeeper.dashboard.schema

export const TOPICS_ROOT = "viewkeeper/v1";

export const ID_PATTERN = "[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?";

export const ALGORITHM = -19;

export const KID_BYTES = 8;

export const MAX_DEPTH = 12;

export const MAX_RECORD_BYTES = 4096;

export const MAX_CHECKPOINT_BYTES = 1024;

export const DOMAINS = {"config": "viewkeeper/v1/order/config", "keyset": "viewkeeper/v1/order/keyset", "grant": "viewkeeper/v1/order/grant", "command": "viewkeeper/v1/order/command", "lifecycle": "viewkeeper/v1/order/lifecycle", "record": "viewkeeper/v1/record", "checkpoint": "viewkeeper/v1/checkpoint"};

export const RECORD_BODIES = {"1": "Report", "2": "Event", "3": "Alarm", "4": "VerdictRecord", "5": "Gap", "6": "ClockFix"};

export const NUMBERED = {"RecordKind": {"report": 1, "event": 2, "alarm": 3, "verdict": 4, "gap": 5, "clock_fix": 6}, "OrderKind": {"config": 1, "keyset": 2, "grant": 3, "command": 4, "lifecycle": 5}};

export const REASONS = {
  TOO_LARGE: "too_large",
  TRUNCATED: "truncated",
  TRAILING_BYTES: "trailing_bytes",
  TOO_DEEP: "too_deep",
  INDEFINITE_LENGTH: "indefinite_length",
  TYPE_NOT_ALLOWED: "type_not_allowed",
  NOT_DETERMINISTIC: "not_deterministic",
  DUPLICATE_KEY: "duplicate_key",
  BAD_UTF8: "bad_utf8",
  NOT_COSE: "not_cose",
  UNSIGNED: "unsigned",
  ALG_MISSING: "alg_missing",
  ALG_NOT_ALLOWED: "alg_not_allowed",
  KID_MISSING: "kid_missing",
  UNKNOWN_CRIT: "unknown_crit",
  UNPROTECTED_HEADER: "unprotected_header",
  UNKNOWN_HEADER: "unknown_header",
  UNKNOWN_KEY: "unknown_key",
  BAD_SIGNATURE: "bad_signature",
  WEAK_KEY: "weak_key",
  DUPLICATE_SIGNER: "duplicate_signer",
  FIELD_MISSING: "field_missing",
  FIELD_UNKNOWN: "field_unknown",
  FIELD_TYPE: "field_type",
  FIELD_RANGE: "field_range",
  WRONG_KIND: "wrong_kind",
  ROLE_MISSING: "role_missing",
  THRESHOLD_NOT_MET: "threshold_not_met",
  KEY_NOT_VALID_NOW: "key_not_valid_now",
  OTHER_DEVICE: "other_device",
  OLD_EPOCH: "old_epoch",
  UNKNOWN_EPOCH: "unknown_epoch",
  REPLAYED: "replayed",
  ROLLED_BACK: "rolled_back",
  SEQUENCE_JUMP: "sequence_jump",
  FORKED: "forked",
  NOT_YET_VALID: "not_yet_valid",
  EXPIRED: "expired",
  INVERTED_WINDOW: "inverted_window",
  RETAINED_ORDER: "retained_order",
  WRONG_NONCE: "wrong_nonce",
  KEYSET_VERSION: "keyset_version",
  PROHIBITED_PLACE: "prohibited_place",
  UNKNOWN_PLACE: "unknown_place",
  RETENTION_TOO_SHORT: "retention_too_short",
  LIFECYCLE_STEP: "lifecycle_step",
  NOT_ACCEPTED_FOR_USE: "not_accepted_for_use",
  TWO_PERSONS: "two_persons",
  CONSENT_MISSING: "consent_missing",
  SIGN_TEXT: "sign_text",
  UNKNOWN_VIEW: "unknown_view",
  STORE_FAILED: "store_failed",
  NOT_SUPPORTED: "not_supported",
  INTERNAL: "internal",
  ACCEPTED: "accepted",
  ALREADY_APPLIED: "already_applied",
  SETTING: "setting",
  FILE_MISSING: "file_missing",
  FILE_UNREADABLE: "file_unreadable",
  LIBRARY_MISSING: "library_missing",
  SOURCE_LOST: "source_lost",
  STATE_DAMAGED: "state_damaged",
  LEDGER_TAMPERED: "ledger_tampered",
  REGISTRATION: "registration",
  BROKER: "broker",
};

export const VOCABULARIES = {
  ViewVerdict: ["same", "moved", "cannot_tell", "obstructed"],
  ViewCause: ["covered", "defocused", "dark", "overexposed", "low_contrast", "frozen", "replayed", "no_texture", "no_match", "noise", "signal_lost", "not_registered", "starting"],
  SignageState: ["present", "obscured", "missing", "photo_expired", "text_mismatch", "unknown"],
  LitState: ["lit", "unlit", "failing", "unknown"],
  LifecycleState: ["manufactured", "registered", "accepted", "in_use", "filing_due", "filed", "change_due", "withdrawn"],
  Regime: ["art7", "art9", "nonpublic"],
  EventKind: ["camera_covered", "camera_struck", "camera_moved"],
  AlarmKind: ["view_moved", "view_unknown", "view_obstructed", "sign_fault", "order_refused", "clock_fault", "storage_fault", "ledger_fault"],
  ClockTrust: ["synchronised", "floor"],
  Role: ["root", "configuration", "lifecycle", "access", "approval", "update"],
};

export const MESSAGES = {
  Header: [
    {"key": 2, "name": "device", "type": "text", "low": 1, "high": 32, "pattern": "[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?"},
    {"key": 3, "name": "boot", "type": "bytes", "low": 8, "high": 8},
    {"key": 4, "name": "sequence", "type": "int", "low": 0, "high": 9007199254740992},
    {"key": 5, "name": "utc_ms", "type": "int", "low": 0, "high": 9007199254740992},
    {"key": 6, "name": "mono_ms", "type": "int", "low": 0, "high": 9007199254740992},
    {"key": 7, "name": "clock", "type": "choice", "of": "ClockTrust"},
  ],
  Report: [
    {"key": 1, "name": "view", "type": "nested", "of": "ViewReport"},
    {"key": 2, "name": "signage", "type": "nested", "of": "SignageReport"},
    {"key": 3, "name": "health", "type": "nested", "of": "HealthReport"},
    {"key": 4, "name": "lifecycle", "type": "choice", "of": "LifecycleState"},
    {"key": 5, "name": "config_sequence", "type": "int", "low": 0, "high": 9007199254740992},
    {"key": 6, "name": "config_hash", "optional": true, "type": "bytes", "low": 8, "high": 8},
    {"key": 7, "name": "ledger_size", "type": "int", "low": 0, "high": 9007199254740992},
    {"key": 8, "name": "ledger_root", "type": "bytes", "low": 32, "high": 32},
    {"key": 9, "name": "refusals", "type": "int", "low": 0, "high": 9007199254740992},
    {"key": 10, "name": "last_refusal", "optional": true, "type": "text", "low": 1, "high": 40, "pattern": "[a-z_]{1,40}"},
  ],
  ViewReport: [
    {"key": 1, "name": "verdict", "type": "choice", "of": "ViewVerdict"},
    {"key": 2, "name": "cause", "optional": true, "type": "choice", "of": "ViewCause"},
    {"key": 3, "name": "move", "optional": true, "type": "nested", "of": "MoveReport"},
    {"key": 4, "name": "lost_permille", "optional": true, "type": "int", "low": 0, "high": 1000},
    {"key": 5, "name": "since_ms", "type": "int", "low": 0, "high": 9007199254740992},
    {"key": 6, "name": "latched", "type": "bool"},
  ],
  MoveReport: [
    {"key": 1, "name": "pan_mdeg", "type": "int", "low": -360000, "high": 360000},
    {"key": 2, "name": "tilt_mdeg", "type": "int", "low": -360000, "high": 360000},
    {"key": 3, "name": "roll_mdeg", "type": "int", "low": -360000, "high": 360000},
    {"key": 4, "name": "zoom_ppm", "type": "int", "low": 0, "high": 100000000},
    {"key": 5, "name": "pan_error_mdeg", "type": "int", "low": 0, "high": 360000},
    {"key": 6, "name": "tilt_error_mdeg", "type": "int", "low": 0, "high": 360000},
    {"key": 7, "name": "roll_error_mdeg", "type": "int", "low": 0, "high": 360000},
    {"key": 8, "name": "zoom_error_ppm", "type": "int", "low": 0, "high": 100000000},
  ],
  SignageReport: [
    {"key": 1, "name": "state", "type": "choice", "of": "SignageState"},
    {"key": 2, "name": "lit", "type": "choice", "of": "LitState"},
    {"key": 3, "name": "current_ma", "optional": true, "type": "int", "low": 0, "high": 100000},
  ],
  HealthReport: [
    {"key": 1, "name": "frame_rate_mhz", "type": "int", "low": 0, "high": 1000000},
    {"key": 2, "name": "storage_free_permille", "optional": true, "type": "int", "low": 0, "high": 1000},
    {"key": 3, "name": "temperature_dc", "optional": true, "type": "int", "low": -1000, "high": 2000},
    {"key": 4, "name": "memory_kib", "optional": true, "type": "int", "low": 0, "high": 4294967296},
    {"key": 5, "name": "cpu_permille", "optional": true, "type": "int", "low": 0, "high": 64000},
    {"key": 6, "name": "uptime_s", "type": "int", "low": 0, "high": 9007199254740992},
    {"key": 7, "name": "findings", "type": "list", "low": 0, "high": 8, "item": {"type": "text", "low": 1, "high": 40, "pattern": "[a-z_]{1,40}"}},
  ],
  Event: [
    {"key": 1, "name": "event", "type": "choice", "of": "EventKind"},
    {"key": 2, "name": "started_ms", "type": "int", "low": 0, "high": 9007199254740992},
    {"key": 3, "name": "ended_ms", "optional": true, "type": "int", "low": 0, "high": 9007199254740992},
    {"key": 4, "name": "confidence_permille", "type": "int", "low": 0, "high": 1000},
    {"key": 5, "name": "alarm_method", "type": "int", "low": 1, "high": 7},
    {"key": 6, "name": "alarm_type", "type": "int", "low": 1, "high": 99},
    {"key": 7, "name": "zone", "optional": true, "type": "text", "low": 1, "high": 40},
  ],
  Alarm: [
    {"key": 1, "name": "alarm", "type": "choice", "of": "AlarmKind"},
    {"key": 2, "name": "since_ms", "type": "int", "low": 0, "high": 9007199254740992},
    {"key": 3, "name": "detail", "type": "text", "low": 0, "high": 160},
    {"key": 4, "name": "alarm_method", "type": "int", "low": 1, "high": 7},
    {"key": 5, "name": "alarm_type", "type": "int", "low": 1, "high": 99},
  ],
  VerdictRecord: [
    {"key": 1, "name": "order", "type": "number", "of": "OrderKind"},
    {"key": 2, "name": "order_hash", "type": "bytes", "low": 32, "high": 32},
    {"key": 3, "name": "accepted", "type": "bool"},
    {"key": 4, "name": "reason", "type": "text", "low": 1, "high": 40, "pattern": "[a-z_]{1,40}"},
    {"key": 5, "name": "detail", "type": "text", "low": 0, "high": 160},
    {"key": 6, "name": "sequence", "optional": true, "type": "int", "low": 0, "high": 9007199254740992},
    {"key": 7, "name": "clock", "type": "choice", "of": "ClockTrust"},
    {"key": 8, "name": "config_hash", "optional": true, "type": "bytes", "low": 32, "high": 32},
  ],
  Gap: [
    {"key": 1, "name": "first_sequence", "type": "int", "low": 0, "high": 9007199254740992},
    {"key": 2, "name": "last_sequence", "type": "int", "low": 0, "high": 9007199254740992},
    {"key": 3, "name": "lost", "type": "int", "low": 0, "high": 9007199254740992},
  ],
  ClockFix: [
    {"key": 1, "name": "step_ms", "type": "int", "low": -9007199254740992, "high": 9007199254740992},
  ],
  Checkpoint: [
    {"key": 1, "name": "device", "type": "text", "low": 1, "high": 32, "pattern": "[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?"},
    {"key": 2, "name": "size", "type": "int", "low": 0, "high": 9007199254740992},
    {"key": 3, "name": "root", "type": "bytes", "low": 32, "high": 32},
    {"key": 4, "name": "utc_ms", "type": "int", "low": 0, "high": 9007199254740992},
  ],
};
