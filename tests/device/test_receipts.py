"""A device, a broker that forgets, and a recorder: nothing that was acknowledged is lost."""

import contextlib
import json
import sqlite3
import time

import pytest

from tests.device.runner import needs_micropython
from viewkeeper.dashboard.register import parse_register
from viewkeeper.protocol import cose
from viewkeeper.protocol.records import Event, Gap, unseal
from viewkeeper.protocol.vocabulary import EventKind, ViewVerdict
from viewkeeper.sim.broker import Broker, installed_kinds
from viewkeeper.sim.demo.recording import FILE, DemoRecorder
from viewkeeper.sim.demo.world import World

pytestmark = [
    needs_micropython,
    pytest.mark.skipif("mosquitto" not in installed_kinds(), reason="no mosquitto here"),
    pytest.mark.timeout(300),
]
PATIENCE_S, RESEND_S = 60.0, 6
MOVED = EventKind.CAMERA_MOVED


def until(holds, device):
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, device.log.read_text()[-3000:]
        time.sleep(0.1)


def spooled(device):
    return list(device.folder.glob("storage/*.spool"))


def flags_on_flash(device):
    return sum(path.read_bytes().count(b"camera_moved") for path in spooled(device))


def recorded(folder, key):
    """Every record on the recorder's disk."""
    if not (folder / FILE).exists():
        return []
    lookup = cose.lookup_in([key])
    with contextlib.closing(sqlite3.connect(f"file:{folder / FILE}?mode=ro", uri=True)) as db:
        return [unseal(message, lookup) for (message,) in db.execute("SELECT message FROM records")]


def test_what_the_broker_acknowledged_and_lost_comes_from_the_devices_flash(tmp_path):
    with (
        Broker.start("mosquitto", durable=False) as broker,
        World(tmp_path, broker) as world,
    ):
        device = world.add_device("dev-0001", "Back gate")
        register = parse_register({"cameras": world.desk.register()})
        key = world.desk.camera(device.name).key
        view_hash = device.register_view()
        settings = json.loads(device.settings.read_text("utf-8"))
        settings["broker"]["resend_s"] = RESEND_S
        device.settings.write_text(json.dumps(settings), "utf-8")
        device.start()
        seen = world.observer.seen

        def moves():
            """Flags of a move on the recorder's disk: how often it began, how often it was over."""
            flags = [r.body for r in recorded(tmp_path, key) if isinstance(r.body, Event)]
            over = [flag.ended_ms is not None for flag in flags if flag.event is MOVED]
            return over.count(False), over.count(True)

        assert world.order(device, world.configuration(view_hash)).verdict.reason == "accepted"
        until(lambda: seen(device.name).report.view.verdict is ViewVerdict.SAME, device)

        # No recorder: what the broker acknowledged goes to flash, and stays.
        told = seen(device.name).events
        device.stage.knock(tilt_deg=-3.0)
        until(lambda: MOVED in [event.event for event in told], device)
        device.stage.straighten()
        until(lambda: [event.event for event in told].count(MOVED) == 2, device)
        until(lambda: flags_on_flash(device) == 2, device)

        # Broker and device die, and the broker remembers nothing.
        broker.kill()
        device.kill()
        broker.restart()
        assert world.observer.wait_connected()
        with contextlib.closing(DemoRecorder.start(tmp_path, register, broker)) as recorder:
            until(lambda: recorder.recorder.health()["connected"], device)
            device.start()
            until(lambda: moves() == (1, 1), device)
            until(lambda: not spooled(device), device)  # receipts came for all of them

            # With a recorder the flash is left alone.
            device.stage.knock(tilt_deg=2.5)
            until(lambda: moves() == (2, 1), device)
            device.stage.straighten()
            until(lambda: moves() == (2, 2), device)

            # A broker that dies alone: the device may be back before the recorder, and repeats it.
            broker.kill()
            device.stage.knock(tilt_deg=-2.5)
            until(lambda: flags_on_flash(device) >= 1, device)
            broker.restart()
            assert world.observer.wait_connected()
            until(lambda: moves() == (3, 2), device)
            until(lambda: not spooled(device), device)
        records = recorded(tmp_path, key)
        assert not [record for record in records if isinstance(record.body, Gap)]
        assert "Traceback" not in device.log.read_text()
