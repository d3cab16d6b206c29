"""What the view check learns and hears beside its picture: the real agent, over a broker."""

import json

import pytest

from viewkeeper.agent.adapters.store.ledger_file import LedgerFile
from viewkeeper.agent.core.ledger.entries import EntryKind
from viewkeeper.protocol.vocabulary import AlarmKind, Corroboration, ViewVerdict
from viewkeeper.sim.broker import Broker
from viewkeeper.sim.demo import story
from viewkeeper.sim.demo.play import Play
from viewkeeper.sim.demo.world import World
from viewkeeper.sim.stage import Scene

pytestmark = pytest.mark.e2e
PATIENCE_S = 90.0


@pytest.fixture(scope="module")
def play(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    world = World(folder, Broker.start("auto"))
    scene = Scene(fps=10.0, width_px=320, height_px=240)
    camera = world.add_camera("cam-0001", "Test", scene=scene)
    with camera.config.open("a") as settings:
        settings.write("\n[view]\nlesson_minutes = 0.1\n")
    camera.stage.sensors()
    made = Play(world, camera)
    with world:
        story.register(made)
        story.accept(made)
        yield made


def entries(play, kind):
    ledger = LedgerFile(play.camera.state / "ledger")
    return [entry for entry in ledger.entries() if entry.kind is kind]


def test_a_camera_turned_behind_a_picture_of_its_view_is_told_of_by_its_accelerometer(play):
    play.camera.stage.sensors(felt_tilt_deg=6.0)
    assert play.sees(
        lambda seen: (
            seen.report.view.corroboration == (Corroboration.TILTED_PICTURE_SAME,)
            and seen.report.view.verdict is ViewVerdict.SAME
        ),
        PATIENCE_S,
    )
    play.camera.stage.sensors()


def test_a_night_is_learned_and_a_knock_in_it_found_and_all_is_on_record(play):
    assert json.loads(play.camera.agent("references", "--json")) == []
    play.camera.stage.conditions(night=1.0, noise=0.02)
    assert play.sees(lambda seen: seen.report.view.learned == 1, PATIENCE_S)
    (learned,) = entries(play, EntryKind.VIEW_LEARNED)
    assert learned.details["accepted"] == play.view_hash
    (row,) = json.loads(play.camera.agent("references", "--json"))
    assert row["learned"] == learned.details["learned"].hex()
    assert row["in_ledger"]
    assert row["bytes"] <= 100_000

    # The same night, foggy and noisier: too faint for the registered view, which is asked first.
    play.camera.stage.conditions(night=1.0, noise=0.03, fog=0.8)
    play.camera.stage.knock(pan_deg=3.0)

    def found(seen):
        view = seen.report.view
        return (
            view.verdict is ViewVerdict.MOVED
            and view.by == learned.details["learned"][:8]
            and abs(view.move.pan_mdeg - 3000) <= 150
        )

    assert play.sees(found, PATIENCE_S)
    # The alarm is a message of its own, and may come after the report.
    assert play.sees(lambda seen: AlarmKind.VIEW_MOVED.value in seen.alarms, PATIENCE_S)


def test_what_was_learned_is_deleted_when_another_view_is_accepted(play):
    play.camera.stage.clear()
    play.camera.stop()
    second = play.world.register_view(play.camera)
    play.camera.start()
    sent = play.world.order(play.camera, play.world.configuration(second))
    assert sent.verdict.accepted
    assert play.sees(lambda seen: seen.report.view.learned is None, PATIENCE_S)
    (forgotten,) = entries(play, EntryKind.VIEW_FORGOTTEN)
    assert forgotten.details["why"] == "new_view"
    assert play.camera.agent("references").startswith("nothing learned yet")
