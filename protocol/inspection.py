"""Names within an inspection bundle: a ZIP file that an auditor reads offline.

| member | content |
|---|---|
| ``about.json`` | device, when it was exported, whether the camera's clock was trusted |
| ``ledger/000000000000`` | the ledger's files, named by the index of their first entry |
| ``checkpoint.cose`` | the camera's own signed statement of size and root, made for the export |
| ``witness/…cose`` | what others kept: countersignatures, or checkpoints; oldest first |
"""

from __future__ import annotations

ABOUT = "about.json"
LEDGER = "ledger/"
CHECKPOINT = "checkpoint.cose"
WITNESS = "witness/"
FORMAT = 1
