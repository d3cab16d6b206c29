"""Zones, the sign's region and its photo as a person writes them."""

import re

import pytest

from viewkeeper.authority.config_file import EXAMPLE, parse_config
from viewkeeper.protocol.errors import SetupError
from viewkeeper.protocol.vocabulary import EventKind, LineDirection, ZoneKind

PLAIN, _, REST = EXAMPLE.partition("# Where the camera sees its own printed sign")
_SPOKEN = re.compile(r"^# ((?:\[|[a-z_]+ = |$).*)", re.MULTILINE)
WHOLE = re.sub(r"^#$", "", _SPOKEN.sub(r"\1", EXAMPLE), flags=re.MULTILINE).replace(
    "64 hexadecimal digits", "ab" * 32
)


def test_everything_the_example_comments_out_is_understood():
    config = parse_config(WHOLE)
    area, line = config.zones
    assert (area.kind, area.points[0], area.dwell_s) == (ZoneKind.AREA, (1000, 6000), 60)
    assert (line.watch, line.direction) == ((EventKind.WRONG_WAY,), LineDirection.BACKWARD)
    assert config.sign_region.left == 6200
    assert config.sign_photo.valid_days == 90
    assert config.sign_photo.lit is True


def test_the_example_alone_has_none_of_it():
    config = parse_config(EXAMPLE)
    assert (config.zones, config.sign_region, config.sign_photo) == (None, None, None)


@pytest.mark.parametrize(
    ("was", "now", "named"),
    [
        ('kind = "area"', 'kind = "circle"', "kind must be of area, line"),
        ('"intrusion", "loitering"', '"intrusion", "loiter"', "watch must be of"),
        ("[0.1, 0.6]", "[0.1]", "points must be pairs"),
        ("[0.1, 0.6]", "[1.1, 0.6]", "0 to 10000"),
        ('name = "exit"', 'name = "forecourt"', "two have one name"),
        ('direction = "backward"', "", "wrong_way needs the direction"),
        ("dwell_s = 60", "dwell = 60", "dwell_s goes with"),
        ("left = 0.62", "left = 0.72", "left < right"),
        ('photo_hash = "ab', 'photo_hash = "zz', "64 hexadecimal"),
        ("valid_days = 90", "valid_days = 900", "1 to 366"),
        ('inspector = "Li Wei"', "", "inspector is missing"),
        ('view_hash = "', 'hash = "', "view_hash"),
    ],
)
def test_a_mistake_in_them_is_named(was, now, named):
    assert was in WHOLE
    with pytest.raises(SetupError, match=named):
        parse_config(WHOLE.replace(was, now, 1))
