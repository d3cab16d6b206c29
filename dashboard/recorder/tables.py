"""The tables of a recording, and the rows that go in and out of them.

What differs between SQLite and PostgreSQL stands in braces; each fills in its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

SCHEMA_VERSION = 2
DAY_MS = 86_400_000
COUNTERSIGNED = """
CREATE TABLE countersigned (camera TEXT NOT NULL, size {integer} NOT NULL, root {bytes} NOT NULL,
  at_ms {integer} NOT NULL, message {bytes} NOT NULL, PRIMARY KEY (camera)) {keyed};
"""
ALARMS_BY_TIME = """
CREATE INDEX IF NOT EXISTS alarms_by_time ON records (utc_ms) WHERE kind = 3;
"""
"""Of RecordKind.ALARM, across cameras; made at every opening, so that an older recording has it."""
SCHEMA = (
    COUNTERSIGNED
    + """
CREATE TABLE records (
  camera TEXT NOT NULL, boot {bytes} NOT NULL, sequence {integer} NOT NULL,
  kind {integer} NOT NULL, utc_ms {integer} NOT NULL, received_ms {integer} NOT NULL,
  rest TEXT NOT NULL, weight {integer} NOT NULL, message {bytes} NOT NULL,
  PRIMARY KEY (camera, boot, sequence)) {keyed};
CREATE INDEX records_by_time ON records (camera, kind, utc_ms);
CREATE TABLE checkpoints (
  camera TEXT NOT NULL, size {integer} NOT NULL, root {bytes} NOT NULL,
  utc_ms {integer} NOT NULL, received_ms {integer} NOT NULL, message {bytes} NOT NULL,
  PRIMARY KEY (camera, size)) {keyed};
CREATE TABLE notices (camera TEXT NOT NULL, at_ms {integer} NOT NULL, what TEXT NOT NULL,
  detail TEXT NOT NULL{rowid});
CREATE INDEX notices_by_time ON notices (camera, at_ms);
CREATE TABLE refusals (camera TEXT NOT NULL, at_ms {integer} NOT NULL, rest TEXT NOT NULL,
  reason TEXT NOT NULL, hint TEXT NOT NULL{rowid});
CREATE INDEX refusals_by_time ON refusals (camera, at_ms);
CREATE TABLE faults (camera TEXT NOT NULL, at_ms {integer} NOT NULL, fault TEXT NOT NULL,
  detail TEXT NOT NULL, PRIMARY KEY (camera, fault, detail)) {keyed};
CREATE TABLE acknowledgements (camera TEXT NOT NULL, boot {bytes} NOT NULL,
  sequence {integer} NOT NULL, at_ms {integer} NOT NULL, who TEXT NOT NULL,
  note TEXT NOT NULL{rowid});
"""
)


class Fault(StrEnum):
    """What a witness with a memory notices."""

    FORKED = "forked"
    """One number of the row, two different signed records."""
    LEDGER_FORKED = "ledger_forked"
    """One size of the ledger, two signed roots; or a larger one that does not continue it."""
    LEDGER_SHRUNK = "ledger_shrunk"
    """A later checkpoint of a smaller ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """Somebody saw an alarm. ``who`` is what they typed: nobody checked it."""

    camera: str
    boot: bytes
    sequence: int
    at_ms: int
    who: str
    note: str


@dataclass(frozen=True, slots=True)
class Row:
    """A kept record as it is handed out: still to be verified by the reader."""

    rest: str
    utc_ms: int
    message: bytes


@dataclass(frozen=True, slots=True)
class Said:
    """A countersignature that was given."""

    camera: str
    size: int
    root: bytes
    message: bytes
