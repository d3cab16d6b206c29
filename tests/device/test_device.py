"""A whole device under MicroPython: enrolled by the desk, ordered, knocked; on a real broker."""

import json
import subprocess
import time

import pytest

from tests.device.runner import needs_micropython
from viewkeeper.protocol.errors import SetupError
from viewkeeper.protocol.records import Event
from viewkeeper.protocol.vocabulary import (
    AlarmKind,
    EventKind,
    LifecycleState,
    LitState,
    OrderKind,
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
    pytest.mark.timeout(240),
]
PATIENCE_S = 45.0


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with (
        Broker.start("mosquitto") as broker,
        World(tmp_path_factory.mktemp("world"), broker) as world,
    ):
        yield world


def sees(world, device, holds):
    assert world.observer.wait(device.name, holds, PATIENCE_S), (
        world.observer.seen(device.name),
        device.log.read_text(),
    )


def view_is(verdict, cause=None):
    return lambda seen: (
        seen.report is not None
        and seen.report.view.verdict is verdict
        and seen.report.view.cause is cause
    )


def mount_is(verdict, cause=None):
    return lambda seen: (
        seen.report is not None
        and seen.report.mount.verdict is verdict
        and seen.report.mount.cause is cause
    )


def spooled(device):
    """Wait until the flag of a move lies on the device's flash."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        files = [path.read_bytes() for path in device.folder.glob("storage/*.spool")]
        if any(b"camera_moved" in data for data in files):
            return
        time.sleep(0.1)
    raise AssertionError(device.log.read_text())


def test_a_device_camera_keeps_its_view(world):
    device = world.add_device("dev-0001", "Back gate")
    settings = json.loads(device.settings.read_text("utf-8"))
    settings["broker"]["receipts"] = False  # no recorder here: the broker's word is the last
    device.settings.write_text(json.dumps(settings), "utf-8")
    view_hash = device.register_view()
    device.start()
    sees(world, device, lambda seen: seen.status == "online" and seen.report is not None)

    config = world.configuration(view_hash)
    forged = bytearray(world.signed(device, config))
    forged[-1] ^= 1
    assert world.send(device, bytes(forged)).verdict.reason == "bad_signature"
    stranger = world.stranger_signs(device, config)
    assert world.send(device, stranger).verdict.reason == "unknown_key"
    flood = world.send(device, bytes(100_000), OrderKind.COMMAND)
    assert flood.verdict.reason == "too_large"
    assert world.observer.seen(device.name).report.config_hash is None

    assert world.order(device, config).verdict.reason == "accepted"
    step = world.step(device, LifecycleState.REGISTERED, "T-REG-1")
    assert step.verdict.reason == "accepted"
    sees(world, device, view_is(ViewVerdict.SAME))
    report = world.observer.seen(device.name).report
    assert report.config_hash is not None
    assert report.lifecycle is LifecycleState.REGISTERED
    assert report.refusals == 3

    sees(world, device, mount_is(ViewVerdict.SAME))
    report = world.observer.seen(device.name).report
    assert report.mount.case is TamperState.CLOSED
    assert report.mount.registered_dc == report.mount.temperature_dc == 215
    assert (report.signage.state, report.signage.lit) == (SignageState.PRESENT, LitState.LIT)
    assert report.signage.current_ma == 320
    assert report.signage.source is SignageSource.SENSOR
    assert report.alarms == ()

    device.stage.knock(pan_deg=3.0, tilt_deg=-2.0)
    sees(
        world,
        device,
        lambda seen: (
            view_is(ViewVerdict.MOVED)(seen)
            and mount_is(ViewVerdict.MOVED)(seen)
            and {"view_moved", "mount_moved"} <= set(seen.alarms)
            and {"camera_moved", "camera_struck"} <= {event.event.value for event in seen.events}
        ),
    )
    report = world.observer.seen(device.name).report
    assert abs(report.view.move.pan_mdeg - 3000) < 200
    assert abs(report.view.move.tilt_mdeg + 2000) < 200
    assert abs(report.mount.tilt_mdeg + 2000) < 200  # gravity and picture, each for itself
    assert {AlarmKind.VIEW_MOVED, AlarmKind.MOUNT_MOVED} <= set(report.alarms)
    struck = [e for e in world.observer.seen(device.name).events if e.detector == "knock"]
    assert [event.event for event in struck] == [EventKind.CAMERA_STRUCK]
    sees(world, device, lambda seen: json.loads(seen.state)["mount"]["verdict"] == "moved")

    device.stage.straighten()
    sees(
        world,
        device,
        lambda seen: (
            view_is(ViewVerdict.SAME)(seen)
            and mount_is(ViewVerdict.SAME)(seen)
            and not {"view_moved", "mount_moved"} & set(seen.alarms)
        ),
    )
    device.feel(case_open=True, lamp_ma=4, temperature_c=-12.0)
    sees(
        world,
        device,
        lambda seen: (
            seen.report.mount.case is TamperState.OPEN
            and seen.report.signage.lit is LitState.UNLIT
            and "case_open" in seen.alarms
        ),
    )
    device.feel(silent=[0x6A], case_open=False, lamp_ma=320)
    sees(world, device, mount_is(ViewVerdict.CANNOT_TELL, ViewCause.SIGNAL_LOST))
    device.feel(silent=[])
    sees(world, device, mount_is(ViewVerdict.SAME))
    assert world.observer.seen(device.name).report.mount.error_mdeg > 150  # 33 K from that day
    device.stage.cover()
    sees(world, device, view_is(ViewVerdict.CANNOT_TELL, ViewCause.COVERED))
    device.stage.uncover()
    sees(world, device, view_is(ViewVerdict.SAME))
    device.stage.signal(present=False)
    sees(world, device, view_is(ViewVerdict.CANNOT_TELL, ViewCause.SIGNAL_LOST))
    device.stage.signal(present=True)

    world.broker.kill()
    world.broker.restart()
    assert world.observer.wait_connected()
    reports = world.observer.seen(device.name).reports
    sees(world, device, lambda seen: seen.reports > reports and view_is(ViewVerdict.SAME)(seen))

    # An outage, a knock in it, and then the power goes: it is told all the same, late.
    world.broker.kill()
    device.stage.knock(tilt_deg=-3.0)
    spooled(device)
    device.kill()
    device.stage.straighten()
    world.broker.restart()
    assert world.observer.wait_connected()
    device.start()
    sees(
        world,
        device,
        lambda seen: any(
            isinstance(record.body, Event)
            and record.body.event is EventKind.CAMERA_MOVED
            and record.header.boot != seen.record.header.boot
            for record in seen.history
        ),
    )
    sees(world, device, lambda _: not list(device.folder.glob("storage/*.spool")))

    device.kill()
    device.start()
    sees(world, device, lambda seen: seen.record.header.mono_ms < 60_000 and seen.report)
    reports = world.observer.seen(device.name).reports
    sees(world, device, lambda seen: seen.reports > reports and view_is(ViewVerdict.SAME)(seen))
    assert world.observer.seen(device.name).refused == []
    assert "Traceback" not in device.log.read_text()


def test_what_cannot_be_done_is_said_in_one_line(world):
    device = world.add_device("dev-0002", "Front gate")
    with pytest.raises(SetupError, match="enrolled already"):
        device.enrol(device.folder / "enrolment.cbor")
    device.stage.signal(present=False)
    with pytest.raises(SetupError, match="no picture"):
        device.register_view()
    with pytest.raises(SetupError, match="say key"):
        device.agent("dance")
    done = subprocess.run(
        [*device._command[:-1], "nowhere.json"],
        capture_output=True,
        text=True,
        check=False,
        env=device._environment,
    )
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 1
