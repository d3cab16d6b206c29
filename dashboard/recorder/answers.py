"""What a recording answers: nothing here writes."""

from __future__ import annotations

from viewkeeper.dashboard.recorder.database import Database
from viewkeeper.dashboard.recorder.tables import Acknowledgement, Row, Said
from viewkeeper.protocol.vocabulary import RecordKind


class Answers:
    """The questions of a recording; ``Recording`` adds what writes."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def countersigned(self, camera: str) -> Said | None:
        """What was countersigned last."""
        found = self._db.ask(
            "SELECT size, root, message FROM countersigned WHERE camera = ?", camera
        )
        if not found:
            return None
        size, root, message = found[0]
        return Said(camera, as_int(size), as_bytes(root), as_bytes(message))

    def reports(self, camera: str, since_ms: int, until_ms: int, points: int) -> list[Row]:
        """At most about ``points`` reports, evenly spread; of each stretch the worst, then
        the latest, so that a short knock is not thinned away."""
        stretch = max(1, (until_ms - since_ms) // max(1, points))
        found = self._db.ask(
            "SELECT rest, utc_ms, message FROM (SELECT *, row_number() OVER ("
            "  PARTITION BY (utc_ms - ?) / ? ORDER BY weight DESC, utc_ms DESC, sequence DESC) AS n"
            "  FROM records WHERE camera = ? AND kind = ? AND utc_ms BETWEEN ? AND ?) AS ranked"
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
        found = self._db.ask(
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
        found = self._db.ask(
            "SELECT camera, rest, utc_ms, message FROM records WHERE kind = 3"
            " AND utc_ms BETWEEN ? AND ? ORDER BY utc_ms DESC, sequence DESC LIMIT ?",
            since_ms,
            until_ms,
            limit,
        )
        return [(str(camera), _row((rest, at, message))) for camera, rest, at, message in found]

    def alarms_cleared(self, since_ms: int, limit: int) -> list[tuple[int, str, str]]:
        """(at_ms, camera, alarm) where a broker emptied an alarm's topic, newest first."""
        found = self._db.ask(
            "SELECT at_ms, camera, detail FROM notices WHERE what = 'alarm_ended'"
            " AND at_ms >= ? ORDER BY at_ms DESC, rowid DESC LIMIT ?",
            since_ms,
            limit,
        )
        return [(as_int(at), str(camera), str(alarm)) for at, camera, alarm in found]

    def notices(self, camera: str, since_ms: int, limit: int) -> list[tuple[int, str, str]]:
        """(at_ms, what, detail) of what nobody signed, oldest first."""
        found = self._db.ask(
            "SELECT at_ms, what, detail FROM notices WHERE camera = ? AND at_ms >= ?"
            " ORDER BY at_ms DESC, rowid DESC LIMIT ?",
            camera,
            since_ms,
            limit,
        )
        return [(as_int(at), str(what), str(detail)) for at, what, detail in reversed(found)]

    def faults(self, camera: str) -> list[tuple[int, str, str]]:
        """(at_ms, fault, detail), oldest first."""
        found = self._db.ask(
            "SELECT at_ms, fault, detail FROM faults WHERE camera = ? ORDER BY at_ms", camera
        )
        return [(as_int(at), str(fault), str(detail)) for at, fault, detail in found]

    def fault_counts(self) -> dict[str, int]:
        """How many faults of each kind stand on record."""
        found = self._db.ask("SELECT fault, count(*) FROM faults GROUP BY fault")
        return {str(fault): as_int(count) for fault, count in found}

    def refusals(self, camera: str, limit: int) -> list[tuple[int, str, str, str]]:
        """(at_ms, rest, reason, hint), newest first."""
        found = self._db.ask(
            "SELECT at_ms, rest, reason, hint FROM refusals WHERE camera = ?"
            " ORDER BY at_ms DESC, rowid DESC LIMIT ?",
            camera,
            limit,
        )
        return [(as_int(at), str(rest), str(why), str(hint)) for at, rest, why, hint in found]

    def acknowledgements(self, limit: int = 1000, since_ms: int = 0) -> list[Acknowledgement]:
        """The latest ones since then, newest first."""
        found = self._db.ask(
            "SELECT camera, boot, sequence, at_ms, who, note FROM acknowledgements"
            " WHERE at_ms >= ? ORDER BY at_ms DESC, rowid DESC LIMIT ?",
            since_ms,
            limit,
        )
        return [
            Acknowledgement(
                camera=str(camera),
                boot=as_bytes(boot),
                sequence=as_int(sequence),
                at_ms=as_int(at),
                who=str(who),
                note=str(note),
            )
            for camera, boot, sequence, at, who, note in found
        ]

    def size(self) -> int:
        """How many records are kept."""
        return as_int(self._db.ask("SELECT count(*) FROM records")[0][0])


def _row(values: tuple[object, ...]) -> Row:
    rest, utc_ms, message = values
    return Row(str(rest), as_int(utc_ms), as_bytes(message))


def as_int(value: object) -> int:
    assert isinstance(value, int)
    return value


def as_bytes(value: object) -> bytes:
    assert isinstance(value, bytes)
    return value
