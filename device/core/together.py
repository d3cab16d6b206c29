"""What the fields of one message say together: the rules of ``protocol/zones.py`` and kin."""

from device.core import rules
from device.core.errors import Refusal


def check_together(name, found):
    """Refuse (``field_range``) fields that do not fit each other."""
    if name == "zone":
        good = _is_zone(found)
    elif name == "sign-region":
        good = found["left"] < found["right"] and found["top"] < found["bottom"]
    elif name == "config":
        names = [zone["name"] for zone in found.get("zones", ())]
        placed = "zones" in found or "sign_region" in found
        good = len(set(names)) == len(names) and (not placed or "view_hash" in found)
    else:
        return
    if not good:
        raise Refusal("field_range", "fields that do not fit each other")


def _is_zone(zone):
    line, watch = zone["kind"] == "line", zone["watch"]
    points = [tuple(point) for point in zone["points"]]
    for flag in watch:
        if " " + flag + " " not in (rules.OF_LINES if line else rules.OF_AREAS):
            return False
    if len(set(watch)) != len(watch) or len(set(points)) != len(points):
        return False
    if (len(points) != 2) if line else len(points) < 3:
        return False
    direction = zone.get("direction")
    if not line and direction is not None:
        return False
    if "wrong_way" in watch and direction not in ("forward", "backward"):
        return False
    for name, flags in (
        ("dwell_s", rules.WITH_DWELL),
        ("crowd", rules.WITH_CROWD),
        ("speed", rules.WITH_SPEED),
    ):
        if (name in zone) != any(" " + flag + " " in flags for flag in watch):
            return False
    return True
