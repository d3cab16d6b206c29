"""The board of sensors on the camera's serial line: frames, their delivery, the way to the broker.

Rule: bytes and their order only; what a reading means is `agent/core/board.py`'s.
"""
