"""The words for a sick picture."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What can be wrong with a picture, worst first: the first one present is the cause."""

    SIGNAL_LOST = "signal_lost"
    FROZEN = "frozen"
    REPLAYED = "replayed"
    DARK = "dark"
    OVEREXPOSED = "overexposed"
    COVERED = "covered"
    NO_TEXTURE = "no_texture"
    DEFOCUSED = "defocused"
    NOISE = "noise"
    STRIPES = "stripes"
    GLARE = "glare"
    SHAKE = "shake"
    DIRTY_GLASS = "dirty_glass"
    LOW_CONTRAST = "low_contrast"
    COLOUR_CAST = "colour_cast"
    RECORDED = "recorded"
    """The source says itself that it shows a recording in a ring."""


BLINDING = frozenset({Kind.SIGNAL_LOST, Kind.FROZEN, Kind.REPLAYED, Kind.DARK})
"""With one of these nothing in the picture may be believed, however well it matches: a frozen
or replayed picture matches perfectly, and darkness is never `same` nor `moved`."""

EXPLAINING = frozenset(Kind) - {Kind.COLOUR_CAST, Kind.RECORDED}
"""Kinds that explain why a view was not found. Lines have no colour: whatever hides a view under a
colour cast, the cast does not."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault.

    Attributes:
        kind: what.
        measure: the number measured; its unit is the measure's, see `assess`.
        threshold: the number it was compared with.
    """

    kind: Kind
    measure: float
    threshold: float


@dataclass(frozen=True, slots=True)
class ImageHealth:
    """Faults of one picture in the light of those before it; empty when it is well.

    Attributes:
        findings: in order of `Kind`.
    """

    findings: tuple[Finding, ...] = ()

    @property
    def worst(self) -> Finding | None:
        """The first finding, or ``None`` when the picture is well."""
        return self.findings[0] if self.findings else None

    @property
    def cause_for_view(self) -> Kind | None:
        """What explains that a view cannot be found; ``None`` if nothing does."""
        for finding in self.findings:
            if finding.kind in EXPLAINING:
                return finding.kind
        return None

    @property
    def blinding(self) -> Kind | None:
        """What forbids to believe even a good match; ``None`` if nothing does."""
        for finding in self.findings:
            if finding.kind in BLINDING:
                return finding.kind
        return None

    def has(self, kind: Kind) -> bool:
        """True if this fault was found."""
        return any(finding.kind is kind for finding in self.findings)
