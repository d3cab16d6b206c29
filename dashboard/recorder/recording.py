"""What is kept: signed records, checkpoints, and the desk's own notes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from viewkeeper.dashboard.recorder.answers import Answers, as_bytes, as_int
from viewkeeper.dashboard.recorder.database import Session, open_database
from viewkeeper.dashboard.recorder.intake import (
    Found,
    Kept,
    Notice,
    Refused,
    Witnessed,
    ends_alarm,
)
from viewkeeper.dashboard.recorder.tables import DAY_MS, Acknowledgement, Fault, Said
from viewkeeper.protocol.vocabulary import RecordKind


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a batch: records and checkpoints that were new, and that were there."""

    new: int
    known: int


class Recording(Answers):
    """An open recording; safe to use from several threads.

    Args:
        where: an SQLite file, or the URL of a PostgreSQL database.

    Raises:
        SetupError: it cannot be opened, or a newer program wrote it; from every method,
            ``store_failed`` when the database does not do as asked.
    """

    def __init__(self, where: Path | str) -> None:
        super().__init__(open_database(where))

    def close(self) -> None:
        self._db.close()

    # keeping

    def add(self, found: Iterable[Found], at_ms: int) -> Added:
        """Keep a batch in one transaction; what is already there changes nothing."""
        new = known = 0
        with self._db.writing() as session:
            # Records come by the hundred and go in together; the rest is rare, and what an
            # emptied alarm topic means hangs on the records before it.
            for alike, group in groupby(found, key=_is_record):
                if alike:
                    kept = [one for one in group if isinstance(one, Kept)]
                    added = self._add_records(session, kept, at_ms)
                    new, known = new + added, known + len(kept) - added
                    continue
                for one in group:
                    if isinstance(one, Witnessed):
                        added = self._add_checkpoint(session, one, at_ms)
                        new, known = new + added, known + 1 - added
                    elif isinstance(one, Notice):
                        self._add_notice(session, one, at_ms)
                    elif isinstance(one, Refused):
                        self._add_refusal(session, one, at_ms)
        return Added(new, known)

    def _add_records(self, session: Session, kept: list[Kept], at_ms: int) -> int:
        rows: list[tuple[object, ...]] = []
        for one in kept:
            record = one.record
            header = record.header
            rows.append(
                (
                    one.camera,
                    header.boot,
                    header.sequence,
                    int(record.kind),
                    header.utc_ms,
                    at_ms,
                    one.rest,
                    one.weight,
                    one.message,
                )
            )
        # In one order, so that two recorders that write the same wait and do not deadlock.
        rows.sort(key=_place)
        added = session.many(
            "INSERT INTO records VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING", rows
        )
        if added < len(rows):
            self._look_for_forks(session, rows, at_ms)
        return added

    def _look_for_forks(self, session: Session, rows: list[tuple[object, ...]], at_ms: int) -> None:
        for row in rows:
            known = session.first(
                "SELECT message FROM records WHERE camera = ? AND boot = ? AND sequence = ?",
                *row[:3],
            )
            if known is not None and known[0] != row[8]:
                detail = f"{as_bytes(row[1]).hex()}:{row[2]}"
                self._add_fault(session, str(row[0]), Fault.FORKED, detail, at_ms)

    def _add_checkpoint(self, session: Session, seen: Witnessed, at_ms: int) -> int:
        checkpoint = seen.checkpoint
        known = session.first(
            "SELECT root FROM checkpoints WHERE camera = ? AND size = ?",
            seen.camera,
            checkpoint.size,
        )
        if known is not None:
            if known[0] != checkpoint.root:
                self._add_fault(
                    session, seen.camera, Fault.LEDGER_FORKED, f"{checkpoint.size}", at_ms
                )
            return 0
        found = session.first(
            "SELECT max(size) FROM checkpoints WHERE camera = ? AND utc_ms < ?",
            seen.camera,
            checkpoint.utc_ms,
        )
        larger = found and found[0]
        if larger is not None and as_int(larger) > checkpoint.size:
            self._add_fault(
                session, seen.camera, Fault.LEDGER_SHRUNK, f"{larger} to {checkpoint.size}", at_ms
            )
        row = (checkpoint.size, checkpoint.root, checkpoint.utc_ms, at_ms, seen.message)
        return session.execute(
            "INSERT INTO checkpoints VALUES (?,?,?,?,?,?) ON CONFLICT DO NOTHING",
            seen.camera,
            *row,
        )

    def _add_fault(
        self, session: Session, camera: str, fault: Fault, detail: str, at_ms: int
    ) -> None:
        session.execute(
            "INSERT INTO faults VALUES (?,?,?,?) ON CONFLICT DO NOTHING",
            camera,
            at_ms,
            fault.value,
            detail,
        )

    def _add_notice(self, session: Session, notice: Notice, at_ms: int) -> None:
        """Only changes: a broker repeats what it keeps at every connection.

        An emptied alarm topic says nothing new where the camera signed the end before it.
        """
        if notice.what == "alarm_ended" and self._has_signed_end(session, notice):
            return
        group = ("alarm_ended",) if notice.what == "alarm_ended" else ("online", "offline")
        last = session.first(
            "SELECT what, detail, at_ms FROM notices WHERE camera = ? AND what IN (?, ?)"
            " ORDER BY at_ms DESC, rowid DESC LIMIT 1",
            notice.camera,
            group[0],
            group[-1],
        )
        if group[0] == "online" and last is not None and last[0] == notice.what:
            return
        row = (notice.camera, at_ms, notice.what, notice.detail)
        session.execute("INSERT INTO notices VALUES (?,?,?,?)", *row)

    def _has_signed_end(self, session: Session, notice: Notice) -> bool:
        last = session.first(
            "SELECT message FROM records WHERE camera = ? AND rest = ?"
            " ORDER BY received_ms DESC, utc_ms DESC, sequence DESC LIMIT 1",
            notice.camera,
            f"alarm/{notice.detail}",
        )
        return last is not None and ends_alarm(as_bytes(last[0]))

    def _add_refusal(self, session: Session, refused: Refused, at_ms: int) -> None:
        row = (refused.camera, at_ms, refused.rest, refused.reason.value, refused.hint)
        session.execute("INSERT INTO refusals VALUES (?,?,?,?,?)", *row)

    def note_fault(self, camera: str, fault: Fault, detail: str, at_ms: int) -> None:
        """Keep what a witness noticed; the same twice is kept once."""
        with self._db.writing() as session:
            self._add_fault(session, camera, fault, detail, at_ms)

    def note_countersigned(self, said: Said, at_ms: int, *, after: int | None) -> bool:
        """Remember what is countersigned last, where the last before it is still ``after``.

        ``False``: another recorder countersigned meanwhile, and nothing was changed.
        """
        row = (said.size, said.root, at_ms, said.message)
        with self._db.writing() as session:
            if after is None:
                changed = session.execute(
                    "INSERT INTO countersigned VALUES (?,?,?,?,?) ON CONFLICT DO NOTHING",
                    said.camera,
                    *row,
                )
            else:
                changed = session.execute(
                    "UPDATE countersigned SET size = ?, root = ?, at_ms = ?, message = ?"
                    " WHERE camera = ? AND size = ?",
                    *row,
                    said.camera,
                    after,
                )
        return changed == 1

    def acknowledge(self, ack: Acknowledgement) -> bool:
        """Note that somebody saw an alarm; ``False`` where no such alarm was recorded."""
        place = (ack.camera, ack.boot, ack.sequence)
        with self._db.writing() as session:
            found = session.first(
                "SELECT 1 FROM records WHERE camera = ? AND boot = ? AND sequence = ? AND kind = ?",
                *place,
                int(RecordKind.ALARM),
            )
            if found is None:
                return False
            row = (*place, ack.at_ms, ack.who, ack.note)
            session.execute("INSERT INTO acknowledgements VALUES (?,?,?,?,?,?)", *row)
        return True

    def prune(self, now_ms: int, *, report_days: int, other_days: int) -> None:
        """Forget what is older: reports sooner, everything else later."""
        report_before, other_before = now_ms - report_days * DAY_MS, now_ms - other_days * DAY_MS
        kind = int(RecordKind.REPORT)
        with self._db.writing() as session:
            session.execute(
                "DELETE FROM records WHERE received_ms < ? OR (kind = ? AND received_ms < ?)",
                other_before,
                kind,
                report_before,
            )
            session.execute("DELETE FROM notices WHERE at_ms < ?", other_before)
            session.execute("DELETE FROM refusals WHERE at_ms < ?", other_before)
            session.execute("DELETE FROM acknowledgements WHERE at_ms < ?", other_before)


def _is_record(one: Found) -> bool:
    return isinstance(one, Kept)


def _place(row: tuple[object, ...]) -> tuple[Any, ...]:
    return row[:3]
