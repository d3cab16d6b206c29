"""Two slots for the state, in the agent's own format: generation, length, SHA-256."""

from hashlib import sha256

_MAGIC = b"VKSLOT1\n"
_NAMES = ("state-a", "state-b")
_HEAD, _HASH, _PART = 20, 32, 256


class Slots:
    """A value that is always whole, over a storage port."""

    def __init__(self, files):
        self._files = files

    def load(self):
        """The newest value that reads; None where neither does."""
        generations = [self._generation(name) for name in _NAMES]
        if not max(generations):
            return None
        name = _NAMES[0 if generations[0] >= generations[1] else 1]
        return self._files.read(name, _HEAD, self._files.size(name) - _HEAD - _HASH)

    def is_empty(self):
        """Nothing was ever kept here."""
        return all(self._files.size(name) is None for name in _NAMES)

    def save(self, payload):
        """Keep ``payload``; OSError where the old value stays."""
        generations = [self._generation(name) for name in _NAMES]
        older = 0 if generations[0] <= generations[1] else 1
        head = _MAGIC + (max(generations) + 1).to_bytes(8, "big")
        head += len(payload).to_bytes(4, "big")
        digest = sha256(head)
        digest.update(payload)
        self._files.write(_NAMES[older], head, payload, digest.digest())

    def _generation(self, name):
        """Of a slot that is whole; 0 where it is not. In small parts: RAM is in pieces."""
        size, at = self._files.size(name) or 0, _HEAD
        head = self._files.read(name, 0, _HEAD) or b""
        if size < _HEAD + _HASH or head[:8] != _MAGIC:
            return 0
        digest = sha256(head)
        while at < size - _HASH:
            part = self._files.read(name, at, min(_PART, size - _HASH - at))
            digest.update(part)
            at += len(part)
        if digest.digest() != self._files.read(name, at, _HASH):
            return 0
        if int.from_bytes(head[16:20], "big") != size - _HEAD - _HASH:
            return 0
        return int.from_bytes(head[8:16], "big")
