import json

from viewkeeper.protocol import cose, records
from viewkeeper.protocol.vocabulary import ClockTrust
from viewkeeper.sim.fleet.camera import FleetCamera

NOW_MS = 1_790_000_000_000


def made(index: int = 3, *, mirror: bool = True) -> FleetCamera:
    return FleetCamera(index, 1, mirror=mirror, clock=lambda: 100.0)


def sent(camera: FleetCamera) -> list[tuple[str, bytes]]:
    """Everything that goes out now, acknowledged at once."""
    found = []
    while (job := camera.sender.next()) is not None:
        camera.sender.sent(1, job)
        camera.sender.acknowledged(1, refused=False)
        camera.settled(job)
        found.append(
            (job.message.topic.removeprefix("viewkeeper/v1/site-000/"), job.message.payload)
        )
    return found


def opened(camera: FleetCamera, payload: bytes) -> records.Record:
    return records.unseal(payload, cose.lookup_in([camera.signer.verify_key]))


def test_a_report_is_signed_by_its_camera_and_has_its_mirror():
    camera = made()
    camera.begin(NOW_MS)
    camera.report(NOW_MS)
    said = dict(sent(camera))
    assert said["cam-00003/status"] == b"online"
    record = opened(camera, said["cam-00003/report"])
    assert record.header.device == "cam-00003"
    assert record.header.utc_ms == NOW_MS
    mirror = json.loads(said["cam-00003/state"])
    assert mirror["view"]["verdict"] == "same"
    assert len(said["cam-00003/report"]) <= 400


def test_two_cameras_of_one_fleet_have_two_keys_and_the_same_seed_the_same():
    assert made(1).signer.verify_key != made(2).signer.verify_key
    assert made(1).signer.verify_key == made(1).signer.verify_key


def test_what_was_replaced_while_offline_is_told_as_superseded():
    camera = made(mirror=False)
    for _ in range(4):
        camera.report(NOW_MS)
    camera.begin(NOW_MS)
    said = sent(camera)
    gap = next(opened(camera, p).body for topic, p in said if topic.endswith("/history"))
    assert isinstance(gap, records.Gap)
    assert (gap.first_sequence, gap.last_sequence, gap.superseded) == (1, 3, 3)
    (report,) = [opened(camera, p) for topic, p in said if topic.endswith("/report")]
    assert report.header.sequence == 4


def test_after_a_power_cut_the_row_begins_anew_and_events_are_still_told():
    camera = made(mirror=False)
    camera.begin(NOW_MS)
    camera.event(NOW_MS)
    before = camera.places.copy()
    camera.boot()
    camera.begin(NOW_MS)
    camera.report(NOW_MS)
    said = sent(camera)
    (event,) = [opened(camera, p) for topic, p in said if topic.endswith("/history")]
    (report,) = [opened(camera, p) for topic, p in said if topic.endswith("/report")]
    assert (event.header.boot, event.header.sequence) in before.values()
    assert report.header.boot != event.header.boot
    assert report.header.sequence == 1


def test_a_clock_that_jumped_is_put_right_with_word_of_it():
    camera = made(mirror=False)
    camera.begin(NOW_MS)
    camera.set_clock(NOW_MS, -7_200_000)
    camera.report(NOW_MS)
    (wrong,) = [opened(camera, p) for topic, p in sent(camera) if topic.endswith("/report")]
    assert wrong.header.utc_ms == NOW_MS - 7_200_000
    assert wrong.header.clock is ClockTrust.FLOOR
    camera.set_clock(NOW_MS, 0)
    ((_, payload),) = sent(camera)
    fix = opened(camera, payload).body
    assert isinstance(fix, records.ClockFix)
    assert fix.step_ms == 7_200_000
