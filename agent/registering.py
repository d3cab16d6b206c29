"""Set-up on the camera: its key, its enrolment, its registered view."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from viewkeeper.agent.adapters.store.ledger_file import LedgerFile
from viewkeeper.agent.adapters.store.lock import FolderLock
from viewkeeper.agent.adapters.store.slots import SlotStore
from viewkeeper.agent.adapters.system.clock import SystemClock
from viewkeeper.agent.app import Storage
from viewkeeper.agent.catalogue import Adapters
from viewkeeper.agent.checking import registered
from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.ledger.entries import EntryKind
from viewkeeper.agent.core.view.geometry import Lens
from viewkeeper.agent.core.view.registered import RegisteredView
from viewkeeper.agent.device_key import open_device_key
from viewkeeper.agent.enrolling import enrol as enrol_in
from viewkeeper.agent.inspection import export_bundle
from viewkeeper.agent.locked_desk import now_of
from viewkeeper.agent.ports import SourceEndedError, SourceError
from viewkeeper.agent.recovery import recover
from viewkeeper.agent.settings import Settings
from viewkeeper.protocol.cose import VerifyKey
from viewkeeper.protocol.enrolment import Enrolment
from viewkeeper.protocol.errors import Reason, RefusalError, SetupError


def device_key(settings: Settings) -> VerifyKey:
    """The public half of this camera's key, which is made at the first call."""
    storage = Storage(Path(settings.storage.dir))
    storage.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return open_device_key(settings.key, storage.key, create=True).verify_key


def enrol(settings: Settings, bundle_path: Path) -> Enrolment:
    """Take the signing desk's enrolment bundle.

    Raises:
        SetupError: unreadable, another camera's, or this camera is enrolled already.
    """
    try:
        bundle = bundle_path.read_bytes()
    except OSError as error:
        raise SetupError(Reason.FILE_MISSING, f"{bundle_path}: {error.strerror}") from None
    try:
        enrolment = Enrolment.decode(bundle)
    except RefusalError as error:
        raise SetupError(
            error.reason, f"{bundle_path} is not an enrolment bundle: {error.hint}"
        ) from None
    camera = settings.camera
    if (enrolment.site, enrolment.device) != (camera.site, camera.id):
        raise SetupError(
            Reason.SETTING,
            f"{bundle_path} is for {enrolment.site}/{enrolment.device}, "
            f"this is {camera.site}/{camera.id}",
        )
    storage = Storage(Path(settings.storage.dir))
    with FolderLock(storage.directory):
        enrol_in(storage.directory, bundle, open_device_key(settings.key, storage.key))
    return enrolment


@dataclass(frozen=True, slots=True)
class Registration:
    """A view registered on this camera, and the frame to draw it on."""

    view: RegisteredView
    first: Frame
    frames: int


def register_view(
    settings: Settings,
    adapters: Adapters,
    *,
    frames: int,
    interval_s: float,
    progress: Callable[[int, int], None],
) -> Registration:
    """Take frames, make the registered view, keep it and enter it in the ledger.

    Raises:
        SetupError: no frames, frames that do not serve, or a camera not enrolled.
    """
    storage = Storage(Path(settings.storage.dir))
    with FolderLock(storage.directory):
        if not storage.ledger.exists():
            raise SetupError(
                Reason.SETTING,
                "this camera is not enrolled yet: viewkeeper-agent enrol --bundle FILE",
            )
        camera = settings.camera
        if not camera.hfov_deg:
            raise SetupError(
                Reason.SETTING,
                "[camera] hfov_deg is not set: take it from the camera's data sheet, or measure "
                "it: viewkeeper-agent measure-fov --config FILE",
            )
        taken = take_frames(settings, adapters, frames, interval_s, progress)
        lens = Lens(camera.hfov_deg, camera.k1, camera.k2)
        view = registered(taken, lens, "registration")
        digest = storage.views.add(view.to_bytes())
        ledger = LedgerFile(storage.ledger)
        try:
            recover(SlotStore(storage.directory), ledger)
            ledger.append(
                EntryKind.VIEW_REGISTERED,
                {"view": digest, "frames": len(taken)},
                utc_ms=int(time.time() * 1000),
            )
        finally:
            ledger.close()
    return Registration(view, taken[0], len(taken))


def export(settings: Settings, target: Path) -> int:
    """Write an inspection bundle of this camera's ledger; how many entries are in it.

    Raises:
        SetupError: not enrolled, the agent is running, or the file cannot be written.
    """
    storage = Storage(Path(settings.storage.dir))
    with FolderLock(storage.directory):
        if not storage.ledger.exists():
            raise SetupError(Reason.SETTING, "this camera is not enrolled yet: nothing to export")
        clock = SystemClock(
            threading.Event(), assume_synchronised=settings.clock.assume_synchronised
        )
        ledger = LedgerFile(storage.ledger)
        try:
            export_bundle(
                target,
                ledger,
                device=settings.camera.id,
                signer=open_device_key(settings.key, storage.key),
                now=now_of(clock.read()),
                witness=storage.witness.all(),
            )
            return ledger.size
        finally:
            ledger.close()


def take_frames(
    settings: Settings,
    adapters: Adapters,
    frames: int,
    interval_s: float,
    progress: Callable[[int, int], None],
) -> list[Frame]:
    """Up to so many frames from the settings' camera, ``interval_s`` apart.

    Raises:
        SourceError: it gives none.
    """
    source = adapters.source(settings.source)
    taken: list[Frame] = []
    source.open()
    try:
        while len(taken) < frames:
            if taken:
                time.sleep(interval_s)
            try:
                taken.append(source.read(settings.source.timeout_s))
            except SourceEndedError:
                break
            progress(len(taken), frames)
    finally:
        source.close()
    if not taken:
        raise SourceError(Reason.SOURCE_LOST, f"{source.name} gave no frame")
    return taken
