"""Coverage-guided fuzzing of decoder and order verifier: ``make fuzz``.

``python -m tests.fuzz.fuzz CORPUS [libFuzzer options]``; a crash leaves ``crash-…`` behind.
"""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["viewkeeper.agent.core", "viewkeeper.protocol"]):
    from tests.fuzz import harness


def main() -> None:
    """Seed the corpus, then fuzz until told to stop."""
    corpus = Path(sys.argv[1])
    corpus.mkdir(parents=True, exist_ok=True)
    for name, data in harness.seeds().items():
        (corpus / f"seed-{name}".replace(" ", "-")).write_bytes(data)
    atheris.Setup(sys.argv, harness.run_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
