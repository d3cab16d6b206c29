"""A disk whose power can be cut, or that can be full, at any of its operations."""

from __future__ import annotations

import errno
from pathlib import Path

from viewkeeper.agent.adapters.store.disk import Disk


class PowerCutError(BaseException):
    """The lights are out. Not an Exception: nothing may catch it and go on."""


class FailingDisk(Disk):
    """Counts operations and fails at one of them.

    Args:
        fail_at: which operation, from 0; ``None`` for never.
        share: how much of a failing write still reaches the disk, 0..1.
        full: raise ENOSPC instead of cutting the power.
        lasting: with ``full``, every later operation fails, too.
        after: do the failing operation, then cut.
    """

    def __init__(
        self,
        fail_at: int | None = None,
        *,
        share: float = 0.0,
        full: bool = False,
        lasting: bool = True,
        after: bool = False,
    ) -> None:
        self.fail_at, self.share, self.full, self.after = fail_at, share, full, after
        self.lasting = lasting
        self.count = 0

    def _due(self) -> bool:
        due = self.fail_at is not None and (
            self.count == self.fail_at
            or (self.full and self.lasting and self.count >= self.fail_at)
        )
        self.count += 1
        return due

    def _fail(self) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        raise PowerCutError

    def _guard(self, act) -> None:
        if not self._due():
            act()
            return
        if self.after:
            act()
        self._fail()

    def open_append(self, path: Path) -> int:
        if self._due():
            self._fail()
        return super().open_append(path)

    def open_new(self, path: Path) -> int:
        if self._due():
            self._fail()
        return super().open_new(path)

    def write(self, descriptor: int, data: bytes) -> None:
        if not self._due():
            super().write(descriptor, data)
            return
        super().write(descriptor, data[: round(len(data) * self.share)])
        self._fail()

    def sync(self, descriptor: int) -> None:
        self._guard(lambda: super(FailingDisk, self).sync(descriptor))

    def sync_data(self, descriptor: int) -> None:
        self._guard(lambda: super(FailingDisk, self).sync_data(descriptor))

    def truncate(self, descriptor: int, length: int) -> None:
        self._guard(lambda: super(FailingDisk, self).truncate(descriptor, length))

    def rename(self, source: Path, target: Path) -> None:
        self._guard(lambda: super(FailingDisk, self).rename(source, target))

    def remove(self, path: Path) -> None:
        self._guard(lambda: super(FailingDisk, self).remove(path))

    def sync_directory(self, path: Path) -> None:
        self._guard(lambda: super(FailingDisk, self).sync_directory(path))
