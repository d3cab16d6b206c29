# ruff: noqa: E501
"""A receipt as a table for ``fields.py``. Written by device/tools/generate_core.py; change the declarations, not this file."""

RECEIPT = b'\x82greceipt\x84\x01eboots\xf4\x84dlist\x01\x10\x82cmapXE\x83lkept-of-boot\x84\x01dboot\xf4\x83ebytes\x08\x08\x84\x02isequences\xf4\x84dlist\x01\x19\x01\x00\x83cint\x00\x1b\x00 \x00\x00\x00\x00\x00\x00'
