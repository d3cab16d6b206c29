"""The recorder on a real broker: nothing it acknowledged is lost, and it witnesses ledgers."""

from __future__ import annotations

import queue
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.unit.dashboard.recorder.test_witness import DESK, LEAVES, seen
from tests.unit.dashboard.recorder.voice import INTAKE, TOPICS, alarm, seal
from viewkeeper.dashboard.recorder.listener import Keeping, Recorder
from viewkeeper.dashboard.recorder.recording import Recording
from viewkeeper.dashboard.recorder.subscription import BrokerAddress
from viewkeeper.dashboard.recorder.witness import Witness
from viewkeeper.protocol import cose, merkle
from viewkeeper.protocol.witnessing import read_countersignature
from viewkeeper.sim import postgres
from viewkeeper.sim.broker import Broker
from viewkeeper.sim.postgres import Postgres

pytestmark = pytest.mark.e2e


@pytest.fixture
def broker() -> Iterator[Broker]:
    with Broker.start("mosquitto") as running:
        yield running


class Camera:
    """A camera's line to the broker."""

    def __init__(self, broker: Broker) -> None:
        self.heard: queue.Queue[bytes] = queue.Queue()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        self._client.on_message = lambda _c, _u, message: self.heard.put(bytes(message.payload))
        self._client.connect(broker.host, broker.tcp_port)
        self._client.subscribe(TOPICS.witness, 1)
        self._client.loop_start()

    def say(self, topic: str, message: bytes, *, retain: bool = False) -> None:
        self._client.publish(topic, message, 1, retain).wait_for_publish(10)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def camera(broker: Broker) -> Iterator[Camera]:
    opened = Camera(broker)
    yield opened
    opened.close()


def recorder_on(
    broker: Broker, path: Path | str, *, witness: bool = False, **keeping: Any
) -> Recorder:
    recording = Recording(path)
    made = Recorder(
        INTAKE,
        recording,
        BrokerAddress(host=broker.host, port=broker.tcp_port),
        lambda: 9_000_000,
        witness=Witness(DESK, recording) if witness else None,
        keeping=Keeping(**keeping),
    )
    awaited(lambda: bool(made.health()["connected"]))
    time.sleep(0.3)  # its subscription follows its connection
    return made


def awaited(holds: Callable[[], bool]) -> None:
    for _ in range(400):
        if holds():
            return
        time.sleep(0.025)
    raise AssertionError("did not come true in ten seconds")


def kept_in(path: Path) -> list[int]:
    with sqlite3.connect(path) as db:
        found = [row[0] for row in db.execute("SELECT sequence FROM records ORDER BY sequence")]
    db.close()
    return found


def test_checkpoints_are_countersigned_and_a_fork_is_not(
    broker: Broker, camera: Camera, tmp_path: Path
) -> None:
    recorder = recorder_on(broker, tmp_path / "desk.sqlite", witness=True)
    for checkpoint, proven in ((seen(5), False), (seen(12, since=5), True)):
        camera.say(TOPICS.checkpoint, checkpoint.message, retain=True)
        said = read_countersignature(
            camera.heard.get(timeout=10), cose.lookup_in([DESK.verify_key])
        )
        assert (said.size, said.proven) == (checkpoint.checkpoint.size, proven)
    forked = [*LEAVES[:11], merkle.leaf_hash(b"another"), *LEAVES[12:]]
    camera.say(TOPICS.checkpoint, seen(15, forked, since=12).message, retain=True)
    awaited(lambda: recorder.health()["heard"] == 5)  # three checkpoints, two of its own words
    recorder.close()
    assert camera.heard.empty()
    with sqlite3.connect(tmp_path / "desk.sqlite") as db:
        assert db.execute("SELECT fault FROM faults").fetchall() == [("ledger_forked",)]
    db.close()


