"""A folder of small files, whole or not at all: on LittleFS, or the unix port's disk."""

import os
from hashlib import sha256


class Files:
    """The storage port of ``device/core``.

    On LittleFS a closed file is there whole after a power cut; elsewhere a file written by
    ``append`` may end torn, which its reader must bear.
    """

    def __init__(self, folder):
        self._folder = folder.rstrip("/")

    def _path(self, name):
        return self._folder + "/" + name

    def size(self, name):
        """Bytes of a file; None where there is none."""
        try:
            return os.stat(self._path(name))[6]
        except OSError:
            return None

    def read(self, name, start=0, length=-1):
        """A file's bytes, or a part of them; None where there is none."""
        try:
            with open(self._path(name), "rb") as file:
                if start:
                    file.seek(start)
                if length < 0:
                    # Room for just that: reading to the end would take twice as much, in steps.
                    length = os.stat(self._path(name))[6] - start
                return file.read(length)
        except OSError:
            return None

    def write(self, name, *parts):
        """The new content or, after a power cut, the old."""
        fresh = self._path(name) + ".new"
        with open(fresh, "wb") as file:
            for part in parts:
                file.write(part)
            file.flush()
        os.rename(fresh, self._path(name))

    def append(self, name, *parts):
        """On return the storage has it."""
        with open(self._path(name), "ab") as file:
            for part in parts:
                file.write(part)
            file.flush()

    def cut(self, name, length):
        """Keep the first ``length`` bytes of a file."""
        fresh, left = self._path(name) + ".new", length
        with open(self._path(name), "rb") as old, open(fresh, "wb") as file:
            while left:
                part = old.read(min(left, 256))
                file.write(part)
                left -= len(part)
            file.flush()
        os.rename(fresh, self._path(name))

    def rename(self, old, new):
        """A file goes by another name; nothing had that name."""
        os.rename(self._path(old), self._path(new))

    def digest(self, name):
        """SHA-256 of a file, read in small pieces."""
        found, part = sha256(), bytearray(512)
        with open(self._path(name), "rb") as file:
            count = file.readinto(part)
            while count:
                found.update(memoryview(part)[:count])
                count = file.readinto(part)
        return found.digest()

    def remove(self, name):
        """A file goes, where there is one."""
        try:
            os.remove(self._path(name))
        except OSError:
            pass  # there was none

    def names(self, ending):
        """Names that end so."""
        return [entry[0] for entry in os.ilistdir(self._folder) if entry[0].endswith(ending)]

    def free_permille(self):
        """How much of the storage is free."""
        told = os.statvfs(self._folder)
        return 1000 * told[3] // told[2] if told[2] else 0
