"""Random faults against the real link, a real broker and the real recorder, each run from a seed.

Rule: what must hold is decided from what the parties said before a fault struck them, and from
what the recorder has on its disk in the end. Nothing here looks into a running one.
"""
