"""Keys that never leave where they are: PKCS#11 tokens and TPM 2.0 chips.

Rule: a module here gives a ``cose.Signer``; whose key it is and what it may sign is not
known here. What a module needs is imported when a key of its kind is opened, not before.
"""
