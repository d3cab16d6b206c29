"""The desk's memory: what cameras signed, kept as they signed it.

Rule: a record is kept only when its signature holds, and kept whole, so that whoever reads
it later (the page does) verifies it again and need not trust this room. What nobody signed
(online, offline, an alarm cleared, an acknowledgement) is kept apart and called so.
"""
