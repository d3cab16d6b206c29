"""The story's chapter on the device: the same promise kept by MicroPython, beside the agent."""

from __future__ import annotations

from collections.abc import Callable

from viewkeeper.protocol.vocabulary import (
    AlarmKind,
    EventKind,
    LifecycleState,
    LitState,
    ViewVerdict,
)
from viewkeeper.sim.demo.device import DeviceCamera
from viewkeeper.sim.demo.observer import Seen
from viewkeeper.sim.demo.play import PATIENCE_S, Play, must, told

CHECK_PERIOD_S = 1.0  # its camera is rendered on this machine, beside everything else


def beside(play: Play) -> str:
    """Bring the device into use, refuse it a forgery, tilt it, put it back."""
    device = play.device
    if device is None:
        return "left out: no MicroPython here"
    world = play.world
    config = world.configuration(device.register_view(), check_period_s=CHECK_PERIOD_S)
    device.start()
    must(_sees(play, device, lambda seen: seen.report), "the device does not come online")
    forged = told(world.send(device, world.stranger_signs(device, config)))
    must(forged == "unknown_key", f"a forged order: {forged}")
    answers = [
        told(world.order(device, config)),
        told(world.step(device, LifecycleState.REGISTERED, "DEMO-REG-2")),
        told(world.step(device, LifecycleState.ACCEPTED, "DEMO-ACC-2", passed=True)),
        told(world.step(device, LifecycleState.IN_USE, "DEMO-USE-2")),
    ]
    must(answers == ["accepted"] * 4, f"the device answered {', '.join(answers)}")
    must(_sees(play, device, _is(ViewVerdict.SAME)), "the device does not find its view")
    device.stage.knock(tilt_deg=-4.0)
    must(_sees(play, device, _moved), "a tilt of 4° is not reported as such")
    report = world.observer.seen(device.name).report
    assert report is not None  # it was just seen
    assert report.view.move is not None
    tilt_deg = report.view.move.tilt_mdeg / 1000
    device.stage.straighten()
    must(_sees(play, device, _is(ViewVerdict.SAME)), "the device does not find its view again")
    mount = report.mount
    felt_deg = 0.0 if mount is None or mount.tilt_mdeg is None else mount.tilt_mdeg / 1000
    device.feel(case_open=True, lamp_ma=4)
    must(_sees(play, device, _opened), "an open case and a dark lamp are not reported")
    device.feel(case_open=False, lamp_ma=320)
    must(_sees(play, device, _shut), "the closed case and the lamp are not reported")
    return (
        f"same; a stranger's order: {forged}; tilt {tilt_deg:+.2f}°, by gravity {felt_deg:+.2f}°; "
        "same again; case open and lamp dark: alarms, then over"
    )


def _sees(play: Play, device: DeviceCamera, holds: Callable[[Seen], object]) -> bool:
    return bool(play.world.observer.wait(device.name, holds, PATIENCE_S))


def _is(verdict: ViewVerdict) -> Callable[[Seen], bool]:
    return lambda seen: seen.report is not None and seen.report.view.verdict is verdict


def _opened(seen: Seen) -> bool:
    alarms = {AlarmKind.CASE_OPEN.value, AlarmKind.SIGN_FAULT.value}
    return (
        seen.report is not None
        and seen.report.signage.lit is LitState.UNLIT
        and alarms <= set(seen.alarms)
    )


def _shut(seen: Seen) -> bool:
    alarms = {AlarmKind.CASE_OPEN.value, AlarmKind.SIGN_FAULT.value}
    return (
        seen.report is not None
        and seen.report.signage.lit is LitState.LIT
        and not alarms & set(seen.alarms)
    )


def _moved(seen: Seen) -> bool:
    move = None if seen.report is None else seen.report.view.move
    return (
        _is(ViewVerdict.MOVED)(seen)
        and move is not None
        and abs(move.tilt_mdeg + 4000) <= 250
        and {AlarmKind.VIEW_MOVED.value, AlarmKind.MOUNT_MOVED.value} <= set(seen.alarms)
        and any(event.event is EventKind.CAMERA_MOVED for event in seen.events)
    )
