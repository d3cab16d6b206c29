"""Who may order what of this camera, and whether this order is the next in its row.

Rule: knows keys, bytes, rows and time (as an argument); knows no law, no view, no file.
"""
