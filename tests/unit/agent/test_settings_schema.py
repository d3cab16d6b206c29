import json
from pathlib import Path

import jsonschema
import pytest

from viewkeeper.agent.settings_file import parse
from viewkeeper.agent.settings_schema import schema
from viewkeeper.protocol.errors import SetupError

KEPT = Path(__file__).parents[3] / "docs" / "agent.schema.json"
GOOD = {
    "camera": {"site": "hefei", "id": "cam-1", "hfov_deg": 60},
    "source": {"kind": "rtsp", "url": "rtsp://camera/stream", "username": "me"},
    "broker": {"host": "broker"},
    "storage": {"dir": "state"},
}


def changed(table, **keys):
    return {**GOOD, table: {**GOOD[table], **keys}}


def test_the_kept_schema_is_the_one_of_the_code():
    assert json.loads(KEPT.read_text("utf-8")) == schema(), "run make schema"


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize(
    ("tables", "good"),
    [
        (GOOD, True),
        (changed("source", key_frames_only=False), True),
        (changed("camera", hfov_deg="wide"), False),
        (changed("camera", tolerance=1), False),
        (changed("source", path="x"), False),
        (changed("source", kind="v4l2"), False),
        ({**GOOD, "source": {"kind": "files"}}, False),
        ({**GOOD, "source": {"kind": "picamera2", "width": 640, "height": 480}}, True),
        ({**GOOD, "tolerance": {}}, False),
        ({name: table for name, table in GOOD.items() if name != "broker"}, False),
    ],
)
def test_schema_and_agent_agree(tables, good):
    assert jsonschema.Draft202012Validator(schema()).is_valid(tables) is good
    try:
        parse(tables, "test", Path())
    except SetupError:
        assert not good
    else:
        assert good
