"""What outlives a power cut: state slots, ledger, device key, registered views.

Rule: bytes to disk and back, whole or not at all; what they mean is known elsewhere.
Every write goes through ``disk.Disk``, so that a test can cut the power at any of them.
"""
