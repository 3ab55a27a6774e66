"""What a file is, by its content alone: neither its name nor a messenger's word counts, and a name must not lie."""

from __future__ import annotations

import io
import lzma
import re
import struct
import unicodedata
import zipfile
import zlib

import filetype

TEXT = "text/plain"

_OOXML = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."

# The first ending is the one that a name without a fitting one gets.
_ENDINGS = {
    "image/jpeg": ("jpg", "jpeg", "jpe", "jfif"),
    "image/png": ("png",),
    "image/gif": ("gif",),
    "image/webp": ("webp",),
    "image/heic": ("heic", "heif"),
    "application/pdf": ("pdf",),
    "application/msword": ("doc",),
    "application/vnd.ms-excel": ("xls",),
    f"{_OOXML}wordprocessingml.document": ("docx",),
    f"{_OOXML}spreadsheetml.sheet": ("xlsx",),
    f"{_OOXML}presentationml.presentation": ("pptx",),
    f"{_ODF}text": ("odt",),
    f"{_ODF}spreadsheet": ("ods",),
    f"{_ODF}presentation": ("odp",),
    TEXT: ("txt", "log", "csv"),
}
_PARTS = {
    "word/document.xml": f"{_OOXML}wordprocessingml.document",
    "xl/workbook.xml": f"{_OOXML}spreadsheetml.sheet",
    "ppt/presentation.xml": f"{_OOXML}presentationml.presentation",
}
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    NotImplementedError,
    RuntimeError,
    OSError,
    EOFError,
    ValueError,
)
_MACROS = ("vbaproject.bin", "vbadata.xml")

# A page or a drawing is text, too; on the disk of whoever opens it, it may run scripts.
_MARKUP = re.compile(r"<\s*(!doctype|\?xml|html|head|body|svg|script|iframe|meta)\b", re.I)

LONGEST_NAME = 200


def media_type(data: bytes) -> str | None:
    """None for what is not kept: programs, archives, pages, macros, nothing at all."""
    if data.startswith(b"PK\x03\x04"):
        return _office(data)
    guess = filetype.guess(data)
    if guess is not None:
        mime: str = guess.mime
        return mime if mime in _ENDINGS else None
    try:
        plain = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return TEXT if plain.strip() and "\0" not in plain and not _is_markup(plain) else None


def _is_markup(plain: str) -> bool:
    """Behind any number of comments; each character is looked at once, for a stranger chose them."""
    at = 0
    while True:
        while plain[at : at + 1].isspace():
            at += 1
        if not plain.startswith("<!--", at):
            return _MARKUP.match(plain, at) is not None
        end = plain.find("-->", at + 2)
        if end < 0:
            return False
        at = end + 3


def _office(data: bytes) -> str | None:
    """Office documents are archives: what lies in them tells them apart. Nothing is unpacked but a short name."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            if any(name.lower().endswith(_MACROS) for name in names):
                return None
            if "[Content_Types].xml" in names:
                return next((kind for part, kind in _PARTS.items() if part in names), None)
            if "mimetype" not in names:
                return None
            with archive.open("mimetype") as entry:
                said = entry.read(100).decode("ascii", "replace").strip()
    except _BROKEN:
        return None  # broken, encrypted, or packed in a way that no office program packs
    return said if said.startswith(_ODF) and said in _ENDINGS else None


def honest_name(name: str, kind: str) -> str:
    """The name for people, with an ending that fits the content: what says it is a photo opens as one.

    Characters that cannot be seen (some turn the rest round, so that an ending looks like another one) go.
    """
    seen = "".join(letter for letter in name if unicodedata.category(letter) not in ("Cc", "Cf"))
    seen = re.sub(r"[\\/:*?\"<>|]", "_", seen).strip(" .") or "file"
    stem, dot, ending = seen.rpartition(".")
    fitting = _ENDINGS.get(kind, ())
    if not fitting or (dot and ending.lower() in fitting):
        return seen[-LONGEST_NAME:]
    known = {one for endings in _ENDINGS.values() for one in endings}
    kept = stem if dot and stem and ending.lower() in known else seen
    return f"{kept[:LONGEST_NAME]}.{fitting[0]}"
