"""Whole-firmware images in an ESP32's two partitions: MicroPython and the device in one piece.

The bundle holds one file, ``firmware.bin``, for the board's own name as target. The bootloader
gives a new image one start: unless it is marked valid in it, the next start is the old one's.
"""

import json
from hashlib import sha256

from device.core.errors import Refusal

STATE_FILE, STAGE_FILE, AT_FILE = "image.json", "image.stage", "image.at"
NAME, BLOCK_BYTES = "firmware.bin", 4096
MARK_BLOCKS = 16  # between two notes of how far it is: a cut costs at most 64 KB
FIRST = {"trying": None, "counter": 0, "version": "", "next": None}


class Images:
    """The partitions of a board, as ``device/store/programs.py`` is its folders.

    Args:
        files: of the storage.
        partition: the class ``esp32.Partition``.
        target: the board's name in a statement.
    """

    def __init__(self, files, partition, target):
        self._files, self._partition, self.target = files, partition, target
        self._entry = self._update = self._other = None
        self._offset = 0

    @property
    def boot(self):
        kept = self._files.read(STATE_FILE)
        return json.loads(kept) if kept else dict(FIRST)

    @property
    def staged(self):
        """The envelope of an image that is being fetched; ``None`` where none is."""
        return self._files.read(STAGE_FILE)

    def begin(self, envelope, check, anew=False):
        """Make ready for an image; what is there of the same one is kept.

        Raises:
            Refusal: what may not be installed, or not here, or not now.
        """
        boot = self.boot
        if boot["trying"] is not None:
            raise Refusal("not_yet_valid", "another image is on trial")
        update = check(envelope, boot["counter"])
        if update["target"] != self.target or [e["path"] for e in update["files"]] != [NAME]:
            raise Refusal("not_supported", "no whole image for this board")
        try:
            other = self._partition(self._partition.RUNNING).get_next_update()
        except OSError:
            raise Refusal("not_supported", "this board has no second partition")
        if update["files"][0]["size"] > other.info()[3]:
            raise Refusal("too_large", "larger than the partition")
        at = self._files.read(AT_FILE) if not anew and self.staged == envelope else None
        if at is None:
            self._files.write(STAGE_FILE, envelope)
            self._mark(0)
        self._offset = int.from_bytes(at, "big") if at else 0
        self._update, self._entry, self._other = update, update["files"][0], other
        return update

    def wanted(self):
        """(offset, length) of the next piece; ``None``: all is there and is what was signed."""
        left = self._entry["size"] - self._offset
        if left > 0:
            return self._offset, min(BLOCK_BYTES, left)
        if self._digest() != self._entry["digest"]:
            self._mark(0)
            self._offset = 0
            raise Refusal("bad_signature", "the image is not what was signed")
        return None

    def take(self, offset, data):
        """A piece that was wanted, and no other."""
        if (offset, len(data)) != (self._offset, min(BLOCK_BYTES, self._entry["size"] - offset)):
            raise Refusal("truncated", "not the piece that was wanted")
        block = bytearray(b"\xff" * BLOCK_BYTES)
        block[: len(data)] = data
        self._other.writeblocks(offset // BLOCK_BYTES, block)  # erases that block first
        self._offset += len(data)
        if self._offset % (MARK_BLOCKS * BLOCK_BYTES) == 0:
            self._mark(self._offset)

    def finish(self):
        """All is there: it is started next. The statement."""
        boot, update = self.boot, self._update
        tried = dict(boot)
        tried["trying"] = self._other.info()[4]
        tried["next"] = [update["counter"], update["version"]]
        self._keep(tried)
        try:
            self._other.set_boot()
        except OSError:
            self._keep(boot)
            self.forget()
            raise Refusal("not_supported", "the bootloader takes no such image")
        self.forget()
        return update

    def forget(self):
        """Fetch no more."""
        self._files.remove(STAGE_FILE)
        self._files.remove(AT_FILE)

    def prove(self):
        """The image that runs has proved itself; its version where that is news."""
        boot = self.boot
        if boot["trying"] is None or boot["trying"] != self._label():
            return None
        self._partition.mark_app_valid_cancel_rollback()
        counter, version = boot["next"]
        self._keep({"trying": None, "counter": counter, "version": version, "next": None})
        return version

    def running(self):
        """The version that runs; ``None`` before the first one was installed."""
        boot = self.boot
        return (boot["next"][1] if self.on_trial else boot["version"]) or None

    @property
    def on_trial(self):
        """Whether the program that runs has yet to prove itself."""
        return self.boot["trying"] is not None and self.boot["trying"] == self._label()

    def given_up(self):
        """Whether the bootloader took an image back since the last call."""
        boot = self.boot
        if boot["trying"] is None or boot["trying"] == self._label():
            return False
        boot["trying"] = boot["next"] = None
        self._keep(boot)
        return True

    def _label(self):
        return self._partition(self._partition.RUNNING).info()[4]

    def _digest(self):
        """Of what really lies there."""
        digest, part = sha256(), bytearray(BLOCK_BYTES)
        for offset in range(0, self._entry["size"], BLOCK_BYTES):
            self._other.readblocks(offset // BLOCK_BYTES, part)
            left = self._entry["size"] - offset
            digest.update(memoryview(part)[: min(left, BLOCK_BYTES)])
        return digest.digest()

    def _mark(self, offset):
        self._files.write(AT_FILE, offset.to_bytes(4, "big"))

    def _keep(self, boot):
        self._files.write(STATE_FILE, json.dumps(boot).encode())
