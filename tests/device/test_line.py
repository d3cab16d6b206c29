"""A real board beside a real agent: MicroPython's unix port, pseudo-terminals, mosquitto."""

import json
import time

import pytest

from tests.device.runner import needs_micropython
from tests.device.wire import Wire
from viewkeeper.protocol.vocabulary import (
    AlarmKind,
    EventKind,
    LitState,
    SignageSource,
    SignageState,
    TamperState,
    ViewCause,
    ViewVerdict,
)
from viewkeeper.sim.broker import Broker, installed_kinds
from viewkeeper.sim.demo.world import World

pytestmark = [
    needs_micropython,
    pytest.mark.skipif("mosquitto" not in installed_kinds(), reason="no mosquitto here"),
    pytest.mark.timeout(300),
]
PATIENCE_S = 60.0


def beside(device, end, camera_key):
    """Make a board of sensors of a device: no picture, no network, a line."""
    settings = json.loads(device.settings.read_text("utf-8"))
    del settings["camera"], settings["broker"]["host"], settings["broker"]["port"]
    settings["line"] = {"path": end, "camera": camera_key, "reading_s": 1}
    settings["watchdog_status"] = str(device.folder / "bootstatus")
    device.settings.write_text(json.dumps(settings), "utf-8")


def listens(camera, end, board_id, key):
    text = camera.config.read_text("utf-8").replace('driver = "simulated"', 'driver = "board"')
    text += f'\n[board]\nport = "{end}"\nid = "{board_id}"\nkey = "{key}"\nsilent_s = 6\n'
    camera.config.write_text(text, "utf-8")


def test_a_board_on_the_serial_line_tells_the_camera_and_reaches_its_broker(tmp_path):
    with (
        Broker.start("mosquitto") as broker,
        World(tmp_path, broker) as world,
        Wire(damage_every=40) as wire,
    ):
        camera = world.add_camera("cam-0001", "Gate")
        board = world.add_device("gate-board", "Board at the gate")
        stranger = world.add_device("strange-board", "Another board")
        for device in (board, stranger):
            beside(device, wire.ends[1], world.desk.camera("cam-0001").key.raw.hex())
        listens(camera, wire.ends[0], "gate-board", world.desk.camera("gate-board").key.raw.hex())

        def sees(name, holds):
            assert world.observer.wait(name, holds, PATIENCE_S), (
                world.observer.seen(name),
                camera.log.read_text()[-3000:],
                board.log.read_text()[-3000:],
            )
            return world.observer.seen(name).report

        def alarms(seen):
            return set() if seen.report is None else set(seen.report.alarms or ())

        mount_hash = board.register_view()
        board.start()
        assert "gate-board: down" in camera.agent("doctor")

        view_hash = world.register_view(camera)
        camera.start()
        sees("cam-0001", lambda seen: seen.report is not None and seen.report.mount is not None)
        assert world.order(camera, world.configuration(view_hash)).verdict.reason == "accepted"

        # The camera's own report rests on what the board feels, and its wish burns the lamp.
        def at_ease(seen):
            report = seen.report
            return (
                report is not None
                and report.mount.verdict is ViewVerdict.SAME
                and report.signage.lit is LitState.LIT
            )

        report = sees("cam-0001", at_ease)
        assert report.mount.case is TamperState.CLOSED
        assert report.mount.temperature_dc == report.mount.registered_dc == 215
        assert report.signage.state is SignageState.PRESENT
        assert report.signage.source is SignageSource.SENSOR
        assert report.signage.current_ma == 320
        assert report.alarms == ()

        # The board's own records went the same way, and its orders came back by it.
        sees("gate-board", lambda seen: seen.status == "online" and seen.report is not None)
        assert world.order(board, world.configuration(mount_hash)).verdict.reason == "accepted"
        sees("gate-board", lambda seen: seen.report.mount.verdict is ViewVerdict.SAME)

        def struck(name):
            return [
                event.detector
                for event in world.observer.seen(name).events
                if event.event is EventKind.CAMERA_STRUCK
            ]

        # A blow that the board felt is flagged by the camera, and by the board for itself.
        board.stage.knock(tilt_deg=-3.0)
        board.feel(case_open=True)
        sees("cam-0001", lambda _: struck("cam-0001") == ["board"])
        sees("gate-board", lambda _: struck("gate-board") == ["knock"])
        both = {AlarmKind.MOUNT_MOVED, AlarmKind.CASE_OPEN}
        report = sees("cam-0001", lambda seen: both <= alarms(seen))
        assert report.view.verdict is ViewVerdict.SAME
        assert abs(report.mount.tilt_mdeg + 3000) < 100
        board.stage.straighten()
        board.feel(case_open=False)
        sees("cam-0001", lambda seen: not both & alarms(seen))

        board.kill()
        report = sees("cam-0001", lambda seen: AlarmKind.BOARD_FAULT in alarms(seen))
        assert report.mount.cause is ViewCause.SIGNAL_LOST
        assert report.signage.state is SignageState.UNKNOWN

        def faulty(word):
            def holds(seen):
                alarm = seen.alarms.get("board_fault")
                return alarm is not None and word in alarm.detail

            return holds

        sees("cam-0001", faulty("fell silent"))
        stranger.start()
        deadline = time.monotonic() + PATIENCE_S
        while "not believed: unknown_key" not in camera.log.read_text():
            assert time.monotonic() < deadline, camera.log.read_text()[-3000:]
            time.sleep(0.2)
        stranger.kill()

        (board.folder / "bootstatus").write_text("32\n")  # the watchdog made this start
        board.start()
        sees("cam-0001", lambda seen: AlarmKind.BOARD_FAULT not in alarms(seen) and at_ease(seen))
        counts = (board.folder / "storage" / "boots").read_bytes()
        assert counts == (2).to_bytes(4, "big") + (1).to_bytes(4, "big")
        sees("gate-board", lambda seen: seen.status == "online")
        assert wire.damaged
