"""What a camera learned beside its accepted views, and whether it was entitled to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from viewkeeper.agent.core.device_state import DeviceState
from viewkeeper.agent.core.ledger.entries import Entry, EntryKind
from viewkeeper.authority.audit.reading import order_in
from viewkeeper.protocol.errors import RefusalError
from viewkeeper.protocol.orders import Config, Tolerance

_PARTS = ("pan_mdeg", "tilt_mdeg", "roll_mdeg")


@dataclass(frozen=True, slots=True)
class LearnedFacts:
    """Counts over a whole ledger.

    Attributes:
        learned, forgotten: references entered, and those called deleted.
        strangers: learned under a view that was not the accepted one then, or as far off as the
            tolerance allows: nothing honest writes such an entry.
        farthest_mdeg: the largest offset of pan or tilt among all.
    """

    learned: int = 0
    forgotten: int = 0
    strangers: int = 0
    farthest_mdeg: int = 0


def learned_facts(entries: Sequence[Entry]) -> LearnedFacts:
    """Follow the configurations obeyed, and hold each lesson against the one in force."""
    learned = forgotten = strangers = farthest = 0
    config: Config | None = None
    intents: dict[int, Config] = {}
    for entry in entries:
        order = order_in(entry)
        if order is not None and isinstance(order.body, Config):
            intents[entry.index] = order.body
        elif entry.kind is EntryKind.APPLIED:
            intent = entry.details.get("intent")
            config = intents.get(intent, config) if isinstance(intent, int) else config
        elif entry.kind is EntryKind.SEGMENT:
            config = _config_of(entry) or config
        elif entry.kind is EntryKind.VIEW_FORGOTTEN:
            forgotten += 1
        elif entry.kind is EntryKind.VIEW_LEARNED:
            learned += 1
            offset = _offset(entry)
            if (
                config is None
                or entry.details.get("accepted") != config.view_hash
                or offset is None
                or not _within(offset, config.tolerance)
            ):
                strangers += 1
            farthest = max(farthest, *map(abs, (offset or (0,))[:2]))
    return LearnedFacts(learned, forgotten, strangers, farthest)


def _config_of(entry: Entry) -> Config | None:
    state = entry.details.get("state")
    try:
        return DeviceState.from_bytes(state).config if isinstance(state, bytes) else None
    except RefusalError:
        return None


def _offset(entry: Entry) -> tuple[int, int, int] | None:
    told = [entry.details.get(name) for name in _PARTS]
    pan, tilt, roll = (one if isinstance(one, int) else None for one in told)
    return None if pan is None or tilt is None or roll is None else (pan, tilt, roll)


def _within(offset: tuple[int, int, int], tolerance: Tolerance) -> bool:
    limits = (tolerance.pan_mdeg, tolerance.tilt_mdeg, tolerance.roll_mdeg)
    return all(abs(part) < limit for part, limit in zip(offset, limits, strict=True))
