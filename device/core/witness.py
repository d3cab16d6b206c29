"""What the recorder remembers of this ledger, held against the ledger itself.

As ``agent/witnessing.py``: a flash put back from an old copy has a shorter or another ledger than
the one the recorder countersigned. The last countersignature is kept, as it came.
"""

from device.core import cbor, cose, fields
from device.core.errors import Refusal

NAME = "witness"
MAX_BYTES = 1024


class Witnessing:
    """Takes countersignatures and says where one contradicts this ledger.

    Args:
        keyset: gives the keyset in force.

    Attributes:
        size: of the ledger that was countersigned last; 0 before the first.
        fault: how a countersignature contradicts the ledger here; stands until a restart.
    """

    def __init__(self, device, ledger, files, keyset):
        self._device, self._ledger, self._files, self._keyset = device, ledger, files, keyset
        self.size, self.fault = 0, None
        kept = files.read(NAME)
        if kept is not None:
            self._take(kept)

    def receive(self, message):
        """Take what came on the topic ``witness``; what is not to be believed is left alone.

        Raises:
            OSError: it could not be kept.
        """
        before = self.size
        if self._take(message) and self.fault is None and self.size != before:
            self._files.write(NAME, message)

    def _take(self, message):
        # Only where somebody countersigns: elsewhere they would lie in RAM for nothing.
        from device.core.proof import root_at
        from device.core.witness_schema import COUNTERSIGNATURE

        keys = {
            cose.kid_of(entry["algorithm"], entry["raw"]): (entry["algorithm"], entry["raw"])
            for entry in self._keyset()["keys"]
            if "witness" in entry["roles"]
        }
        try:
            payload = cose.open_sign1(message, keys, cose.WITNESS, MAX_BYTES)[0]
            said = fields.parse(COUNTERSIGNATURE, cbor.decode(payload, MAX_BYTES))
        except Refusal:
            return False
        if said["device"] != self._device:
            return False
        size, here = said["size"], self._ledger.size
        if size > here:
            self.fault = "a witness countersigned %d entries, here are %d: an old copy?" % (
                size,
                here,
            )
        else:
            root = root_at(self._ledger, self._files, size)
            if root is not None and root != said["root"]:
                self.fault = "a witness countersigned another ledger of %d entries" % size
            elif size >= self.size:
                self.size = size
        return True
