"""Two programs in two folders, and the file that says which is started.

``loader.py`` reads that file before anything else runs, so it is plain JSON.
"""

import json
import os
import sys
from hashlib import sha256

from device.core import update as rules
from device.core.errors import Refusal

BOOT_FILE, STAGE_FILE = "boot.json", "update.stage"
PIECE_BYTES = 4096
_ARCHES = " x86 x64 armv6 armv6m armv7m armv7em armv7emsp armv7emdp xtensa xtensawin rv32imc".split(
    " "
)


def target_of(mpy):
    """The machine code of a port, from ``sys.implementation._mpy``."""
    number = mpy >> 10
    return (_ARCHES[number] if number < len(_ARCHES) else "") or "plain"


class Programs:
    """The slots of a device.

    Args:
        files: of the storage, for the boot state.
        root: folder that holds the two slots.
    """

    def __init__(self, files, root):
        self._files, self._root = files, root.rstrip("/")
        self._update = self._folder = None
        self._index = self._start = 0
        self.target = target_of(getattr(sys.implementation, "_mpy", 0))

    @property
    def boot(self):
        kept = self._files.read(BOOT_FILE)
        return json.loads(kept) if kept else dict(rules.FIRST)

    @property
    def staged(self):
        """The envelope of a program that is being fetched; ``None`` where none is."""
        return self._files.read(STAGE_FILE)

    def begin(self, envelope, check, anew=False):
        """Make ready for a program's files; those of the same one that are there are kept.

        Raises:
            Refusal: what may not be installed, or not now: another one is on trial.
        """
        boot = self.boot
        if boot["trying"] is not None:
            raise Refusal("not_yet_valid", "another program is on trial")
        update = check(envelope, boot["counter"])
        self._folder = self._root + "/" + rules.SLOTS[1 - boot["active"]]
        if anew or self.staged != envelope:
            self._files.remove(STAGE_FILE)
            remove(self._folder)
            self._files.write(STAGE_FILE, envelope)
        self._update, self._index, self._start = update, 0, 0
        return update

    def wanted(self):
        """(offset among all files, length) of the next piece; ``None``: all is there."""
        for entry in self._update["files"][self._index :]:
            path = self._folder + "/" + entry["path"]
            have = _size(path)
            if have is None or have > entry["size"]:
                _make_empty(path)
                have = 0
            if have < entry["size"]:
                return self._start + have, min(PIECE_BYTES, entry["size"] - have)
            self._check(path, entry)
            self._index, self._start = self._index + 1, self._start + entry["size"]
        return None

    def take(self, offset, data):
        """A piece that was wanted, and no other."""
        if self.wanted() != (offset, len(data)):
            raise Refusal("truncated", "not the piece that was wanted")
        with open(self._folder + "/" + self._update["files"][self._index]["path"], "ab") as file:
            file.write(data)

    def finish(self):
        """All is there: it is tried at the next start. The statement."""
        boot = rules.installed(self.boot, self._update)
        self._files.write(BOOT_FILE, json.dumps(boot).encode())
        self._files.remove(STAGE_FILE)
        return self._update

    def forget(self):
        """Fetch no more."""
        self._files.remove(STAGE_FILE)

    def _check(self, path, entry):
        digest = sha256()
        with open(path, "rb") as file:
            part = file.read(512)
            while part:
                digest.update(part)
                part = file.read(512)
        if digest.digest() != entry["digest"]:
            os.remove(path)
            raise Refusal("bad_signature", entry["path"] + " is not what was signed")

    def prove(self):
        """The program that runs has proved itself; its version where that is news."""
        boot = self.boot
        if boot["trying"] is None:
            return None
        after = rules.proved(boot)
        self._files.write(BOOT_FILE, json.dumps(after).encode())
        return after["version"]

    def running(self):
        """The version that runs; ``None`` before the first one was installed."""
        boot = self.boot
        return (boot["next"][1] if boot["trying"] is not None else boot["version"]) or None

    @property
    def on_trial(self):
        """Whether the program that runs has yet to prove itself."""
        return self.boot["trying"] is not None

    def given_up(self):
        """Whether the loader gave a program up since the last call."""
        boot = self.boot
        if not boot.pop("given_up", False):
            return False
        self._files.write(BOOT_FILE, json.dumps(boot).encode())
        return True


def _size(path):
    try:
        return os.stat(path)[6]
    except OSError:
        return None


def _make_empty(path):
    """An empty file, and the folders it lies in."""
    parts = path.split("/")
    for depth in range(1, len(parts)):
        try:
            os.mkdir("/".join(parts[:depth]))
        except OSError:
            pass  # it is there
    with open(path, "wb"):
        pass


def install(programs, stream, check):
    """Take a bundle from a stream at once; what was installed. ``programs``: or images.

    Args:
        stream: of the bundle's bytes.
        check: takes the signed envelope and the counter so far; the statement or a Refusal.

    Raises:
        Refusal: what may not be installed, or is not whole. The running program stays.
    """
    if _read(stream, 4) != rules.MAGIC:
        raise Refusal("not_cose", "this is no bundle")
    size = int.from_bytes(_read(stream, 4), "big")
    if size > rules.MAX_ENVELOPE_BYTES:
        raise Refusal("too_large", "more bytes than are read")
    try:
        programs.begin(_read(stream, size), check, anew=True)
        wanted = programs.wanted()
        while wanted is not None:
            programs.take(wanted[0], _read(stream, wanted[1]))
            wanted = programs.wanted()
        if stream.read(1):
            raise Refusal("trailing_bytes", "more bytes than the statement names")
    except Refusal:
        programs.forget()
        raise
    return programs.finish()


def remove(path):
    """A file or a folder and all in it, where there is one."""
    try:
        for entry in list(os.ilistdir(path)):
            remove(path + "/" + entry[0])
        os.rmdir(path)
    except OSError:
        try:
            os.remove(path)
        except OSError:
            pass  # there was none


def _read(stream, count):
    data = stream.read(count)
    if len(data) < count:
        raise Refusal("truncated", "the bundle ends early")
    return data
