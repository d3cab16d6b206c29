"""Ten thousand turns of the core's own work, and the heap no fuller at the end."""

import os

import pytest

from tests.device.core.test_desk import BEGIN, deliveries
from tests.device.runner import needs_micropython, run

TURNS = int(os.environ.get("VIEWKEEPER_SOAK_TURNS", "300"))

SOAK = (
    BEGIN
    + """
from device.core.sealing import Sealer
os.mkdir("store")
files = Files("store")
enrol(files, message_of({"message": "bundle"}), seed)
desk = Desk(files, views, lambda n: entropy[:n])
sealer = Sealer(desk.device, b"bootboot", seed)
for delivery in about["deliveries"]:
    assert desk.receive(message_of(delivery), delivery["kind"], False, now_of(delivery))["accepted"]
last = about["deliveries"][-1]
message, now = message_of(last), now_of(last)
forged = bytearray(message)
forged[-1] ^= 1
forged = bytes(forged)
seen = []
for turn in range(TURNS + 1):
    standing = desk.standing()
    sealer.seal(2, {"event": "camera_struck", "started_ms": turn, "confidence_permille": 900,
                    "alarm_method": 5, "alarm_type": 11}, now)
    if turn % 10 == 0:
        assert desk.receive(message, last["kind"], False, now)["reason"] == "already_applied"
        assert not desk.receive(forged, last["kind"], False, now)["accepted"]
        desk.tick(now)
    if turn % (TURNS // 10) == 0:
        standing = None
        gc.collect()
        seen.append(gc.mem_alloc())
print(json.dumps(seen))
"""
)


@needs_micropython
@pytest.mark.timeout(3000)
def test_the_heap_is_no_fuller_after_many_turns(tmp_path):
    files, _ = deliveries()
    script = SOAK.replace("TURNS", str(TURNS))
    seen = run(script, tmp_path, files=files, timeout_s=2900)
    assert len(seen) == 11
    # The first tenth fills what is filled once; after it, not one block of 32 bytes more.
    assert max(seen[1:]) - min(seen[1:]) <= 1024
    assert abs(seen[-1] - seen[1]) <= 512
