"""Open flags on disk, so that a power cut does not stop an operator's reporting clock.

The link's thread closes flags and the loop opens them, hence the lock.
"""

from __future__ import annotations

import json
import logging
import threading
from pathlib import Path

from viewkeeper.agent.core.events.open_flags import OpenFlag, OpenFlags
from viewkeeper.protocol.vocabulary import EventKind

log = logging.getLogger("viewkeeper.agent")


class FlagFile:
    """The open flags and their file; a file that cannot be read counts as none, and says so."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, threading.Lock()
        self._flags = _read(path)

    @property
    def flags(self) -> OpenFlags:
        return self._flags

    def open(self, flag: OpenFlag) -> None:
        """Start a clock."""
        with self._lock:
            self._keep(self._flags.opened(flag))

    def close(self, event_id: bytes) -> None:
        """Stop it.

        Raises:
            SetupError: no such flag waits.
        """
        with self._lock:
            self._keep(self._flags.closed(event_id))

    def _keep(self, flags: OpenFlags) -> None:
        self._flags = flags
        rows = [[f.event_id.hex(), f.kind.value, f.zone, f.started_ms] for f in flags.all]
        beside = self._path.with_suffix(".new")
        try:
            beside.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
            beside.replace(self._path)
        except OSError as error:
            log.error("%s: %s; open flags are kept in memory only", self._path, error.strerror)


def _read(path: Path) -> OpenFlags:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return OpenFlags(
            tuple(
                OpenFlag(bytes.fromhex(name), EventKind(kind), str(zone), int(started_ms))
                for name, kind, zone, started_ms in rows
            )
        )
    except FileNotFoundError:
        return OpenFlags()
    except (OSError, ValueError, TypeError) as error:
        log.error("%s: %s; the ledger still has the flags that were open", path, error)
        return OpenFlags()
