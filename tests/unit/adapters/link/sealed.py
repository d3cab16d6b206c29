"""A small sealed record with a number of its own."""

from viewkeeper.protocol import cose
from viewkeeper.protocol.records import Gap, Header, Record, seal
from viewkeeper.protocol.vocabulary import ClockTrust


def sealed(sequence: int) -> bytes:
    header = Header(
        device="c1",
        boot=b"bootboot",
        sequence=sequence,
        utc_ms=1,
        mono_ms=1,
        clock=ClockTrust.FLOOR,
    )
    signer = cose.SoftwareSigner.from_seed(bytes(32))
    return seal(Record(header, Gap(first_sequence=1, last_sequence=2, lost=2)), signer)
