"""What the recorder remembers of this ledger, held against the ledger itself.

A card put back from an old copy has a shorter or another ledger than the one the recorder
countersigned: nothing on the card can show that, the countersignature can.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from viewkeeper.agent.adapters.store.ledger_file import LedgerFile
from viewkeeper.agent.adapters.store.witness_file import WitnessStore
from viewkeeper.agent.core.trust.keysets import keys_of
from viewkeeper.protocol import cose
from viewkeeper.protocol.checkpoints import Checkpoint
from viewkeeper.protocol.errors import Reason, RefusalError
from viewkeeper.protocol.orders import Keyset
from viewkeeper.protocol.vocabulary import Role
from viewkeeper.protocol.witnessing import Countersignature, read_countersignature


class Witnessing:
    """Keeps countersignatures and says where they contradict this ledger.

    Args:
        device: this camera's id.
        ledger: its ledger.
        store: where countersignatures are kept.
        keyset: gives the keyset in force.
    """

    def __init__(
        self, device: str, ledger: LedgerFile, store: WitnessStore, keyset: Callable[[], Keyset]
    ) -> None:
        self._device, self._ledger, self._store, self._keyset = device, ledger, store, keyset
        self.fault: str | None = None
        """How a countersignature contradicts the ledger here; stands until a restart."""
        self.refused: Reason | None = None
        """Why the last message that claimed to be one was not believed."""
        self.last: Countersignature | None = None
        for message in store.all():
            self._take(message)

    def receive(self, message: bytes) -> Countersignature | None:
        """Take a countersignature from the wire; ``None`` where it is none to be believed.

        Raises:
            OSError: it could not be kept.
        """
        said = self._take(message)
        if said is not None and self.fault is None:
            self._store.add(said.size, message)
        return said

    def proven(self, checkpoint: Checkpoint) -> Checkpoint:
        """The checkpoint with the proof that it continues what was countersigned last."""
        last = self.last
        if last is None or not 0 < last.size < checkpoint.size:
            return checkpoint
        tail = self._ledger.tail
        if tail.size != checkpoint.size:
            return checkpoint
        proof = tail.consistency_proof(last.size)
        if proof is None:  # from before the oldest file that is still here
            return checkpoint
        return dataclasses.replace(checkpoint, since=last.size, proof=tuple(proof))

    def _take(self, message: bytes) -> Countersignature | None:
        lookup = cose.lookup_in(keys_of(self._keyset(), Role.WITNESS))
        try:
            said = read_countersignature(message, lookup)
        except RefusalError as error:
            self.refused = error.reason
            return None
        if said.device != self._device:
            self.refused = Reason.OTHER_DEVICE
            return None
        if said.size > self._ledger.size:
            self.fault = (
                f"a witness countersigned {said.size} entries, the ledger here has "
                f"{self._ledger.size}: an old card?"
            )
            return said
        root = self._ledger.tail.root_at(said.size)
        if root is not None and root != said.root:
            self.fault = f"a witness countersigned another ledger of {said.size} entries"
            return said
        if self.last is None or said.size >= self.last.size:
            self.last = said
        return said
