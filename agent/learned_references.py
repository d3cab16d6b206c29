"""Learned references between ledger, disk and loop: written down first, kept second, used third.

One that the ledger does not name is not used, whoever laid it there; a new accepted view deletes
all that were learned beside the old one.
"""

from __future__ import annotations

import hashlib
import itertools
import logging
from collections.abc import Callable
from pathlib import Path

from viewkeeper.agent.adapters.store.ledger_file import LedgerFile
from viewkeeper.agent.adapters.store.views import ViewStore
from viewkeeper.agent.core.ledger.entries import Entry, EntryKind
from viewkeeper.agent.core.ledger.frames import peek, scan
from viewkeeper.agent.core.view.learned import Learned
from viewkeeper.agent.core.view.reference_set import MOST_LEARNED, ReferenceSet
from viewkeeper.agent.core.view.registered import RegisteredView, RegistrationError
from viewkeeper.protocol import cbor
from viewkeeper.protocol.errors import SetupError

log = logging.getLogger("viewkeeper.agent")

Note = Callable[[EntryKind, dict[str, cbor.Value]], bool]
"""Enters a line in the ledger; false where the disk would not take it."""


class LearnedReferences:
    """What this camera has learned beside its accepted view.

    Args:
        views: the disk.
        ledger: to be read; ``note`` writes.
        note: enters a line.
        lesson_s: how long a lesson lasts at least; 0: nothing is learned and nothing learned is
            used.
    """

    def __init__(self, views: ViewStore, ledger: LedgerFile, note: Note, lesson_s: float) -> None:
        self._views, self._ledger, self._note = views, ledger, note
        self._lesson_s = lesson_s

    def begin(self, accepted: RegisteredView) -> ReferenceSet | None:
        """The set to work with under an accepted view; ``None`` where nothing is to be learned."""
        if self._lesson_s <= 0:
            return None
        stored = self._views.learned()
        # The ledger may be months long: read it only where something asks for it.
        entered = entered_references(self._ledger) if stored else {}
        kept: list[Learned] = []
        for digest, data in stored.items():
            one = _read(digest, data)
            if one is None:
                self._forget(digest, "damaged")
            elif one.accepted != accepted.digest:
                self._forget(digest, "new_view")
            elif digest not in entered:
                self._forget(digest, "not_in_ledger")
            else:
                kept.append(one)
        kept.sort(key=lambda one: one.at_s)
        for one in kept[:-MOST_LEARNED]:
            self._forget(one.digest, "made_room")
        if kept:
            log.info("%d learned references beside the registered view", len(kept[-MOST_LEARNED:]))
        return ReferenceSet(accepted, tuple(kept[-MOST_LEARNED:]), lesson_s=self._lesson_s)

    def keep(self, made: Learned, references: ReferenceSet) -> ReferenceSet:
        """Enter and keep what was learned; the set without it where the disk would not.

        Args:
            made: just learned.
            references: the set that holds it already, and no longer what it displaced.
        """
        offset = made.offset
        details: dict[str, cbor.Value] = {
            "learned": made.digest,
            "accepted": made.accepted,
            "pan_mdeg": round(offset.pan_deg * 1000),
            "tilt_mdeg": round(offset.tilt_deg * 1000),
            "roll_mdeg": round(offset.roll_deg * 1000),
            "zoom_ppm": round(offset.zoom * 1e6),
        }
        if not self._note(EntryKind.VIEW_LEARNED, details):
            return references.without(made)
        try:
            self._views.keep_learned(made.to_bytes())
        except (OSError, SetupError) as error:
            log.error("a learned reference could not be kept: %s", error)
            self._forget(made.digest, "not_kept")
            return references.without(made)
        log.info("learned how the registered view looks in this light: %s", made.digest.hex()[:16])
        held = {one.digest for one in references.learned}
        for digest in self._views.learned():
            if digest not in held:
                self._forget(digest, "made_room")
        return references

    def _forget(self, digest: bytes, why: str) -> None:
        log.info("learned reference %s deleted: %s", digest.hex()[:16], why)
        self._views.forget_learned(digest)
        self._note(EntryKind.VIEW_FORGOTTEN, {"learned": digest, "why": why})


def entered_references(ledger: LedgerFile) -> dict[bytes, Entry]:
    """Learned references that the ledger names and does not call deleted, oldest first."""
    found: dict[bytes, Entry] = {}
    older = (_records(path.read_bytes()) for path in ledger.older_files())
    for record in itertools.chain(itertools.chain.from_iterable(older), ledger.records()):
        entry = Entry.decode(record)
        digest = entry.details.get("learned")
        if not isinstance(digest, bytes):
            continue
        if entry.kind is EntryKind.VIEW_LEARNED:
            found[digest] = entry
        elif entry.kind is EntryKind.VIEW_FORGOTTEN:
            found.pop(digest, None)
    return found


def stored_references(directory: Path) -> list[Learned]:
    """What lies on the disk, oldest first, for whoever wants to look; nothing is judged."""
    found = [_read(digest, data) for digest, data in ViewStore(directory).learned().items()]
    return sorted((one for one in found if one is not None), key=lambda one: one.at_s)


def _records(data: bytes) -> tuple[bytes, ...]:
    """Of a closed file; the ledger itself was checked when it was opened."""
    first = peek(data)
    if first is None:
        return ()
    entry = Entry.decode(first)
    return tuple(scan(data, first_index=entry.index, previous=entry.previous).records)


def _read(digest: bytes, data: bytes) -> Learned | None:
    if hashlib.sha256(data).digest() != digest:
        return None
    try:
        return Learned.from_bytes(data)
    except RegistrationError:
        return None