def test_what_a_named_recorder_misses_is_sent_to_it_later(
    broker: Broker, camera: Camera, tmp_path: Path
) -> None:
    path = tmp_path / "desk.sqlite"
    recorder_on(broker, path, name="hefei").close()
    for sequence in range(1, 31):
        camera.say(TOPICS.history, seal(alarm(), sequence))
    again = recorder_on(broker, path, name="hefei")
    awaited(lambda: again.health()["kept"] == 30)
    again.close()
    assert kept_in(path) == list(range(1, 31))


def test_a_disk_that_refuses_is_not_acknowledged_for(
    broker: Broker, camera: Camera, tmp_path: Path
) -> None:
    path = tmp_path / "desk.sqlite"
    recorder = recorder_on(broker, path, name="hefei", retry_s=0.2)
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")  # as a full disk does: every write fails for a while
        for sequence in range(1, 6):
            camera.say(TOPICS.history, seal(alarm(), sequence))
        awaited(lambda: recorder.health()["heard"] == 5)
        recorder.close()  # gives up without having kept them
        other.execute("ROLLBACK")
    other.close()
    assert kept_in(path) == []
    again = recorder_on(broker, path, name="hefei")
    awaited(lambda: again.health()["kept"] == 5)
    again.close()
    assert kept_in(path) == [1, 2, 3, 4, 5]


def test_recorders_of_one_group_share_the_work(
    broker: Broker, camera: Camera, tmp_path: Path
) -> None:
    pair = [recorder_on(broker, tmp_path / f"{n}.sqlite", share="desk") for n in (1, 2)]
    for sequence in range(1, 41):
        camera.say(TOPICS.history, seal(alarm(), sequence))
    awaited(lambda: sum(int(str(one.health()["kept"])) for one in pair) == 40)
    for one in pair:
        one.close()
    first, second = (set(kept_in(tmp_path / f"{n}.sqlite")) for n in (1, 2))
    assert first | second == set(range(1, 41))
    assert not first & second
    assert first
    assert second


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Postgres]:
    if postgres.programs() is None:
        pytest.skip("PostgreSQL is not installed here: the Debian package is postgresql")
    pytest.importorskip("psycopg", reason="psycopg is not installed: viewkeeper[fleet]")
    with Postgres.start() as running:
        yield running


def numbers_in(url: str) -> list[int]:
    import psycopg

    with psycopg.connect(url) as db:
        return [row[0] for row in db.execute("SELECT sequence FROM records ORDER BY sequence")]


def test_recorders_of_one_group_fill_one_postgresql(
    broker: Broker, camera: Camera, postgresql: Postgres
) -> None:
    url = postgresql.new_url()
    names = ("first", "second", "third")
    group = [recorder_on(broker, url, name=name, share="desk") for name in names]
    for sequence in range(1, 61):
        camera.say(TOPICS.history, seal(alarm(), sequence))
    awaited(lambda: sum(int(str(one.health()["kept"])) for one in group) == 60)
    shares = [int(str(one.health()["kept"])) for one in group]
    group[0].close()  # it goes on holding its share of the group: what it misses waits for it
    for sequence in range(61, 91):
        camera.say(TOPICS.history, seal(alarm(), sequence))
    group[0] = recorder_on(broker, url, name="first", share="desk")
    awaited(lambda: len(numbers_in(url)) == 90)
    for one in group:
        one.close()
    assert numbers_in(url) == list(range(1, 91))
    assert all(shares)


def test_a_postgresql_that_went_away_is_not_acknowledged_for(
    broker: Broker, camera: Camera, postgresql: Postgres
) -> None:
    url = postgresql.new_url()
    recorder = recorder_on(broker, url, name="hefei", retry_s=0.2)
    postgresql.kill()
    for sequence in range(1, 6):
        camera.say(TOPICS.history, seal(alarm(), sequence))
    awaited(lambda: recorder.health()["heard"] == 5)
    assert recorder.health()["kept"] == 0
    postgresql.restart()
    awaited(lambda: recorder.health()["kept"] == 5)
    recorder.close()
    assert numbers_in(url) == [1, 2, 3, 4, 5]
