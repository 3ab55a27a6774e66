"""Reads a picture's kind and size from its first bytes, so that the sandbox can refuse what messengers refuse."""

from __future__ import annotations

import struct
from typing import NamedTuple


class Picture(NamedTuple):
    kind: str
    width: int
    height: int


def recognise(data: bytes) -> Picture | None:
    """The picture behind `data` (png, gif, jpeg), or None when it is none of these or broken."""
    try:
        if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR":
            return Picture("png", *struct.unpack(">II", data[16:24]))
        if data[:6] in (b"GIF87a", b"GIF89a"):
            return Picture("gif", *struct.unpack("<HH", data[6:10]))
        if data.startswith(b"\xff\xd8"):
            return _jpeg(data)
    except (struct.error, IndexError):
        return None
    return None


def _jpeg(data: bytes) -> Picture | None:
    at = 2
    while data[at] == 0xFF:
        marker = data[at + 1]
        (size,) = struct.unpack(">H", data[at + 2 : at + 4])
        # SOF0..SOF15 hold the size; C4, C8 and CC in that range are tables (ITU T.81, table B.1).
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return Picture("jpeg", width, height)
        at += 2 + size
    return None
