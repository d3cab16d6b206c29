"""Two slots for the state, in the agent's own format: generation, length, SHA-256."""

from hashlib import sha256

_MAGIC = b"VKSLOT1\n"
_NAMES = ("state-a", "state-b")


class Slots:
    """A value that is always whole, over a storage port."""

    def __init__(self, files):
        self._files = files

    def load(self):
        """The newest value that reads; None where neither does."""
        found = [slot for slot in map(self._read, _NAMES) if slot is not None]
        return max(found)[1] if found else None

    def is_empty(self):
        """Nothing was ever kept here."""
        return all(self._files.size(name) is None for name in _NAMES)

    def save(self, payload):
        """Keep ``payload``; OSError where the old value stays."""
        generations = []
        for name in _NAMES:
            slot = self._read(name)
            generations.append(slot[0] if slot is not None else 0)
        older = 0 if generations[0] <= generations[1] else 1
        body = _MAGIC + (max(generations) + 1).to_bytes(8, "big")
        body += len(payload).to_bytes(4, "big") + payload
        self._files.write(_NAMES[older], body + sha256(body).digest())

    def _read(self, name):
        data = self._files.read(name)
        if data is None or len(data) < 52 or data[:8] != _MAGIC:
            return None
        if sha256(memoryview(data)[:-32]).digest() != data[-32:]:
            return None
        if int.from_bytes(data[16:20], "big") != len(data) - 52:
            return None
        return int.from_bytes(data[8:16], "big"), data[20:-32]
