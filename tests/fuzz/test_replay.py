"""The corpus of the fuzzer, once through: what was found interesting stays harmless."""

from pathlib import Path

import pytest

from tests.fuzz import harness

CORPUS = Path(__file__).parent / "corpus"
INPUTS = sorted(path for path in CORPUS.iterdir() if path.is_file())


def test_there_is_a_corpus_that_reaches_every_target() -> None:
    assert len(INPUTS) > 50
    reached = {path.read_bytes()[0] % len(harness.TARGETS) for path in INPUTS}
    assert reached == set(range(len(harness.TARGETS)))


def test_every_input_of_the_corpus_is_answered_not_crashed_on() -> None:
    for path in INPUTS:
        harness.run_one(path.read_bytes())


@pytest.mark.parametrize("name", sorted(harness.seeds()))
def test_every_seed_is_answered(name: str) -> None:
    harness.run_one(harness.seeds()[name])
