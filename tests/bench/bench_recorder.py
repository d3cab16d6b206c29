"""What the recorder costs a message, against the least it can do: check a signature, insert a row.

``python -m tests.bench.bench_recorder`` writes docs/benchmarks/recorder.md. Processor time, all
ways in one run and in turns, so that other work on the machine counts little.
"""

from __future__ import annotations

import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as paho
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from paho.mqtt.enums import CallbackAPIVersion

from tests.unit.protocol.test_report_size import report
from viewkeeper.dashboard.recorder.intake import Intake, Kept
from viewkeeper.dashboard.recorder.recording import Recording
from viewkeeper.dashboard.register import Camera, Register
from viewkeeper.protocol import cbor, cose, records
from viewkeeper.protocol.topics import Topics
from viewkeeper.protocol.vocabulary import ClockTrust
from viewkeeper.sim import postgres
from viewkeeper.sim.broker import Broker

ROOT = Path(__file__).resolve().parents[2]
CAMERAS, EACH, BATCH, ROUNDS = 200, 20, 500, 7
INSERT = "INSERT INTO records VALUES (?,?,?,?,?,?,?,?,?)"
Message = tuple[str, bytes]


def signer(number: int) -> cose.SoftwareSigner:
    return cose.SoftwareSigner.from_seed(number.to_bytes(32, "big"))


def register() -> Register:
    """The cameras of this benchmark, each with a key of its own."""
    return Register(
        tuple(
            Camera(
                site="bench",
                camera=f"cam-{number:04}",
                title="-",
                device_key=signer(number).verify_key,
                hfov_deg=62.0,
            )
            for number in range(CAMERAS)
        )
    )


def messages(boot: bytes) -> list[Message]:
    """Reports of every camera in turn, as they would come."""
    body = report(())
    found: list[Message] = []
    for sequence in range(1, EACH + 1):
        for number in range(CAMERAS):
            header = records.Header(
                device=f"cam-{number:04}",
                boot=boot,
                sequence=sequence,
                utc_ms=1_800_000_000_000 + 60_000 * sequence,
                mono_ms=60_000 * sequence,
                clock=ClockTrust.SYNCHRONISED,
            )
            message = records.seal(records.Record(header, body), signer(number))
            found.append((Topics("bench", f"cam-{number:04}").report, message))
    return found


def batches(found: list[Message]) -> Iterator[list[Message]]:
    for begin in range(0, len(found), BATCH):
        yield found[begin : begin + BATCH]


def cost_us(work: Callable[[], None]) -> float:
    begun = time.process_time()
    work()
    return (time.process_time() - begun) * 1e6 / (CAMERAS * EACH)


class Least:
    """A signature check with everything prepared, and a row into the same table."""

    def __init__(self, found: list[Message]) -> None:
        keys = [
            Ed25519PublicKey.from_public_bytes(signer(n).verify_key.raw) for n in range(CAMERAS)
        ]
        self.checks: list[tuple[Ed25519PublicKey, bytes, bytes]] = []
        for at, (_, message) in enumerate(found):
            protected, _, payload, signature = cbor.decode(message[1:])  # type: ignore[misc]
            signed = cose.sign1_structure(
                protected,  # type: ignore[arg-type]
                cose.Domain.RECORD.external_aad,
                payload,  # type: ignore[arg-type]
            )
            self.checks.append((keys[at % CAMERAS], signature, signed))  # type: ignore[arg-type]
        self.rows = [row_of(one) for one in Intake(register()).read_all(found)]

    def check(self) -> None:
        for key, signature, signed in self.checks:
            key.verify(signature, signed)

    def insert_sqlite(self, db: sqlite3.Connection) -> None:
        for begin in range(0, len(self.rows), BATCH):
            db.execute("BEGIN IMMEDIATE")
            db.executemany(INSERT, self.rows[begin : begin + BATCH])
            db.execute("COMMIT")

    def insert_postgresql(self, url: str) -> None:
        import psycopg

        with psycopg.connect(url, autocommit=True) as db:
            for begin in range(0, len(self.rows), BATCH):
                with db.transaction(), db.cursor() as cursor:
                    cursor.executemany(
                        INSERT.replace("?", "%s"),  # type: ignore[arg-type]
                        self.rows[begin : begin + BATCH],
                    )


def row_of(one: object) -> tuple[object, ...]:
    assert isinstance(one, Kept)
    header = one.record.header
    place = (one.camera, header.boot, header.sequence, int(one.record.kind), header.utc_ms)
    return (*place, 0, one.rest, one.weight, one.message)


