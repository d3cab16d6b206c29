"""The doctor's look at what makes a camera: enrolment, view, picture, mount, board and sign."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from viewkeeper.agent.adapters.detections.onvif_rules import names_of, rules_of
from viewkeeper.agent.adapters.store.slots import SlotStore
from viewkeeper.agent.app import Storage, board_of
from viewkeeper.agent.catalogue import RULES_KIND, Adapters, onvif_camera
from viewkeeper.agent.checking import facts_of, load_view, sentence
from viewkeeper.agent.core import assessment
from viewkeeper.agent.core.device_state import DeviceState
from viewkeeper.agent.core.quality.assess import History, assess
from viewkeeper.agent.device_key import open_device_key
from viewkeeper.agent.doctor.findings import Finding, Health, Seen
from viewkeeper.agent.ports import FrameSource
from viewkeeper.agent.runtime import tolerance_of
from viewkeeper.agent.settings import Settings
from viewkeeper.protocol.errors import Reason, SetupError

BOARD_PATIENCE_S = 20.0
"""A board on its own tells every ten seconds, and has to hear the challenge first."""
MOST_CAMERA_CLOCK_ERROR_S = 60.0


def enrolment(settings: Settings, seen: Seen) -> Iterator[Finding]:
    state = DeviceState.from_bytes(SlotStore(Path(settings.storage.dir)).load())
    seen.state = state
    if state.device != settings.camera.id:
        raise SetupError(
            Reason.SETTING,
            f"the state is {state.device}'s, the settings say {settings.camera.id}: "
            "set [storage] dir or [camera] id",
        )
    lifecycle = state.standing.state.value
    order = state.config_order
    if order is None:
        yield Finding(
            "enrolment",
            Health.WARNING,
            f"{lifecycle}; no configuration yet: viewkeeper-authority config sign",
        )
    else:
        yield Finding(
            "enrolment",
            Health.GOOD,
            f"{lifecycle}, configuration {order.header.sequence}, {state.refusals} refusals",
        )


def view(settings: Settings, seen: Seen) -> Iterator[Finding]:
    config = seen.config
    if config is None:
        return
    digest = config.view_hash
    if digest is None:
        raise SetupError(
            Reason.SETTING,
            "the configuration names no view: viewkeeper-agent register, then sign its hash",
        )
    storage = Storage(Path(settings.storage.dir))
    seen.view = load_view(storage.views.load(digest), f"registered view {digest.hex()[:16]}")
    yield Finding("registered view", Health.GOOD, digest.hex())


def picture(settings: Settings, adapters: Adapters, seen: Seen) -> Iterator[Finding]:
    source: FrameSource = adapters.source(settings.source)
    source.open()
    try:
        frame = source.read(settings.source.timeout_s)
    finally:
        source.close()
    height, width = frame.luma.shape
    health, _ = assess(frame, History())
    faults = ", ".join(finding.kind.value for finding in health.findings)
    told = f"{source.name}: {width} × {height}"
    if faults:
        yield Finding("camera", Health.WARNING, f"{told}; picture: {faults}")
    else:
        yield Finding("camera", Health.GOOD, told)
    if seen.view is None:
        return
    tolerance = tolerance_of(seen.config)
    _, check = assessment.check(assessment.start(0.0), seen.view, frame, tolerance, 0.0)
    verdict = check.judgement.verdict.value
    good = Health.GOOD if verdict == "same" else Health.WARNING
    yield Finding("view", good, sentence(facts_of(check)))


def onvif(settings: Settings) -> Iterator[Finding]:
    if not settings.source.onvif_url:
        return
    camera = onvif_camera(settings.source)
    rules = ""
    try:
        state = camera.read()
        if settings.detections.kind == RULES_KIND:
            rules = f"its rules: {names_of(rules_of(camera.device))}"
    finally:
        camera.close()
    told: list[str] = []
    if state.ptz is not None:
        told.append(
            f"mount at {state.ptz.pan:+.3f} {state.ptz.tilt:+.3f}, zoom {state.ptz.zoom:.3f}"
        )
    if state.tampered is not None:
        told.append("its tamper detector is set off" if state.tampered else "no tampering")
    if rules:
        told.append(rules)
    if state.without:
        told.append(f"no {', no '.join(state.without)}")
    error_s = state.clock_error_s or 0.0
    off = abs(error_s) > MOST_CAMERA_CLOCK_ERROR_S
    if off:
        told.append(f"its clock is {error_s:+.0f} s off: set it, or give it this network's NTP")
    health = Health.WARNING if off or state.tampered else Health.GOOD
    yield Finding("onvif", health, f"{settings.source.onvif_url}: {'; '.join(told) or 'answers'}")


def board(settings: Settings, seen: Seen) -> Iterator[Finding]:
    if not settings.board.port:
        return
    signer = open_device_key(settings.key, Storage(Path(settings.storage.dir)).key)
    board = board_of(settings, signer)
    assert board is not None
    if seen.running:
        told = "not tried: the running agent holds its line"
    else:
        told = board.try_out(BOARD_PATIENCE_S)
    yield Finding("board", Health.GOOD, f"{settings.board.id}: {told}")


def sign(settings: Settings, adapters: Adapters) -> Iterator[Finding]:
    if settings.signage.driver == "board":
        return
    driver = adapters.sign(settings.signage)
    if driver is None:
        yield Finding("sign", Health.GOOD, "no sensor; the view or a photo record may tell")
        return
    try:
        reading = driver.read()
    finally:
        driver.close()
    current = "" if reading.current_ma is None else f", {reading.current_ma:.0f} mA"
    yield Finding(
        "sign",
        Health.GOOD,
        f"{driver.name}: lamp {'on' if reading.lamp_commanded else 'off'}{current}",
    )
