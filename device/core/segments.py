"""How the ledger stays small for years: files that are closed, grow old, and go.

As on the agent (``agent/core/ledger/segments.py``), with smaller files. The first entry of a file
brings the state of the device, so that the next start reads that file alone. What the law asks to
be kept is kept; so that a stranger cannot fill the storage meanwhile, refusals are entered at
longest intervals once the files are many (``desk``).
"""

from device.core import adjudicate as court
from device.core.ledger import read_first

SEGMENT_BYTES = 32_768  # a file is closed once it is longer
RETENTION_MS = 184 * 86_400_000  # six calendar months at their longest
MANY_BYTES = 8 * SEGMENT_BYTES


def is_many(ledger):
    """Whether the files together are more than a quiet device would ever have."""
    return ledger.total_bytes > MANY_BYTES


def close_if_long(ledger, files, state, refusals, now):
    """Close a file that is long enough and begin the next; delete those that are old enough.

    Raises:
        OSError: the storage would not; to be tried again.
    """
    if ledger.file_bytes > SEGMENT_BYTES:
        ledger.close_file(now.utc_ms)
    if ledger.unbegun:
        begin(ledger, state, refusals, now.utc_ms, now.trusted)
        if now.trusted:  # only a clock that is known to be right may make anything old
            _prune(ledger, files, now.utc_ms)


def begin(ledger, state, refusals, utc_ms, trusted):
    """Begin the file after a closed one; ``refusals``: (total, reason of the last)."""
    details = {"state": court.to_bytes(state), "total": refusals[0], "clock_trusted": trusted}
    if refusals[1] is not None:
        details["reason"] = refusals[1]
    ledger.begin(details, utc_ms)


def state_of(first):
    """The state that the first entry of a file brings."""
    state = court.from_bytes(first[4]["state"])
    state["ledger_size"], state["ledger_head"] = first[1], first[5]
    return state


def _prune(ledger, files, utc_ms):
    """Delete files that were closed before the retention began.

    When a file was closed is what the first later file says that was begun under a trusted clock.
    The newest closed file stays, and so does one whose successor could not stand alone.
    """
    while len(ledger.closed) > 1:
        oldest, after = ledger.closed[:2]
        first, last = read_first(files, oldest)[1], read_first(files, after)
        if last[3] != "segment" or not _is_old(ledger.closed[1:], files, utc_ms - RETENTION_MS):
            return
        digest = files.digest(oldest)
        ledger.append("pruned", {"first": first, "last": last[1] - 1, "file": digest}, utc_ms)
        ledger.drop(oldest)


def _is_old(later, files, before_ms):
    for name in later:
        begun = read_first(files, name)
        if begun[3] == "segment" and begun[4].get("clock_trusted") is True:
            return begun[2] < before_ms
    return False
