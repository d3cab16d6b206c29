"""A virtual pan-tilt-zoom camera: panorama in, frame and exact truth out.

Rule: every picture is a pure function of panorama, pose, conditions, time and seed, so any
frame of any run can be made again. No file but a panorama is read, no clock is asked.
"""
