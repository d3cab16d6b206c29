"""The signing desk: who is asked, what is shown, what is signed.

Rule: no order leaves here that a person has not seen in plain words. Keys stay in their
files or tokens; the desk's directory holds what is public and what was issued.
"""
