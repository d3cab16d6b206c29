# ruff: noqa: E501
"""A camera's wish for the lamp as a table for ``fields.py``. Written by device/tools/generate_core.py; change the declarations, not this file."""

LAMP_WISH = b'\x85ilamp-wish\x84\x01eboard\xf4\x84dtext\x01\x18 x\x1f^[a-z0-9]([a-z0-9-]*[a-z0-9])?$\x84\x02dboot\xf4\x83ebytes\x08\x08\x84\x03hsequence\xf4\x83cint\x00\x1b\x00 \x00\x00\x00\x00\x00\x00\x84\x04clit\xf4\x81dbool'
