"""The composition root: the one place that says who talks to whom."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from viewkeeper.agent.access_register import LookFolder
from viewkeeper.agent.adapters.link import (
    DiscoveryForm,
    Introduction,
    Link,
    LinkSettings,
    Lost,
    ReceivedOrder,
    TlsSettings,
)
from viewkeeper.agent.adapters.sources.gravity import Accelerometer, FeltSource
from viewkeeper.agent.adapters.store.flag_file import FlagFile
from viewkeeper.agent.adapters.store.ledger_file import LedgerFile
from viewkeeper.agent.adapters.store.lock import FolderLock
from viewkeeper.agent.adapters.store.slots import SlotStore
from viewkeeper.agent.adapters.store.views import ViewStore
from viewkeeper.agent.adapters.store.witness_file import WitnessStore
from viewkeeper.agent.adapters.system.clock import SystemClock
from viewkeeper.agent.adapters.system.health import LinuxHealthProbe
from viewkeeper.agent.catalogue import Adapters
from viewkeeper.agent.core.device_state import CLOSES_FLAG, closed_flag
from viewkeeper.agent.core.signage.lamp import LampLimits
from viewkeeper.agent.device_key import open_device_key
from viewkeeper.agent.locked_desk import LockedDesk
from viewkeeper.agent.order_desk import OrderDesk
from viewkeeper.agent.ports import Clock, FrameSource
from viewkeeper.agent.runtime import Runtime
from viewkeeper.agent.sealing import Sealer
from viewkeeper.agent.settings import Settings
from viewkeeper.agent.sign_watch import SignWatch
from viewkeeper.agent.zone_watch import DetectionFeed, ZoneWatch
from viewkeeper.protocol.checkpoints import Checkpoint, seal_checkpoint
from viewkeeper.protocol.cose import Signer
from viewkeeper.protocol.errors import SetupError
from viewkeeper.protocol.orders import Command, Order
from viewkeeper.protocol.records import Gap

if TYPE_CHECKING:
    from viewkeeper.agent.board_watch import BoardWatch

log = logging.getLogger("viewkeeper.agent")


@dataclass(frozen=True, slots=True)
class Storage:
    """Where one camera keeps what must last."""

    directory: Path

    @property
    def key(self) -> Path:
        return self.directory / "device.key"

    @property
    def ledger(self) -> Path:
        return self.directory / "ledger"

    @property
    def views(self) -> ViewStore:
        return ViewStore(self.directory / "views")

    @property
    def witness(self) -> WitnessStore:
        return WitnessStore(self.directory / "witness")

    @property
    def looks(self) -> Path:
        """Where whoever lets people look at footage declares it."""
        return self.directory / "looks"

    @property
    def outbox(self) -> Path:
        return self.directory / "outbox.sqlite"

    @property
    def open_flags(self) -> Path:
        return self.directory / "open-flags.json"


def link_settings(settings: Settings) -> LinkSettings:
    """The link's settings from the agent's."""
    broker = settings.broker
    tls = None
    if broker.ca_file:
        tls = TlsSettings(
            ca=Path(broker.ca_file),
            cert=Path(broker.cert_file) if broker.cert_file else None,
            key=Path(broker.key_file) if broker.key_file else None,
        )
    return LinkSettings(
        host=broker.host,
        port=broker.port,
        site=settings.camera.site,
        camera=settings.camera.id,
        username=broker.username or None,
        password_file=Path(broker.password_file) if broker.password_file else None,
        tls=tls,
        keepalive_s=broker.keepalive_s,
        will_delay_s=broker.will_delay_s,
        retry_first_s=broker.reconnect_first_s,
        retry_most_s=broker.reconnect_most_s,
        spread_s=broker.reconnect_spread_s,
        receipt_s=86_400.0 * broker.receipt_days,
        outbox=Storage(Path(settings.storage.dir)).outbox,
        introduction=introduction_of(settings),
    )


def introduction_of(settings: Settings) -> Introduction | None:
    """How the camera introduces itself to Home Assistant, where it is told to."""
    told = settings.homeassistant
    if told.discovery == "off":
        return None
    return Introduction(form=DiscoveryForm(told.discovery), prefix=told.prefix)


def source_of(
    settings: Settings,
    adapters: Adapters,
    feed: DetectionFeed | None = None,
    board: BoardWatch | None = None,
) -> FrameSource:
    """The source that the settings name, with gravity where something feels it."""
    source, felt = adapters.source(settings.source, feed), settings.accelerometer
    if board is not None:
        return FeltSource(source, board)
    if not felt.path:
        return source
    return FeltSource(source, Accelerometer(Path(felt.path), felt.axes))


def board_of(settings: Settings, signer: Signer) -> BoardWatch | None:
    """The board of sensors that the settings name; its line is not started yet."""
    if not settings.board.port:
        return None
    from viewkeeper.agent.board_watch import BoardWatch

    return BoardWatch(settings.board, link_settings(settings), signer)


def run(
    settings: Settings,
    adapters: Adapters,
    stopping: threading.Event,
    turned: Callable[[], None] = lambda: None,
) -> None:
    """Run one camera until ``stopping`` is set or a recorded source ends.

    Args:
        settings, adapters: which camera, and what its settings may name.
        stopping: set from outside to end it.
        turned: called once a turn of the loop, for a watchdog.

    Raises:
        SetupError: anything that is wrong with this machine's files and settings.
    """
    storage = Storage(Path(settings.storage.dir))
    feed = adapters.feed(settings.detections, settings.source)
    with FolderLock(storage.directory):
        signer = open_device_key(settings.key, storage.key)
        board = board_of(settings, signer)
        source = source_of(settings, adapters, feed, board)
        sign = board if settings.signage.driver == "board" else adapters.sign(settings.signage)
        wake = threading.Event()
        clock: Clock = SystemClock(wake, assume_synchronised=settings.clock.assume_synchronised)
        boot = os.urandom(8)

        flags = FlagFile(storage.open_flags)
        views = storage.views
        try:
            views.seal_old()
        except (OSError, SetupError) as error:
            log.error("views of an older version stay unsealed: %s", error)

        def effect(order: Order) -> None:
            wake.set()
            if isinstance(order.body, Command) and order.body.name in CLOSES_FLAG:
                flags.close(closed_flag(order.body))

        desk = LockedDesk(
            OrderDesk(
                SlotStore(storage.directory),
                LedgerFile(storage.ledger),
                views,
                effect=effect,
            ),
            views,
            storage.witness,
            60.0 * settings.view.lesson_minutes if settings.view.learn_references else 0.0,
        )
        looks = LookFolder(storage.looks)
        desk.note_boot(boot, clock.read())
        sealer = Sealer(settings.camera.id, boot, signer, clock)

        def on_order(order: ReceivedOrder) -> None:
            verdict = desk.receive(order, clock.read())
            told = "obeyed" if verdict.accepted else "refused"
            log.info("order %s %s: %s", order.kind.name.lower(), told, verdict.reason)
            link.publish_verdict(order.kind, sealer.seal(verdict)[1], order.reply)
            wake.set()

        def on_gap(lost: Lost) -> bytes | None:
            gap = Gap(
                boot=lost.boot or None,
                first_sequence=lost.first_sequence,
                last_sequence=lost.last_sequence,
                lost=lost.count,
                superseded=lost.superseded or None,
                unconfirmed=lost.unconfirmed or None,
            )
            return sealer.seal(gap)[1]

        def on_state(connected: bool) -> None:
            log.info("broker %s", "connected" if connected else "lost")

        def sealed_checkpoint(checkpoint: Checkpoint) -> bytes:
            return seal_checkpoint(desk.proven(checkpoint), signer)

        def pulse() -> None:
            reading = clock.read()
            for entry in desk.enter_looks(looks, reading):
                link.publish_access(sealer.seal(entry)[1])
            desk.tick(reading)
            turned()

        link = Link(
            link_settings(settings), on_order, on_state, on_gap=on_gap, on_witness=desk.witnessed
        )
        runtime = Runtime(
            site=settings.camera.site,
            device=settings.camera.id,
            source=source,
            sign=SignWatch(
                sign,
                LampLimits(
                    lit_from_ma=settings.signage.lit_from_ma,
                    off_below_ma=settings.signage.off_below_ma,
                    short_above_ma=settings.signage.short_above_ma,
                    lit_from_light=settings.signage.lit_from_light,
                ),
                settings.signage.lamp_duty,
            ),
            zones=ZoneWatch(feed),
            flags=flags,
            boot=boot,
            clock=clock,
            probe=LinuxHealthProbe(storage.directory),
            desk=desk,
            outlet=link,
            sealer=sealer,
            seal_checkpoint=sealed_checkpoint,
            stopping=stopping,
            timeout_s=settings.source.timeout_s,
            pulse=pulse,
            board=board,
        )
        link.start()
        if board is not None:
            board.line.start()
        try:
            runtime.run()
        finally:
            if board is not None:
                board.close()
            link.stop()
            desk.close(clock.read())
