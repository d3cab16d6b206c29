"""Other programs' detections, in place of the camera's own foreground.

Rule: each file reads one program's words into boxes in shares of the picture and a confidence;
a label is only looked at to leave out what does not count, and goes no further.
"""
