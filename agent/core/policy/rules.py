"""A rule: what it asks, where that stands, and how sure we are that it stands there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique


@unique
class Grade(StrEnum):
    """How well a statement about the law was verified."""

    TEXT = "T"
    """The text was seen verbatim in a copy."""
    PHRASE = "F"
    """The phrase was seen in a copy with scrambled order; the number is from elsewhere."""
    SECOND_HAND = "2"
    """News, an audit paper, an official explanation, a code comment."""
    GENERAL_KNOWLEDGE = "GK"
    """From general knowledge, unverified."""
    PROPOSAL = "P"
    """This project's own proposal. Not law."""


@unique
class Force(StrEnum):
    """What breaking a rule does."""

    REFUSE = "refuse"
    REMARK = "remark"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a rule stands: an article, and how well it was verified that it says so."""

    article: str
    grade: Grade

    def __str__(self) -> str:
        return f"{self.article} [{self.grade}]"


PROPOSED = (Source("–", Grade.PROPOSAL),)
"""The sources of a rule that is this project's own."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of one rule set.

    Attributes:
        id: stable, for logs and audits.
        sources: where it stands, each article with its own grade; ``PROPOSED`` for a proposal.
        text_en, text_zh: what it asks, in our own words.
        force: whether breaking it refuses the order or is only remarked.
    """

    id: str
    sources: tuple[Source, ...]
    text_en: str
    text_zh: str
    force: Force = Force.REFUSE

    @property
    def source(self) -> str:
        """For hints: ``Order 799 Art. 17 [F]``, several by semicolons."""
        return "; ".join(str(each) for each in self.sources)


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that is broken and by what."""

    rule: Rule
    detail: str
