"""The view check: does the camera look where it was registered to look?

Rule: arrays and angles in, frozen values out. This room knows no clock, file, thread,
randomness or network, and no law: whether an angle is too much is a tolerance it is given.

Order of the day: `registered` makes a reference, `estimate` says how far the camera has moved
from it, `verdict` judges one estimate, `guard` judges many over time.
"""
