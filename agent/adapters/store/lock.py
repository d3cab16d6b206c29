"""One process a storage folder: two agents on one ledger would fork it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from viewkeeper.protocol.errors import Reason, SetupError


class FolderLock:
    """Holds ``directory`` for this process until closed or the process ends.

    Raises:
        SetupError: another process holds it, or the folder cannot be made.
    """

    def __init__(self, directory: Path) -> None:
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._descriptor = os.open(
                directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
        except OSError as error:
            raise SetupError(
                Reason.SETTING, f"{directory} cannot be used: {error.strerror}"
            ) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._descriptor)
            raise SetupError(
                Reason.SETTING, f"{directory} is in use by a running agent: stop it first"
            ) from None

    def close(self) -> None:
        os.close(self._descriptor)

    def __enter__(self) -> FolderLock:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
