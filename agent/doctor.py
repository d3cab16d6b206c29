"""``viewkeeper-agent doctor``: looks at everything the agent will need, and names the cure.

It changes nothing. While an agent runs, its storage is not opened and its place at the broker
is not taken; what is left out is said.
"""

from __future__ import annotations

import datetime as dt
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum, unique
from importlib import metadata
from pathlib import Path
from typing import cast

from viewkeeper.agent.adapters.detections.onvif_rules import names_of, rules_of
from viewkeeper.agent.adapters.link import trial
from viewkeeper.agent.adapters.store.lock import FolderLock
from viewkeeper.agent.adapters.store.slots import SlotStore
from viewkeeper.agent.adapters.system.clock import kernel_synchronised
from viewkeeper.agent.adapters.system.health import LinuxHealthProbe
from viewkeeper.agent.app import Storage, board_of, link_settings
from viewkeeper.agent.catalogue import RULES_KIND, Adapters, onvif_camera
from viewkeeper.agent.checking import facts_of, load_view, sentence
from viewkeeper.agent.core import assessment
from viewkeeper.agent.core.device_state import DeviceState
from viewkeeper.agent.core.quality.assess import History, assess
from viewkeeper.agent.core.view.registered import RegisteredView
from viewkeeper.agent.device_key import open_device_key
from viewkeeper.agent.ports import FrameSource
from viewkeeper.agent.runtime import tolerance_of
from viewkeeper.agent.settings import Settings
from viewkeeper.protocol.errors import Reason, RefusalError, SetupError
from viewkeeper.protocol.orders import Config

LEAST_FREE_SHARE = 0.05
BOARD_PATIENCE_S = 20.0
"""A board on its own tells every ten seconds, and has to hear the challenge first."""
MOST_CAMERA_CLOCK_ERROR_S = 60.0
LEAST_VERSIONS = {"numpy": (1, 24), "cbor2": (5, 4), "cryptography": (38,), "paho-mqtt": (2, 0)}
"""Debian bookworm's; below these nothing was tried."""


@unique
class Health(StrEnum):
    """How one thing stands."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what it is, how it stands, what was seen or what cures it."""

    thing: str
    health: Health
    detail: str


@dataclass(slots=True)
class _Seen:
    """What one check leaves to the next."""

    running: bool = False
    state: DeviceState | None = None
    view: RegisteredView | None = None


def examine(settings: Settings, adapters: Adapters) -> Iterator[Finding]:
    """Look at one thing after another; nothing stops the rest from being looked at."""
    seen = _Seen()
    checks: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
        ("libraries", _libraries),
        ("storage", lambda: _storage(settings, seen)),
        ("device key", lambda: _key(settings)),
        ("enrolment", lambda: _enrolment(settings, seen)),
        ("registered view", lambda: _view(settings, seen)),
        ("camera", lambda: _camera(settings, adapters, seen)),
        ("onvif", lambda: _onvif(settings)),
        ("board", lambda: _board(settings, seen)),
        ("sign", lambda: _sign(settings, adapters)),
        ("clock", lambda: _clock(settings, seen)),
        ("certificate", lambda: _certificate(settings)),
        ("broker", lambda: _broker(settings, seen)),
    )
    for thing, check in checks:
        try:
            yield from check()
        except (SetupError, RefusalError) as error:
            yield Finding(thing, Health.BAD, error.hint)
        except OSError as error:
            yield Finding(thing, Health.BAD, f"{error.filename or thing}: {error.strerror}")


def _config_of(seen: _Seen) -> Config | None:
    order = None if seen.state is None else seen.state.config_order
    return None if order is None else cast("Config", order.body)


def _libraries() -> Iterator[Finding]:
    old: list[str] = []
    told: list[str] = []
    for name, least in LEAST_VERSIONS.items():
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            old.append(f"{name} is not installed")
            continue
        told.append(f"{name} {version}")
        numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
        if numbers < least:
            old.append(f"{name} {version} is older than {'.'.join(map(str, least))}")
    if old:
        yield Finding("libraries", Health.BAD, "; ".join(old))
    else:
        yield Finding("libraries", Health.GOOD, ", ".join(told))


def _storage(settings: Settings, seen: _Seen) -> Iterator[Finding]:
    folder = Path(settings.storage.dir)
    if not folder.is_dir():
        raise SetupError(
            Reason.FILE_MISSING,
            f"{folder} is not there: viewkeeper-agent key --config … makes it",
        )
    try:
        FolderLock(folder).close()
    except SetupError as error:
        if not os.access(folder, os.W_OK):
            raise
        seen.running = True
        yield Finding("storage", Health.GOOD, error.hint.split(":")[0])
    mode = stat.S_IMODE(folder.stat().st_mode)
    free = LinuxHealthProbe(folder).read().storage_free_share
    if mode & 0o077:
        yield Finding("storage", Health.WARNING, f"others may enter {folder}: chmod 700 {folder}")
    if free is not None and free < LEAST_FREE_SHARE:
        yield Finding(
            "storage",
            Health.BAD,
            f"{100 * free:.1f} % of the card is free, {100 * LEAST_FREE_SHARE:.0f} % are needed",
        )
    elif not mode & 0o077:
        told = "" if free is None else f", {100 * free:.0f} % free"
        yield Finding("storage", Health.GOOD, f"{folder}{told}")


