"""Suspicious-event flags: what happened to the camera, when, how sure. Never pixels.

Rule: judgements in, flags out. This room knows no time but the one it is given.
"""
