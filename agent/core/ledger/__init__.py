"""What this camera did, in order, so that nobody can take a page out unnoticed.

Rule: knows bytes, hashes and their order; knows no file and no meaning of an entry.
"""
