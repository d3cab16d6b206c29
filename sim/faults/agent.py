"""A light camera in a process of its own: the agent's real link, real signatures, no picture.

Started by ``world.py``; says on standard output what it made (``M``), what is on its card (``W``)
and what the broker acknowledged (``A``), boot and number each, so that a kill takes back nothing
that was said.
"""

from __future__ import annotations

import os
import resource
import secrets
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from viewkeeper.agent.adapters.link import Link, LinkSettings, Lost, unconfirmed
from viewkeeper.agent.adapters.link import outbox as outbox_module
from viewkeeper.agent.adapters.link.outbox_file import OutboxFile
from viewkeeper.agent.adapters.link.rows import Row, identity_of
from viewkeeper.protocol import cose, records
from viewkeeper.protocol.vocabulary import AlarmKind, ClockTrust, EventKind, ViewVerdict

SITE = "faults"
LINGER_S = 0.3
PERIOD_S = 0.1
LONGEST_RESEND_S = 20.0


def signer(number: int) -> cose.SoftwareSigner:
    """The key of one of these cameras."""
    return cose.SoftwareSigner.from_seed(bytes([1, *number.to_bytes(31, "big")]))


def camera_id(number: int) -> str:
    return f"cam-{number:02}"


class LightCamera:
    """Makes a record every ``PERIOD_S`` seconds until it is told to be quiet."""

    def __init__(self, number: int, port: int, outbox: Path) -> None:
        self._number, self._signer = number, signer(number)
        self._boot, self._sequence = secrets.token_bytes(8), 0
        self._offset_ms = 0
        self._lock = threading.Lock()
        settings = LinkSettings(
            host="127.0.0.1",
            port=port,
            site=SITE,
            camera=camera_id(number),
            keepalive_s=5,
            retry_first_s=0.05,
            retry_most_s=0.3,
            connect_timeout_s=2.0,
            stall_s=2.0,
            outbox=outbox,
            linger_s=LINGER_S,
            history_rate_hz=200.0,
            resend_s=1.0,
        )
        self.link = Link(
            settings, lambda order: None, on_gap=self._gap, on_sent=lambda sent: tell("A", sent)
        )

    def _seal(self, body: records.Body) -> bytes:
        with self._lock:
            self._sequence += 1
            header = records.Header(
                device=camera_id(self._number),
                boot=self._boot,
                sequence=self._sequence,
                utc_ms=max(0, time.time_ns() // 1_000_000 + self._offset_ms),
                mono_ms=time.monotonic_ns() // 1_000_000,
                clock=ClockTrust.SYNCHRONISED,
            )
            message = records.seal(records.Record(header, body), self._signer)
        tell("M", message)
        return message

    def _gap(self, lost: Lost) -> bytes | None:
        if not lost.boot:
            return None
        return self._seal(
            records.Gap(
                first_sequence=lost.first_sequence,
                last_sequence=lost.last_sequence,
                lost=lost.count,
                boot=lost.boot,
                superseded=lost.superseded or None,
                unconfirmed=lost.unconfirmed or None,
            )
        )

    def jump(self, step_ms: int) -> None:
        """The clock was set, and the camera says so."""
        self._offset_ms += step_ms
        self.link.publish_history(self._seal(records.ClockFix(step_ms=step_ms)))

    def speak(self, turn: int) -> None:
        """One more record: mostly an event, now and then an alarm or its end."""
        if turn % 10 == 3:
            self.link.set_alarm(AlarmKind.VIEW_MOVED, self._seal(self._alarm(None)))
        elif turn % 10 == 8:
            self.link.end_alarm(AlarmKind.VIEW_MOVED, self._seal(self._alarm(1)))
        else:
            event = records.Event(
                event=EventKind.CAMERA_COVERED,
                started_ms=0,
                confidence_permille=900,
                alarm_method=5,
                alarm_type=13,
            )
            self.link.publish_event(EventKind.CAMERA_COVERED, self._seal(event))

    def _alarm(self, ended_ms: int | None) -> records.Alarm:
        return records.Alarm(
            alarm=AlarmKind.VIEW_MOVED,
            since_ms=0,
            detail=ViewVerdict.MOVED,
            alarm_method=5,
            alarm_type=11,
            ended_ms=ended_ms,
        )


class TellingFile(OutboxFile):
    """The outbox's file, which says what it has written."""

    def write(
        self,
        rows: Sequence[Row],
        gone: Sequence[int],
        kept: dict[str, bytes | None],
        losses: Sequence[Lost] | None,
    ) -> None:
        super().write(rows, gone, kept, losses)
        for row in rows:
            tell("W", row.payload)


def tell(what: str, message: bytes) -> None:
    """One line to whoever started us, whole or not at all."""
    identity = identity_of(message)
    if identity is not None:
        boot, sequence = identity
        os.write(1, f"{what} {boot.hex()} {sequence}\n".encode())


def limit_files(most_bytes: int) -> None:
    """No file of this process may grow beyond this: its disk is full. -1: it is not."""
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    soft = hard if most_bytes < 0 else most_bytes
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def main() -> None:
    """``agent NUMBER PORT OUTBOX``; commands come on standard input."""
    number, port, outbox = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    outbox_module.OutboxFile = TellingFile
    # Like all other times here a fraction of the real one: five minutes to the first are a second.
    unconfirmed.LONGEST_RESEND_S = LONGEST_RESEND_S
    camera = LightCamera(number, port, outbox)
    camera.link.start()
    speaking = threading.Event()
    speaking.set()

    def make() -> None:
        turn = 0
        while True:
            speaking.wait()
            camera.speak(turn)
            turn += 1
            time.sleep(PERIOD_S)

    threading.Thread(target=make, daemon=True).start()
    for line in sys.stdin:
        match line.split():
            case ["limit", most]:
                limit_files(int(most))
            case ["jump", step]:
                camera.jump(int(step))
            case ["quiet"]:
                speaking.clear()
            case ["count"]:
                counts = camera.link.counts
                told = f"C {counts.waiting} {counts.unconfirmed} {counts.lost}\n"
                os.write(1, told.encode())
            case _:
                break
    camera.link.stop()


if __name__ == "__main__":
    main()
