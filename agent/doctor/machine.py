"""The doctor's look at the machine: libraries, storage, key, clock, certificate, broker."""

from __future__ import annotations

import datetime as dt
import os
import stat
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from viewkeeper.agent.adapters.link import trial
from viewkeeper.agent.adapters.store.lock import FolderLock
from viewkeeper.agent.adapters.system.clock import kernel_synchronised
from viewkeeper.agent.adapters.system.health import LinuxHealthProbe
from viewkeeper.agent.app import Storage, link_settings
from viewkeeper.agent.device_key import open_device_key
from viewkeeper.agent.doctor.findings import Finding, Health, Seen
from viewkeeper.agent.settings import Settings
from viewkeeper.protocol.errors import Reason, SetupError

LEAST_FREE_SHARE = 0.05
LEAST_VERSIONS = {"numpy": (1, 24), "cbor2": (5, 4), "cryptography": (38,), "paho-mqtt": (2, 1)}
"""Debian bookworm's, but for its paho-mqtt, which is too old; pyproject.toml says the same."""


def libraries() -> Iterator[Finding]:
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
        cure = "apt install ./viewkeeper-agent_*.deb or pip install -r requirements.lock"
        yield Finding("libraries", Health.BAD, f"{'; '.join(old)}: {cure} brings what is needed")
    else:
        yield Finding("libraries", Health.GOOD, ", ".join(told))


def storage(settings: Settings, seen: Seen) -> Iterator[Finding]:
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
            f"{100 * free:.1f} % of the card is free, {100 * LEAST_FREE_SHARE:.0f} % are needed: "
            "take off it what is not the camera's, or use a larger one",
        )
    elif not mode & 0o077:
        told = "" if free is None else f", {100 * free:.0f} % free"
        yield Finding("storage", Health.GOOD, f"{folder}{told}")


def key(settings: Settings) -> Iterator[Finding]:
    storage = Storage(Path(settings.storage.dir))
    signer = open_device_key(settings.key, storage.key)
    key = signer.verify_key
    yield Finding("device key", Health.GOOD, f"{key.algorithm.name} {key.kid.hex()}")


def clock(settings: Settings, seen: Seen) -> Iterator[Finding]:
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


def certificate(settings: Settings) -> Iterator[Finding]:
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


def broker(settings: Settings, seen: Seen) -> Iterator[Finding]:
    link = link_settings(settings)
    spoken = trial.reach(link)
    if seen.running:
        told = f"{spoken}; MQTT not tried: the running agent holds the session"
    else:
        told = f"{spoken}, {trial.sign_in(link)}"
    yield Finding("broker", Health.GOOD, f"{link.host}:{link.port}: {told}")