def _key(settings: Settings) -> Iterator[Finding]:
    storage = Storage(Path(settings.storage.dir))
    signer = open_device_key(settings.key, storage.key)
    key = signer.verify_key
    yield Finding("device key", Health.GOOD, f"{key.algorithm.name} {key.kid.hex()}")


def _enrolment(settings: Settings, seen: _Seen) -> Iterator[Finding]:
    state = DeviceState.from_bytes(SlotStore(Path(settings.storage.dir)).load())
    seen.state = state
    if state.device != settings.camera.id:
        raise SetupError(
            Reason.SETTING,
            f"the state is {state.device}'s, the settings say {settings.camera.id}: "
            "a folder of another camera",
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


def _view(settings: Settings, seen: _Seen) -> Iterator[Finding]:
    config = _config_of(seen)
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


def _camera(settings: Settings, adapters: Adapters, seen: _Seen) -> Iterator[Finding]:
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
    tolerance = tolerance_of(_config_of(seen))
    _, check = assessment.check(assessment.start(0.0), seen.view, frame, tolerance, 0.0)
    verdict = check.judgement.verdict.value
    good = Health.GOOD if verdict == "same" else Health.WARNING
    yield Finding("view", good, sentence(facts_of(check)))


def _onvif(settings: Settings) -> Iterator[Finding]:
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


def _board(settings: Settings, seen: _Seen) -> Iterator[Finding]:
    signer = open_device_key(settings.key, Storage(Path(settings.storage.dir)).key)
    if (board := board_of(settings, signer)) is None:
        return
    if seen.running:
        told = "not tried: the running agent holds its line"
    else:
        told = board.try_out(BOARD_PATIENCE_S)
    yield Finding("board", Health.GOOD, f"{settings.board.id}: {told}")


def _sign(settings: Settings, adapters: Adapters) -> Iterator[Finding]:
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


def _clock(settings: Settings, seen: _Seen) -> Iterator[Finding]:
    now = dt.datetime.now(dt.UTC)
    floor_s = 0 if seen.state is None else seen.state.trust.clock_floor_s
    if now.timestamp() < floor_s:
        floor = dt.datetime.fromtimestamp(floor_s, dt.UTC)
        raise SetupError(
            Reason.SETTING,
            f"the clock says {now:%Y-%m-%d %H:%M}, signed orders are from {floor:%Y-%m-%d %H:%M}: "
            "set it (timedatectl set-ntp true)",
        )
    if kernel_synchronised():
        yield Finding("clock", Health.GOOD, f"{now:%Y-%m-%d %H:%M} UTC, synchronised")
    elif settings.clock.assume_synchronised:
        yield Finding("clock", Health.GOOD, f"{now:%Y-%m-%d %H:%M} UTC, vouched for in settings")
    else:
        yield Finding(
            "clock",
            Health.WARNING,
            f"{now:%Y-%m-%d %H:%M} UTC, not synchronised: orders with dates are held to the "
            "clock floor (timedatectl set-ntp true)",
        )


def _certificate(settings: Settings) -> Iterator[Finding]:
    broker = settings.broker
    if not broker.ca_file:
        yield Finding(
            "certificate", Health.WARNING, "no TLS: set ca_file, cert_file and key_file [broker]"
        )
        return
    if not broker.cert_file:
        yield Finding("certificate", Health.WARNING, "the camera shows the broker no certificate")
        return
    own = trial.own_certificate(Path(broker.cert_file), dt.datetime.now(dt.UTC))
    wanted = f"{settings.camera.site}/{settings.camera.id}"
    if own.days_left < 0:
        raise SetupError(Reason.SETTING, f"{broker.cert_file} has expired: issue a new one")
    if own.name != wanted:
        yield Finding(
            "certificate",
            Health.WARNING,
            f"{broker.cert_file} names {own.name!r}, our access rules expect {wanted!r}",
        )
    elif own.days_left < trial.MAX_DAYS_WARN:
        yield Finding(
            "certificate", Health.WARNING, f"{own.name} expires in {own.days_left} days: renew it"
        )
    else:
        yield Finding("certificate", Health.GOOD, f"{own.name}, {own.days_left} days left")


def _broker(settings: Settings, seen: _Seen) -> Iterator[Finding]:
    link = link_settings(settings)
    spoken = trial.reach(link)
    if seen.running:
        told = f"{spoken}; MQTT not tried: the running agent holds the session"
    else:
        told = f"{spoken}, {trial.sign_in(link)}"
    yield Finding("broker", Health.GOOD, f"{link.host}:{link.port}: {told}")
