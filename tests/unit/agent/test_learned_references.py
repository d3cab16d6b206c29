"""Learned references on a real disk beside a real ledger."""

from dataclasses import replace

import pytest

from tests.unit.core.view.scenery import LENS, SMALL, frame, picture
from viewkeeper.agent.adapters.store.ledger_file import LedgerFile
from viewkeeper.agent.adapters.store.views import ViewStore
from viewkeeper.agent.core.ledger.entries import EntryKind
from viewkeeper.agent.core.view.estimate import MoveError
from viewkeeper.agent.core.view.geometry import Move
from viewkeeper.agent.core.view.learned import Learned
from viewkeeper.agent.core.view.reference_set import MOST_LEARNED, ReferenceSet
from viewkeeper.agent.core.view.registered import register
from viewkeeper.agent.learned_references import (
    LearnedReferences,
    entered_references,
    stored_references,
)

DAY = register([frame(picture(size=SMALL, noise_seed=seed)) for seed in (1, 2)], LENS)
NIGHT = register([frame(picture(size=SMALL, seed=7, noise_seed=seed)) for seed in (1, 2)], LENS)


def lesson(number: int) -> Learned:
    error = MoveError(0.01, 0.01, 0.02, 0.0005)
    return Learned(DAY.digest, float(number), Move(0.01 * number), error, NIGHT)


class Camera:
    """A folder with views and ledger, and a disk that can be full."""

    def __init__(self, folder, lesson_s=480.0):
        self.folder, self.lesson_s, self.full = folder, lesson_s, False
        self.ledger = LedgerFile(folder / "ledger")

    def note(self, kind, details):
        if self.full:
            return False
        self.ledger.append(kind, details, utc_ms=1)
        return True

    @property
    def room(self):
        views = ViewStore(self.folder / "views")
        return LearnedReferences(views, self.ledger, self.note, self.lesson_s)

    def learn(self, *numbers):
        references = self.room.begin(DAY)
        for number in numbers:
            made = lesson(number)
            kept = references.learned[-(MOST_LEARNED - 1) :]
            references = self.room.keep(made, replace(references, learned=(*kept, made)))
        return references

    @property
    def told(self):
        return [
            (entry.kind, entry.details.get("why"))
            for entry in self.ledger.entries()
            if entry.kind in (EntryKind.VIEW_LEARNED, EntryKind.VIEW_FORGOTTEN)
        ]


@pytest.fixture
def camera(tmp_path):
    return Camera(tmp_path)


def test_what_is_learned_is_entered_kept_and_found_again_after_a_restart(camera, tmp_path):
    camera.learn(1, 2)
    again = Camera(tmp_path).room.begin(DAY)
    assert again == ReferenceSet(DAY, (lesson(1), lesson(2)))
    assert list(entered_references(camera.ledger)) == [lesson(1).digest, lesson(2).digest]
    assert stored_references(tmp_path / "views") == [lesson(1), lesson(2)]
    (first, _) = entered_references(camera.ledger).values()
    assert first.details["accepted"] == DAY.digest
    assert first.details["pan_mdeg"] == 10


def test_it_is_found_again_when_the_ledger_has_begun_another_file(camera, tmp_path):
    camera.learn(1)
    camera.ledger.close_file({"state": b"", "total": 0}, utc_ms=2, clock_trusted=True)
    assert len(camera.room.begin(DAY).learned) == 1


def test_the_oldest_is_deleted_from_the_disk_when_it_makes_room(camera, tmp_path):
    camera.learn(*range(1, MOST_LEARNED + 2))
    assert len(ViewStore(tmp_path / "views").learned()) == MOST_LEARNED
    assert camera.told[-1] == (EntryKind.VIEW_FORGOTTEN, "made_room")
    assert lesson(1).digest not in entered_references(camera.ledger)


def test_another_accepted_view_deletes_all_that_was_learned_beside_the_old_one(camera, tmp_path):
    camera.learn(1, 2)
    assert camera.room.begin(NIGHT) == ReferenceSet(NIGHT)
    assert ViewStore(tmp_path / "views").learned() == {}
    assert camera.told[-2:] == [(EntryKind.VIEW_FORGOTTEN, "new_view")] * 2


def test_a_reference_that_somebody_laid_there_is_deleted_and_not_used(camera, tmp_path):
    ViewStore(tmp_path / "views").keep_learned(lesson(3).to_bytes())
    assert camera.room.begin(DAY).learned == ()
    assert camera.told == [(EntryKind.VIEW_FORGOTTEN, "not_in_ledger")]


def test_a_reference_whose_bytes_changed_is_not_used(camera, tmp_path):
    camera.learn(1)
    (path,) = (tmp_path / "views").glob("*.learned")
    data = bytearray(path.read_bytes())
    data[60] ^= 1
    path.write_bytes(bytes(data))
    assert camera.room.begin(DAY).learned == ()
    assert camera.told[-1] == (EntryKind.VIEW_FORGOTTEN, "damaged")
    assert not path.exists()


def test_a_full_disk_learns_nothing(camera, tmp_path):
    references = camera.room.begin(DAY)
    camera.full = True
    made = lesson(1)
    assert camera.room.keep(made, replace(references, learned=(made,))) == references
    assert ViewStore(tmp_path / "views").learned() == {}


def test_learning_switched_off_uses_nothing_and_keeps_its_hands_off(camera, tmp_path):
    camera.learn(1)
    assert Camera(tmp_path, lesson_s=0.0).room.begin(DAY) is None
    assert len(ViewStore(tmp_path / "views").learned()) == 1
