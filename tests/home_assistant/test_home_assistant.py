"""A real Home Assistant, a real broker, a real agent: every entity, its state and its class."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.home_assistant.home import Home
from viewkeeper.protocol.vocabulary import LifecycleState
from viewkeeper.sim.broker import Broker
from viewkeeper.sim.demo.play import Play
from viewkeeper.sim.demo.story import accept, register
from viewkeeper.sim.demo.world import World

PATIENCE_S = 180.0
WRITTEN: list[str] = []
OUT = os.environ.get("VIEWKEEPER_HOME_ASSISTANT_OUT")
FORMS = [pair.split("=", 1) for pair in os.environ["VIEWKEEPER_HOME_ASSISTANT"].split()]
"""``component=PYTHON device=PYTHON``: a form of discovery, and whose Home Assistant reads it."""


def on(value: bool) -> str:
    return "on" if value else "off"


def moved(verdict: str) -> str:
    return {"moved": "on", "same": "off"}.get(verdict, "unknown")


def number(value: float | None) -> str | float:
    return "unknown" if value is None else value


def word(value: str | None) -> str:
    return "none" if value is None else value


@dataclass(frozen=True)
class Expected:
    """What Home Assistant must show, said apart from the agent's own table."""

    name: str
    state: Callable[[dict[str, Any]], str | float]
    device_class: str | None = None
    unit: str | None = None


EXPECTED = (
    Expected("binary_sensor.*_view_moved", lambda m: moved(m["view"]["verdict"]), "tamper"),
    Expected(
        "binary_sensor.*_view_cannot_be_checked",
        lambda m: on(m["view"]["verdict"] not in ("same", "moved")),
        "problem",
    ),
    Expected("binary_sensor.*_sign", lambda m: on(m["signage"]["state"] != "present"), "problem"),
    Expected(
        "binary_sensor.*_storage", lambda m: on(m["health"]["storage_free"] < 0.05), "problem"
    ),
    Expected("binary_sensor.*_clock", lambda m: on(m["clock"] != "synchronised"), "problem"),
    Expected(
        "binary_sensor.*_order_refused", lambda m: on(m["last_refusal"] is not None), "problem"
    ),
    Expected("sensor.*_pan", lambda m: number(m["view"]["pan_deg"]), None, "°"),
    Expected("sensor.*_tilt", lambda m: number(m["view"]["tilt_deg"]), None, "°"),
    Expected("sensor.*_roll", lambda m: number(m["view"]["roll_deg"]), None, "°"),
    Expected("sensor.*_zoom", lambda m: number(m["view"]["zoom"])),
    Expected("sensor.*_view", lambda m: m["view"]["verdict"], "enum"),
    Expected("sensor.*_cause", lambda m: word(m["view"]["cause"])),
    Expected("sensor.*_sign_state", lambda m: m["signage"]["state"], "enum"),
    Expected("sensor.*_lifecycle", lambda m: m["lifecycle"], "enum"),
    Expected(
        "sensor.*_storage_free", lambda m: round(100 * m["health"]["storage_free"], 1), None, "%"
    ),
    Expected(
        "sensor.*_temperature",
        lambda m: number(m["health"]["temperature_c"]),
        "temperature",
        "°C",
    ),
    Expected("sensor.*_frame_rate", lambda m: m["health"]["frame_rate_hz"], "frequency", "Hz"),
    Expected("sensor.*_orders_refused", lambda m: float(m["refusals"])),
    Expected("sensor.*_last_refusal", lambda m: word(m["last_refusal"])),
)
CAMERA = "cam-1"
IDS = {one.name.replace("*", "camera_cam_1") for one in EXPECTED}


