"""The sign on the pole: is it there, does it burn.

Rule: readings in, states out. This room knows no driver and no pin.
"""
