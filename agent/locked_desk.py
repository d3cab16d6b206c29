"""The order desk for two threads: the link's brings orders, the loop's asks what holds."""

from __future__ import annotations

import logging
import threading

from viewkeeper.agent.access_register import LookFolder
from viewkeeper.agent.adapters.link import ReceivedOrder
from viewkeeper.agent.adapters.store.views import ViewStore
from viewkeeper.agent.adapters.store.witness_file import WitnessStore
from viewkeeper.agent.checking import load_view
from viewkeeper.agent.core.ledger.entries import EntryKind
from viewkeeper.agent.core.trust.clock import Now
from viewkeeper.agent.core.view.learned import Learned
from viewkeeper.agent.core.view.reference_set import ReferenceSet
from viewkeeper.agent.core.view.registered import RegisteredView
from viewkeeper.agent.learned_references import LearnedReferences
from viewkeeper.agent.loop_ports import Standing
from viewkeeper.agent.order_desk import OrderDesk
from viewkeeper.agent.ports import ClockReading
from viewkeeper.agent.witnessing import Witnessing
from viewkeeper.protocol import cbor
from viewkeeper.protocol.access import AccessEntry
from viewkeeper.protocol.checkpoints import Checkpoint
from viewkeeper.protocol.errors import SetupError
from viewkeeper.protocol.records import VerdictRecord
from viewkeeper.protocol.vocabulary import ClockTrust

log = logging.getLogger("viewkeeper.agent")


def now_of(reading: ClockReading) -> Now:
    """The clock as the trust room wants it."""
    return Now(int(reading.utc_s), reading.trust is ClockTrust.SYNCHRONISED)


class LockedDesk:
    """One lock around desk, views and countersignatures.

    Args:
        desk: state, configuration and ledger.
        views: registered and learned ones.
        witness: countersignatures.
        lesson_s: how long it takes to learn a reference at least; 0: none is learned.
    """

    def __init__(
        self, desk: OrderDesk, views: ViewStore, witness: WitnessStore, lesson_s: float = 0.0
    ) -> None:
        self._desk, self._views, self._lesson_s = desk, views, lesson_s
        self._witnessing = Witnessing(
            desk.device, desk.ledger, witness, lambda: desk.state.trust.keyset
        )
        self._lock = threading.Lock()

    def receive(self, order: ReceivedOrder, reading: ClockReading) -> VerdictRecord:
        """Decide an order."""
        with self._lock:
            return self._desk.receive(
                order.payload, order.kind, retained=order.retained, now=now_of(reading)
            )

    def standing(self) -> Standing:
        with self._lock:
            desk, last = self._desk, self._desk.last_refusal
            state = desk.state
            return Standing(
                config=desk.config,
                config_sequence=state.config_sequence,
                config_hash=state.config_hash,
                lifecycle=desk.lifecycle,
                refusals=desk.refusals,
                last_refusal=None if last is None else last.value,
                ledger_size=desk.ledger.size,
                ledger_root=desk.ledger.root,
                ledger_fault=desk.store_fault or self._witnessing.fault,
                filing_due_on=state.filing_due_on,
            )

    def view(self, digest: bytes) -> RegisteredView | None:
        try:
            return load_view(self._views.load(digest), f"registered view {digest.hex()[:16]}")
        except SetupError as error:
            log.error("%s", error.hint)
            return None

    def references(self, accepted: RegisteredView, at: ClockReading) -> ReferenceSet | None:
        """The accepted view with what was learned beside it."""
        with self._lock:
            return self._learned(at).begin(accepted)

    def keep_learned(
        self, made: Learned, references: ReferenceSet, at: ClockReading
    ) -> ReferenceSet:
        """Enter and keep what was just learned."""
        with self._lock:
            return self._learned(at).keep(made, references)

    def _learned(self, at: ClockReading) -> LearnedReferences:
        def note(kind: EntryKind, details: dict[str, cbor.Value]) -> bool:
            return self._desk.note(kind, details, now_of(at)) is not None

        return LearnedReferences(self._views, self._desk.ledger, note, self._lesson_s)

    def note_alarm(self, kind: str, detail: str, at: ClockReading) -> None:
        with self._lock:
            self._desk.note(EntryKind.ALARM, {"alarm": kind, "detail": detail}, now_of(at))

    def note_boot(self, boot: bytes, at: ClockReading) -> None:
        with self._lock:
            self._desk.note(EntryKind.BOOT, {"boot": boot}, now_of(at))

    def enter_looks(self, folder: LookFolder, reading: ClockReading) -> list[AccessEntry]:
        """Grants obeyed and looks declared since the last call, entered in the ledger."""
        with self._lock:
            entered = self._desk.looks.take_granted()
            for name, look in folder.waiting():
                if look is None:
                    log.warning("a declared look that does not read was put aside: %s", name)
                    folder.drop(name)
                    continue
                entry = self._desk.looks.enter(name, look, now_of(reading))
                if entry is None:
                    break  # the disk is full: it stays declared, and is tried again
                log.info("look %s by %s: %s", entry.act, ", ".join(entry.persons), entry.cover)
                folder.entered(name, entry)
                entered.append(entry)
            return entered

    def witnessed(self, message: bytes) -> None:
        """Take a countersignature."""
        with self._lock:
            said = self._witnessing.receive(message)
            if said is None:
                log.warning("a countersignature is not believed: %s", self._witnessing.refused)
            elif self._witnessing.fault is not None:
                log.error("%s", self._witnessing.fault)

    def proven(self, checkpoint: Checkpoint) -> Checkpoint:
        """The checkpoint with the proof that it continues what was countersigned."""
        with self._lock:
            return self._witnessing.proven(checkpoint)

    def tick(self, reading: ClockReading) -> None:
        with self._lock:
            self._desk.tick(now_of(reading))

    def close(self, reading: ClockReading) -> None:
        with self._lock:
            self._desk.close(now_of(reading))
