"""What the law and its table forbid, whoever signs.

Rule: knows law, places and dates (as arguments); knows no key, no pixel, no file. Every
rule names its article and how well that article was verified; a proposal of this project
is never presented as law.
"""
