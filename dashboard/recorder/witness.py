"""The recorder as a witness: it countersigns what continues the ledger it knows, and only that.

Its memory is the recording. A camera whose card was put back from an old copy, or that shows
two ledgers, gets no countersignature and stands as ``ledger_forked``.
"""

from __future__ import annotations

from viewkeeper.dashboard.recorder.intake import Witnessed
from viewkeeper.dashboard.recorder.recording import Recording
from viewkeeper.dashboard.recorder.tables import Fault, Said
from viewkeeper.protocol import cose
from viewkeeper.protocol.topics import Topics
from viewkeeper.protocol.witnessing import countersign, follows


class Witness:
    """Decides what to countersign.

    Args:
        signer: the recorder's key; the keyset gives it the role ``witness``.
        recording: remembers the size and root countersigned last, for each camera.
    """

    def __init__(self, signer: cose.Signer, recording: Recording) -> None:
        self._signer, self._recording = signer, recording

    def statement(self, seen: Witnessed, now_ms: int) -> tuple[str, bytes] | None:
        """Topic and payload of a countersignature; ``None`` where there is none to give.

        Seen again, the same is said again in the same bytes: the broker may have lost it.
        """
        checkpoint = seen.checkpoint
        site, _, camera = seen.camera.partition("/")
        topic = Topics(site, camera).witness
        known = self._recording.countersigned(seen.camera)
        proven = False
        if known is not None:
            if (checkpoint.size, checkpoint.root) == (known.size, known.root):
                return topic, known.message
            if checkpoint.size < known.size:
                return None  # an old message again, or a ledger that shrank: the recording judges
            continues = follows(checkpoint, known.size, known.root)
            if continues is False:
                detail = f"{checkpoint.size} entries do not continue {known.size}"
                self._recording.note_fault(seen.camera, Fault.LEDGER_FORKED, detail, now_ms)
                return None
            proven = continues is True
        message = countersign(checkpoint, self._signer, seen_ms=now_ms, proven=proven)
        said = Said(seen.camera, checkpoint.size, checkpoint.root, message)
        after = None if known is None else known.size
        if not self._recording.note_countersigned(said, now_ms, after=after):
            return None  # another recorder was first; it judges by what the camera shows next
        return topic, message
