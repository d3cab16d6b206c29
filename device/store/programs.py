"""Two programs in two folders, and the file that says which is started.

``loader.py`` reads that file before anything else runs, so it is plain JSON.
"""

import json
import os
import sys
from hashlib import sha256

from device.core import update as rules
from device.core.errors import Refusal

BOOT_FILE = "boot.json"
_CHUNK = 1024
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
        self.target = target_of(getattr(sys.implementation, "_mpy", 0))

    @property
    def boot(self):
        kept = self._files.read(BOOT_FILE)
        return json.loads(kept) if kept else dict(rules.FIRST)

    def install(self, stream, check):
        """Lay a bundle into the slot that does not run; what was installed.

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
        boot = self.boot
        update = check(_read(stream, size), boot["counter"])
        folder = self._root + "/" + rules.SLOTS[1 - boot["active"]]
        remove(folder)
        for entry in update["files"]:
            self._lay(stream, folder, entry)
        if stream.read(1):
            raise Refusal("trailing_bytes", "more bytes than the statement names")
        self._files.write(BOOT_FILE, json.dumps(rules.installed(boot, update)).encode())
        return update

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

    def given_up(self):
        """Whether the loader gave a program up since the last call."""
        boot = self.boot
        if not boot.pop("given_up", False):
            return False
        self._files.write(BOOT_FILE, json.dumps(boot).encode())
        return True

    def _lay(self, stream, folder, entry):
        parts = (folder + "/" + entry["path"]).split("/")
        for depth in range(1, len(parts)):
            try:
                os.mkdir("/".join(parts[:depth]))
            except OSError:
                pass  # it is there
        digest, left = sha256(), entry["size"]
        with open("/".join(parts), "wb") as file:
            while left:
                part = _read(stream, min(_CHUNK, left))
                digest.update(part)
                file.write(part)
                left -= len(part)
        if digest.digest() != entry["digest"]:
            raise Refusal("bad_signature", entry["path"] + " is not what was signed")


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
