"""What is kept, in one SQLite file: signed records, checkpoints, and the desk's own notes."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from viewkeeper.dashboard.recorder.intake import (
    Found,
    Kept,
    Notice,
    Refused,
    Witnessed,
    ends_alarm,
)
from viewkeeper.dashboard.recorder.tables import (
    ALARMS_BY_TIME,
    COUNTERSIGNED,
    DAY_MS,
    SCHEMA,
    SCHEMA_VERSION,
    Acknowledgement,
    Fault,
    Row,
    Said,
)
from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.protocol.vocabulary import RecordKind


class Recording:
    """An open recording; safe to use from several threads.

    Raises:
        SetupError: the file cannot be opened, or a newer program wrote it; from every method,
            ``store_failed`` when the disk does not do as asked.
    """

    def __init__(self, path: Path | str) -> None:
        self._lock = threading.Lock()
        try:
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            # FULL: the broker forgets what it hears we have, so the disk must have it.
            self._db.execute("PRAGMA synchronous = FULL")
            self._prepare()
        except sqlite3.Error as error:
            raise SetupError(Reason.FILE_UNREADABLE, f"recording {path}: {error}") from error

    def _prepare(self) -> None:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version == 0:
            self._db.executescript(
                f"BEGIN; {SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
            )
        elif version == 1:
            self._db.executescript(
                f"BEGIN; {COUNTERSIGNED} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
            )
        elif version != SCHEMA_VERSION:
            raise SetupError(
                Reason.FILE_UNREADABLE,
                f"the recording is of version {version}, this program knows {SCHEMA_VERSION}",
            )
        self._db.executescript(ALARMS_BY_TIME)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock, _named_faults():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _ask(self, query: str, *values: object) -> list[tuple[object, ...]]:
        with self._lock, _named_faults():
            return self._db.execute(query, values).fetchall()

    # keeping

    def add(self, found: Iterable[Found], at_ms: int) -> None:
        """Keep a batch in one transaction; what is already there changes nothing."""
        with self._writing():
            for one in found:
                if isinstance(one, Kept):
                    self._add_record(one, at_ms)
                elif isinstance(one, Witnessed):
                    self._add_checkpoint(one, at_ms)
                elif isinstance(one, Notice):
                    self._add_notice(one, at_ms)
                else:
                    self._add_refusal(one, at_ms)

    def _add_record(self, kept: Kept, at_ms: int) -> None:
        header = kept.record.header
        place = (kept.camera, header.boot, header.sequence)
        known = self._db.execute(
            "SELECT message FROM records WHERE camera = ? AND boot = ? AND sequence = ?", place
        ).fetchone()
        if known is not None:
            if known[0] != kept.message:
                self._add_fault(
                    kept.camera, Fault.FORKED, f"{header.boot.hex()}:{header.sequence}", at_ms
                )
            return
        row = (int(kept.record.kind), header.utc_ms, at_ms, kept.rest, kept.weight, kept.message)
        self._db.execute("INSERT INTO records VALUES (?,?,?,?,?,?,?,?,?)", (*place, *row))

    def _add_checkpoint(self, seen: Witnessed, at_ms: int) -> None:
        checkpoint = seen.checkpoint
        known = self._db.execute(
            "SELECT root FROM checkpoints WHERE camera = ? AND size = ?",
            (seen.camera, checkpoint.size),
        ).fetchone()
        if known is not None:
            if known[0] != checkpoint.root:
                self._add_fault(seen.camera, Fault.LEDGER_FORKED, f"{checkpoint.size}", at_ms)
            return
        larger = self._db.execute(
            "SELECT max(size) FROM checkpoints WHERE camera = ? AND utc_ms < ?",
            (seen.camera, checkpoint.utc_ms),
        ).fetchone()[0]
        if larger is not None and larger > checkpoint.size:
            self._add_fault(
                seen.camera, Fault.LEDGER_SHRUNK, f"{larger} to {checkpoint.size}", at_ms
            )
        row = (checkpoint.size, checkpoint.root, checkpoint.utc_ms, at_ms, seen.message)
        self._db.execute("INSERT INTO checkpoints VALUES (?,?,?,?,?,?)", (seen.camera, *row))

    def _add_fault(self, camera: str, fault: Fault, detail: str, at_ms: int) -> None:
        row = (camera, at_ms, fault.value, detail)
        self._db.execute("INSERT OR IGNORE INTO faults VALUES (?,?,?,?)", row)

    def _add_notice(self, notice: Notice, at_ms: int) -> None:
        """Only changes: a broker repeats what it keeps at every connection.

        An emptied alarm topic says nothing new where the camera signed the end before it.
        """
        if notice.what == "alarm_ended" and self._has_signed_end(notice):
            return
        group = ("alarm_ended",) if notice.what == "alarm_ended" else ("online", "offline")
        last = self._db.execute(
            "SELECT what, detail, at_ms FROM notices WHERE camera = ? AND what IN (?, ?)"
            " ORDER BY at_ms DESC, rowid DESC LIMIT 1",
            (notice.camera, group[0], group[-1]),
        ).fetchone()
        if group[0] == "online" and last is not None and last[0] == notice.what:
            return
        row = (notice.camera, at_ms, notice.what, notice.detail)
        self._db.execute("INSERT INTO notices VALUES (?,?,?,?)", row)

    def _has_signed_end(self, notice: Notice) -> bool:
        last = self._db.execute(
            "SELECT message FROM records WHERE camera = ? AND rest = ?"
            " ORDER BY received_ms DESC, utc_ms DESC, sequence DESC LIMIT 1",
            (notice.camera, f"alarm/{notice.detail}"),
        ).fetchone()
        return last is not None and ends_alarm(last[0])

    def _add_refusal(self, refused: Refused, at_ms: int) -> None:
        row = (refused.camera, at_ms, refused.rest, refused.reason.value, refused.hint)
        self._db.execute("INSERT INTO refusals VALUES (?,?,?,?,?)", row)

    def note_fault(self, camera: str, fault: Fault, detail: str, at_ms: int) -> None:
        """Keep what a witness noticed; the same twice is kept once."""
        with self._writing():
            self._add_fault(camera, fault, detail, at_ms)

    def note_countersigned(self, said: Said, at_ms: int) -> None:
        """Remember what was countersigned last."""
        with self._writing():
            self._db.execute(
                "INSERT INTO countersigned VALUES (?,?,?,?,?) ON CONFLICT (camera) DO UPDATE SET"
                " size = excluded.size, root = excluded.root, at_ms = excluded.at_ms,"
                " message = excluded.message",
                (said.camera, said.size, said.root, at_ms, said.message),
            )

    def countersigned(self, camera: str) -> Said | None:
        """What was countersigned last."""
        found = self._ask("SELECT size, root, message FROM countersigned WHERE camera = ?", camera)
        if not found:
            return None
        size, root, message = found[0]
        return Said(camera, _int(size), _bytes(root), _bytes(message))

    def acknowledge(self, ack: Acknowledgement) -> bool:
        """Note that somebody saw an alarm; ``False`` where no such alarm was recorded."""
        with self._writing():
            place = (ack.camera, ack.boot, ack.sequence)
            found = self._db.execute(
                "SELECT 1 FROM records WHERE camera = ? AND boot = ? AND sequence = ? AND kind = ?",
                (*place, int(RecordKind.ALARM)),
            ).fetchone()
            if found is None:
                return False
            row = (*place, ack.at_ms, ack.who, ack.note)
            self._db.execute("INSERT INTO acknowledgements VALUES (?,?,?,?,?,?)", row)
        return True

    def prune(self, now_ms: int, *, report_days: int, other_days: int) -> None:
        """Forget what is older: reports sooner, everything else later."""
        report_before, other_before = now_ms - report_days * DAY_MS, now_ms - other_days * DAY_MS
        kind = int(RecordKind.REPORT)
        with self._writing():
            self._db.execute(
                "DELETE FROM records WHERE received_ms < ? OR (kind = ? AND received_ms < ?)",
                (other_before, kind, report_before),
            )
            self._db.execute("DELETE FROM notices WHERE at_ms < ?", (other_before,))
            self._db.execute("DELETE FROM refusals WHERE at_ms < ?", (other_before,))
            self._db.execute("DELETE FROM acknowledgements WHERE at_ms < ?", (other_before,))

    # asking

    def reports(self, camera: str, since_ms: int, until_ms: int, points: int) -> list[Row]:
        """At most about ``points`` reports, evenly spread; of each stretch the worst, then
        the latest, so that a short knock is not thinned away."""
        stretch = max(1, (until_ms - since_ms) // max(1, points))
        found = self._ask(
            "SELECT rest, utc_ms, message FROM (SELECT *, row_number() OVER ("
            "  PARTITION BY (utc_ms - ?) / ? ORDER BY weight DESC, utc_ms DESC, sequence DESC) AS n"
            "  FROM records WHERE camera = ? AND kind = ? AND utc_ms BETWEEN ? AND ?)"
            " WHERE n = 1 ORDER BY utc_ms",
            since_ms,
            stretch,
            camera,
            int(RecordKind.REPORT),
            since_ms,
            until_ms,
        )
        return [_row(one) for one in found]

    def happenings(self, camera: str, since_ms: int, until_ms: int, limit: int) -> list[Row]:
        """The latest records that are not reports, oldest first."""
        found = self._ask(
            "SELECT rest, utc_ms, message FROM records WHERE camera = ? AND kind != ?"
            " AND utc_ms BETWEEN ? AND ? ORDER BY utc_ms DESC, sequence DESC LIMIT ?",
            camera,
            int(RecordKind.REPORT),
            since_ms,
            until_ms,
            limit,
        )
        return [_row(one) for one in reversed(found)]

    def alarms(self, since_ms: int, until_ms: int, limit: int) -> list[tuple[str, Row]]:
        """(camera, record) of every alarm's beginning and signed end, newest first."""
        found = self._ask(
            "SELECT camera, rest, utc_ms, message FROM records WHERE kind = 3"
            " AND utc_ms BETWEEN ? AND ? ORDER BY utc_ms DESC, sequence DESC LIMIT ?",
            since_ms,
            until_ms,
            limit,
        )
        return [(str(camera), _row((rest, at, message))) for camera, rest, at, message in found]

    def alarms_cleared(self, since_ms: int, limit: int) -> list[tuple[int, str, str]]:
        """(at_ms, camera, alarm) where a broker emptied an alarm's topic, newest first."""
        found = self._ask(
            "SELECT at_ms, camera, detail FROM notices WHERE what = 'alarm_ended'"
            " AND at_ms >= ? ORDER BY at_ms DESC, rowid DESC LIMIT ?",
            since_ms,
            limit,
        )
        return [(_int(at), str(camera), str(alarm)) for at, camera, alarm in found]

    def notices(self, camera: str, since_ms: int, limit: int) -> list[tuple[int, str, str]]:
        """(at_ms, what, detail) of what nobody signed, oldest first."""
        found = self._ask(
            "SELECT at_ms, what, detail FROM notices WHERE camera = ? AND at_ms >= ?"
            " ORDER BY at_ms DESC, rowid DESC LIMIT ?",
            camera,
            since_ms,
            limit,
        )
        return [(_int(at), str(what), str(detail)) for at, what, detail in reversed(found)]

    def faults(self, camera: str) -> list[tuple[int, str, str]]:
        """(at_ms, fault, detail), oldest first."""
        found = self._ask(
            "SELECT at_ms, fault, detail FROM faults WHERE camera = ? ORDER BY at_ms", camera
        )
        return [(_int(at), str(fault), str(detail)) for at, fault, detail in found]

    def refusals(self, camera: str, limit: int) -> list[tuple[int, str, str, str]]:
        """(at_ms, rest, reason, hint), newest first."""
        found = self._ask(
            "SELECT at_ms, rest, reason, hint FROM refusals WHERE camera = ?"
            " ORDER BY at_ms DESC, rowid DESC LIMIT ?",
            camera,
            limit,
        )
        return [(_int(at), str(rest), str(why), str(hint)) for at, rest, why, hint in found]

    def acknowledgements(self, limit: int = 1000, since_ms: int = 0) -> list[Acknowledgement]:
        """The latest ones since then, newest first."""
        found = self._ask(
            "SELECT camera, boot, sequence, at_ms, who, note FROM acknowledgements"
            " WHERE at_ms >= ? ORDER BY at_ms DESC, rowid DESC LIMIT ?",
            since_ms,
            limit,
        )
        return [
            Acknowledgement(
                camera=str(camera),
                boot=_bytes(boot),
                sequence=_int(sequence),
                at_ms=_int(at),
                who=str(who),
                note=str(note),
            )
            for camera, boot, sequence, at, who, note in found
        ]

    def size(self) -> int:
        """How many records are kept."""
        return _int(self._ask("SELECT count(*) FROM records")[0][0])


@contextmanager
def _named_faults() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise SetupError(Reason.STORE_FAILED, f"the recording: {error}") from error


def _row(values: tuple[object, ...]) -> Row:
    rest, utc_ms, message = values
    return Row(str(rest), _int(utc_ms), _bytes(message))


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value


def _bytes(value: object) -> bytes:
    assert isinstance(value, bytes)
    return value
