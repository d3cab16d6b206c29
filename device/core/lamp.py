"""A lit sign judged by its lamp's current: the rules of ``agent/core/signage/lamp.py``."""

LIT_FROM_MA, OFF_BELOW_MA, SHORT_ABOVE_MA = 150, 20, 1500


def judge_lamp(commanded, current_ma, present, limits):
    """The fields of ``SignageReport``.

    Args:
        commanded: whether the lamp is to burn.
        current_ma: through it; ``None``: not sensed.
        present: whether the board is there; ``None``: no switch.
        limits: (lit from, off below, short above), mA.
    """
    lit_from, off_below, short_above = limits
    if current_ma is None:
        lit = "unknown"
    elif not commanded or current_ma < off_below:
        lit = "unlit"
    else:
        lit = "lit" if lit_from <= current_ma <= short_above else "failing"
    told = {"state": "unknown", "lit": lit}
    if present is not None:
        told["state"], told["source"] = ("present" if present else "missing"), "sensor"
    if current_ma is not None:
        told["current_ma"] = max(0, min(100000, round(current_ma)))
    return told


def is_fault(signage, lit_required):
    """Whether the sign is not as the signed configuration wants it."""
    if signage["state"] not in ("present", "unknown"):
        return True
    return lit_required and signage["lit"] in ("unlit", "failing")
