"""Refusals: the reason codes are those of ``protocol/errors.py``, text for text.

``device/core/schema.py`` holds the generated list; a test holds every reason used here to it.
Hints are short: flash is dear, and the desk knows the long ones by the code.
"""


class Refusal(Exception):
    """Something from outside is not obeyed: a stable ``reason`` and a ``hint`` for people."""

    def __init__(self, reason, hint=""):
        super().__init__(hint + " [" + reason + "]")
        self.reason = reason
        self.hint = hint
