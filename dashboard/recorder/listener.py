"""Keeps what it hears, and only then says so: acknowledgement, receipt, countersignature."""

from __future__ import annotations

import contextlib
import queue
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from viewkeeper.dashboard.recorder.intake import Intake, Kept, Witnessed
from viewkeeper.dashboard.recorder.metrics import Arrived, Metrics
from viewkeeper.dashboard.recorder.recording import Recording
from viewkeeper.dashboard.recorder.subscription import BrokerAddress, Heard, Subscription
from viewkeeper.dashboard.recorder.tables import DAY_MS
from viewkeeper.dashboard.recorder.witness import Witness
from viewkeeper.protocol import topics
from viewkeeper.protocol.errors import SetupError
from viewkeeper.protocol.receipts import Place, receipts
from viewkeeper.protocol.vocabulary import RecordKind

QUEUE_MESSAGES = 20_000
BATCH_MESSAGES = 500
REPORT_DAYS, OTHER_DAYS = 90, 400
RETRY_S = 5.0
"""A disk that refuses is tried again: what it does not have is not acknowledged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """How long to keep, and how to share the work.

    Attributes:
        name: of this recorder, part of its MQTT client id; empty: a random one, and the
            broker keeps nothing for it while it is down.
        share: name of a group of recorders that share the cameras' messages (MQTT 5 shared
            subscription); empty: this one hears all.
        report_days, other_days: reports are forgotten sooner than everything else.
        retry_s: pause before a database or a broker that refused is asked again.
    """

    name: str = ""
    share: str = ""
    report_days: int = REPORT_DAYS
    other_days: int = OTHER_DAYS
    retry_s: float = RETRY_S


class Recorder:
    """Runs until closed; a lost broker is tried again, a full queue drops and says so."""

    def __init__(
        self,
        intake: Intake,
        recording: Recording,
        address: BrokerAddress,
        now_ms: Callable[[], int],
        *,
        witness: Witness | None = None,
        keeping: Keeping | None = None,
    ) -> None:
        self._intake, self._recording, self._now_ms = intake, recording, now_ms
        self._witness, self._keeping = witness, keeping or Keeping()
        self._metrics = Metrics(intake.register)
        self._heard: queue.Queue[Heard | None] = queue.Queue(QUEUE_MESSAGES)
        self._pruned_day = -1
        self._closing = threading.Event()
        self._subscription = Subscription(
            address,
            name=self._keeping.name,
            share=self._keeping.share,
            retry_s=self._keeping.retry_s,
            hear=self._take,
        )
        self._worker = threading.Thread(target=self._keep_all, name="recorder", daemon=True)
        self._worker.start()

    def health(self) -> Mapping[str, object]:
        """How the recorder itself is doing."""
        metrics = self._metrics
        return {
            "connected": self._subscription.connected,
            "waiting": self._heard.qsize(),
            "heard": metrics.heard,
            "kept": metrics.new,
            "duplicates": metrics.known,
            "refused": metrics.refused.total(),
            "dropped": metrics.dropped,
            "countersigned": metrics.countersigned,
        }

    def metrics(self) -> str:
        """The same and more, as Prometheus reads it.

        Raises:
            SetupError: the recording does not answer.
        """
        return self._metrics.text(
            self._now_ms(),
            waiting=self._heard.qsize(),
            connected=self._subscription.connected,
            faults=self._recording.fault_counts(),
        )

    def close(self) -> None:
        """Stop listening, keep what was heard, close the recording."""
        self._closing.set()
        self._heard.put(None)
        self._worker.join()
        self._subscription.close()
        self._recording.close()

    def _take(self, heard: Heard) -> None:
        self._metrics.heard += 1
        try:
            self._heard.put_nowait(heard)
        except queue.Full:  # only messages of QoS 0 can get here
            self._metrics.dropped += 1

    def _keep_all(self) -> None:
        while True:
            batch = [self._heard.get()]
            with contextlib.suppress(queue.Empty):
                while len(batch) < BATCH_MESSAGES:
                    batch.append(self._heard.get_nowait())
            self._keep([one for one in batch if one is not None])
            if None in batch:
                return

    def _keep(self, batch: list[Heard]) -> None:
        read = self._intake.read_all([(heard.topic, heard.payload) for heard in batch])
        found = [
            Arrived(one, heard.retained)
            for one, heard in zip(read, batch, strict=True)
            if one is not None
        ]
        now = self._now_ms()
        for step in (self._store, self._prune, self._countersign):
            while not self._done(step, found, now):
                if self._closing.wait(self._keeping.retry_s):
                    return
        self._give_receipts(found)
        for heard in batch:
            self._subscription.acknowledge(heard)

    def _give_receipts(self, found: list[Arrived]) -> None:
        """Tell each camera what is on the disk now, reports left out: it does not send those twice.

        What the broker retained came with the subscription; where the camera still holds such a
        record, it sends it again.
        """
        kept: dict[str, list[Place]] = {}
        for one in found:
            seen = one.found
            if not isinstance(seen, Kept) or one.retained:
                continue
            if seen.record.kind is not RecordKind.REPORT:
                header = seen.record.header
                kept.setdefault(seen.camera, []).append((header.boot, header.sequence))
        for camera, places in kept.items():
            site, _, name = camera.partition("/")
            for message in receipts(places):
                self._subscription.publish(topics.Topics(site, name).receipt, message)
                self._metrics.receipts += 1

    def _done(
        self, step: Callable[[list[Arrived], int], None], found: list[Arrived], now_ms: int
    ) -> bool:
        try:
            step(found, now_ms)
        except SetupError as error:
            self._metrics.write_failures += 1
            print(f"recorder: could not keep {len(found)}: {error}", file=sys.stderr, flush=True)
            return False
        return True

    def _store(self, found: list[Arrived], now_ms: int) -> None:
        begun_s = time.perf_counter()
        added = self._recording.add([one.found for one in found], now_ms)
        self._metrics.stored(found, added, time.perf_counter() - begun_s, now_ms)

    def _prune(self, _found: list[Arrived], now_ms: int) -> None:
        if now_ms // DAY_MS == self._pruned_day:
            return
        keeping = self._keeping
        self._recording.prune(
            now_ms, report_days=keeping.report_days, other_days=keeping.other_days
        )
        self._pruned_day = now_ms // DAY_MS

    def _countersign(self, found: list[Arrived], now_ms: int) -> None:
        for one in found:
            seen = one.found
            if self._witness is None or not isinstance(seen, Witnessed):
                continue
            said = self._witness.statement(seen, now_ms)
            if said is not None:
                topic, message = said
                self._subscription.publish(topic, message, retain=True)
                self._metrics.countersigned += 1