class Stage:
    """Everything that takes part."""

    def __init__(self, folder: Path, form: str, python: Path) -> None:
        self.form, self.broker = form, Broker.start("mosquitto")
        self.world = World(folder / "world", self.broker)
        camera = self.world.add_camera(CAMERA, "North gate")
        told = camera.config.read_text("utf-8") + f'\n[homeassistant]\ndiscovery = "{form}"\n'
        # A busy machine must not break the line: with a new one everything is said again.
        told = told.replace("keepalive_s = 10", "keepalive_s = 120")
        camera.config.write_text(told, "utf-8")
        self.play = Play(self.world, camera)
        self.home = Home(python, folder / "home", self.broker.tcp_port)
        self._mirror: dict[str, Any] = {}
        self.births: list[bytes] = []
        self.discovery: set[str] = set()
        self._heard = threading.Event()
        client = paho.Client(CallbackAPIVersion.VERSION2)
        client.on_message = self._hear
        client.connect(self.broker.host, self.broker.tcp_port)
        client.subscribe([(camera.topics.state, 1), ("homeassistant/#", 1)])
        client.loop_start()
        self.client = client

    def _hear(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        if message.topic == "homeassistant/status":
            self.births.append(message.payload)
        elif message.topic.startswith("homeassistant/"):
            change = self.discovery.add if message.payload else self.discovery.discard
            change(message.topic)
        elif message.payload:
            self._mirror = json.loads(message.payload)

    def wrong(self) -> list[str]:
        """What Home Assistant shows otherwise than expected."""
        mirror, states, found = self._mirror, self.home.states(), []
        for one in EXPECTED:
            name = one.name.replace("*", "camera_cam_1")
            shown = states.get(name)
            if shown is None:
                found.append(f"{name} is not there")
                continue
            about = shown["attributes"]
            state, wanted = shown["state"], one.state(mirror)
            same = state == wanted
            if isinstance(wanted, float | int) and state not in ("unknown", "unavailable"):
                same = abs(float(state) - wanted) < 1e-6
            if not same:
                found.append(f"{name} is {state}, not {wanted}")
            if (about.get("device_class"), about.get("unit_of_measurement")) != (
                one.device_class,
                one.unit,
            ):
                found.append(f"{name}: {about}")
        found += [f"{name} is not expected" for name in set(states) - IDS]
        return found

    def settle(self, holds: Callable[[dict[str, Any]], bool] = bool) -> None:
        """Wait until the mirror says so, and Home Assistant shows just that."""
        deadline, last = time.monotonic() + PATIENCE_S, ["nothing was heard"]
        while time.monotonic() < deadline:
            if holds(self._mirror):
                last = self.wrong()
                if not last:
                    return
            time.sleep(0.5)
        raise AssertionError(last)

    def close(self) -> None:
        self.home.stop()
        self.client.loop_stop()
        self.world.__exit__()


@pytest.fixture(scope="module", params=FORMS, ids=[form for form, _ in FORMS])
def stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    form, python = request.param
    made = Stage(tmp_path_factory.mktemp("home"), form, Path(python).absolute())
    try:
        register(made.play)
        accept(made.play)
        made.home.start()
        yield made
    finally:
        made.close()


def verdict(name: str) -> Callable[[dict[str, Any]], bool]:
    return lambda mirror: bool(mirror) and mirror["view"]["verdict"] == name


def test_every_entity_is_there_with_its_state_class_and_unit(stage: Stage):
    stage.settle(verdict("same"))
    states = stage.home.states()
    if stage.form == "device":  # options of an MQTT sensor came with 2024.10; older ones drop them
        view = states["sensor.camera_cam_1_view"]["attributes"]
        assert set(view["options"]) == {"same", "moved", "cannot_tell", "obstructed"}
    note(stage, "standing as registered", states)


def test_a_knock_is_shown(stage: Stage):
    stage.play.camera.stage.knock(pan_deg=3.0)
    try:
        stage.settle(verdict("moved"))
        states = stage.home.states()
        assert states["binary_sensor.camera_cam_1_view_moved"]["state"] == "on"
        assert abs(float(states["sensor.camera_cam_1_pan"]["state"]) - 3.0) < 0.2
        note(stage, "knocked by 3°", states)
    finally:
        stage.play.camera.stage.straighten()
    stage.settle(verdict("same"))


def test_a_cover_is_shown_with_its_cause(stage: Stage):
    stage.play.camera.stage.cover()
    try:
        stage.settle(verdict("cannot_tell"))
        assert stage.home.states()["sensor.camera_cam_1_cause"]["state"] == "covered"
    finally:
        stage.play.camera.stage.uncover()
    stage.settle(verdict("same"))


def test_a_refused_order_is_shown(stage: Stage):
    world, camera = stage.world, stage.play.camera
    wide = world.configuration(stage.play.view_hash, tolerance_deg=40.0)
    world.send(camera, world.stranger_signs(camera, wide))
    stage.settle(lambda mirror: bool(mirror) and mirror["refusals"] == 1)
    assert stage.home.states()["sensor.camera_cam_1_last_refusal"]["state"] == "unknown_key"


def test_a_camera_that_is_gone_is_unavailable_and_comes_back(stage: Stage):
    stage.play.camera.kill()
    until(lambda: {one["state"] for one in stage.home.states().values()} == {"unavailable"})
    stage.play.camera.start()
    stage.settle(verdict("same"))


def test_what_the_broker_forgot_is_said_again_when_home_assistant_is_born(stage: Stage):
    until(lambda: bool(stage.discovery))
    for topic in sorted(stage.discovery):
        stage.client.publish(topic, b"", 1, retain=True)
    until(lambda: not stage.home.states(), lambda: (stage.home.states(), stage.discovery))
    births = len(stage.births)
    stage.home.stop()
    stage.home.start()
    until(lambda: b"online" in stage.births[births:])
    stage.settle(verdict("same"))


def test_a_withdrawn_camera_is_forgotten(stage: Stage):
    told = stage.world.step(stage.play.camera, LifecycleState.WITHDRAWN, "HA-OUT-1")
    assert told.verdict is not None
    assert told.verdict.accepted, told.verdict.reason
    until(lambda: not stage.home.states())
    until(lambda: not stage.discovery)


def until(holds: Callable[[], bool], told: Callable[[], object] = lambda: "") -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, f"what was waited for did not happen {told()}"
        time.sleep(0.3)


def note(stage: Stage, when: str, states: dict[str, dict[str, Any]]) -> None:
    """Write the table for docs/benchmarks/home-assistant.md."""
    if not WRITTEN:
        WRITTEN.append(
            "# In Home Assistant\n\nWritten by `make home-assistant`: a real Home Assistant, "
            "mosquitto and agent; what Home Assistant's REST API said."
        )
    WRITTEN.append(f"\n## {stage.home.version}, `{stage.form}` form, {when}\n")
    WRITTEN.append("| entity | state | device class | unit |\n|---|---|---|---|")
    for name in sorted(states):
        about = states[name]["attributes"]
        cells = (about.get("device_class", ""), about.get("unit_of_measurement", ""))
        WRITTEN.append(f"| `{name}` | {states[name]['state']} | {cells[0]} | {cells[1]} |")
    if OUT:
        Path(OUT).write_text("\n".join(WRITTEN) + "\n", "utf-8")
