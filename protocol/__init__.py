"""The wire contract: strict CBOR, COSE, topics and every message.

Rule: no I/O, no clock, no threads, no meaning. Bytes in, values out; what a value
is worth is for the rooms that import this one. ``schema.cddl`` is the contract in
the IETF's notation, ``vectors/`` the same contract as files any language can run.
"""