def one_round(server: postgres.Postgres | None) -> dict[str, float]:
    """Each way once."""
    found = messages(time.monotonic_ns().to_bytes(8, "big"))
    least, intake = Least(found), Intake(register())
    took: dict[str, float] = {}

    def keep(recording: Recording) -> None:
        for batch in batches(found):
            kept = [one for one in intake.read_all(batch) if one is not None]
            assert recording.add(kept, 0).new == len(batch)

    with tempfile.TemporaryDirectory(prefix="viewkeeper-bench-") as folder:
        took["check"] = cost_us(least.check)
        path = Path(folder) / "least.sqlite"
        Recording(path).close()
        db = sqlite3.connect(path, isolation_level=None)
        db.execute("PRAGMA synchronous = FULL")
        took["insert"] = cost_us(lambda: least.insert_sqlite(db))
        db.close()
        recording = Recording(Path(folder) / "whole.sqlite")
        took["recorder"] = cost_us(lambda: keep(recording))
        recording.close()
    took["read"] = cost_us(lambda: [intake.read_all(batch) for batch in batches(found)] and None)
    if server is not None:
        url = server.new_url()
        Recording(url).close()
        took["insert_pg"] = cost_us(lambda: least.insert_postgresql(url))
        recording = Recording(server.new_url())
        took["recorder_pg"] = cost_us(lambda: keep(recording))
        recording.close()
    return took


CHILD = """
import sys, time
from tests.bench import bench_recorder as bench
from viewkeeper.dashboard.recorder.intake import Intake
from viewkeeper.dashboard.recorder.listener import Keeping, Recorder
from viewkeeper.dashboard.recorder.subscription import BrokerAddress
from viewkeeper.dashboard.recorder.recording import Recording
recorder = Recorder(Intake(bench.register()), Recording(sys.argv[2]),
    BrokerAddress(host="127.0.0.1", port=int(sys.argv[1])), lambda: 1_800_000_000_000,
    keeping=Keeping(name="bench"))
while not recorder.health()["connected"]:
    time.sleep(0.05)
time.sleep(0.5)
print("ready", flush=True)
begun, wall = time.process_time(), time.monotonic()
while recorder.health()["kept"] < bench.CAMERAS * bench.EACH:
    time.sleep(0.02)
print(time.process_time() - begun, time.monotonic() - wall, flush=True)
recorder.close()
"""


def through_a_broker() -> tuple[float, float]:
    """(processor time of the whole recorder a message in µs, messages a second), over MQTT."""
    found = messages(bytes(8))
    with Broker.start("mosquitto", durable=False) as broker, tempfile.TemporaryDirectory() as at:
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(broker.tcp_port), f"{at}/desk.sqlite"],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert child.stdout is not None
        assert child.stdout.readline().strip() == "ready"
        client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        client.connect(broker.host, broker.tcp_port)
        client.loop_start()
        for topic, message in found:
            sent = client.publish(topic, message, 1)
        sent.wait_for_publish(60)
        took_s, wall_s = (float(text) for text in child.stdout.readline().split())
        child.wait()
        client.disconnect()
        client.loop_stop()
    return took_s * 1e6 / len(found), len(found) / wall_s


@contextmanager
def maybe_postgresql() -> Iterator[postgres.Postgres | None]:
    if postgres.programs() is None:
        yield None
        return
    with postgres.Postgres.start() as server:
        yield server


def main() -> None:
    """Measure and write the page."""
    with maybe_postgresql() as server:
        rounds = [one_round(server) for _ in range(ROUNDS)]
    whole_us, rate = through_a_broker()

    def median(name: str) -> float:
        return statistics.median(one[name] for one in rounds)

    def ratio(whole: str, *parts: str) -> float:
        return statistics.median(one[whole] / sum(one[part] for part in parts) for one in rounds)

    size = len(messages(bytes(8))[0][1])
    lines = [
        "# Recorder: what a verified message costs",
        "",
        f"{CAMERAS} cameras with a key each, {EACH} signed reports of {size} bytes of every one, "
        f"transactions of {BATCH}; medians of {ROUNDS} rounds in processor time of one process. "
        "*Check* is the bare Ed25519 verification with the key object and the signed bytes made "
        "beforehand; *insert* is the bare row into the same table, in transactions as large and as "
        "durable. *Recorder* is everything between the MQTT client and the disk: topic, envelope, "
        "signature, strict decoding, every field's type and range, row, duplicates and forks.",
        "",
        "| | check | insert | recorder | recorder against check + insert (goal 1.5) |",
        "|---|---|---|---|---|",
        f"| SQLite | {median('check'):.0f} µs | {median('insert'):.1f} µs "
        f"| {median('recorder'):.0f} µs | **{ratio('recorder', 'check', 'insert'):.2f}** |",
    ]
    if "insert_pg" in rounds[0]:
        lines.append(
            f"| PostgreSQL, without the server's own time | {median('check'):.0f} µs "
            f"| {median('insert_pg'):.0f} µs | {median('recorder_pg'):.0f} µs "
            f"| {ratio('recorder_pg', 'check', 'insert_pg'):.2f} |"
        )
    lines += [
        "",
        f"Of the recorder's time {median('read'):.0f} µs go to reading. With the MQTT client "
        f"(paho, every message acknowledged by itself after the disk has it) the whole process "
        f"took {whole_us:.0f} µs a message, through mosquitto and into SQLite, at "
        f"{rate:.0f} messages a second.",
    ]
    text = "\n".join([*lines, ""])
    (ROOT / "docs" / "benchmarks" / "recorder.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
