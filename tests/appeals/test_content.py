"""What a file is, its content says: what is kept, what is refused however it is called, and names that do not lie."""

from __future__ import annotations

import io
import time
import zipfile

import pytest

from core.appeals.content import honest_name, media_type

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 50
OOXML = "application/vnd.openxmlformats-officedocument."


ODT = "application/vnd.oasis.opendocument.text"


def archive(*entries: str, mimetype: str = "", first: bool = True) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as made:
        if mimetype and first:
            made.writestr("mimetype", mimetype)
        for entry in entries:
            made.writestr(entry, "x" * 3000)
        if mimetype and not first:
            made.writestr("mimetype", mimetype)
    return data.getvalue()


KEPT = {
    "jpeg": (b"\xff\xd8\xff\xe0 a photo", "image/jpeg"),
    "png": (PNG, "image/png"),
    "webp": (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
    "heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "image/heic"),
    "pdf": (b"%PDF-1.7 a contract", "application/pdf"),
    "docx": (archive("[Content_Types].xml", "_rels/.rels", "word/document.xml"), f"{OOXML}wordprocessingml.document"),
    # Written by another program, in another order: the ending of the list tells, not its beginning.
    "docx, shuffled": (
        archive(*(f"docProps/{n}.xml" for n in range(9)), "word/document.xml", "[Content_Types].xml"),
        f"{OOXML}wordprocessingml.document",
    ),
    "xlsx": (archive("[Content_Types].xml", "xl/workbook.xml"), f"{OOXML}spreadsheetml.sheet"),
    "pptx": (archive("[Content_Types].xml", "ppt/presentation.xml"), f"{OOXML}presentationml.presentation"),
    "odt": (
        archive("content.xml", mimetype="application/vnd.oasis.opendocument.text"),
        "application/vnd.oasis.opendocument.text",
    ),
    "ods": (
        archive("content.xml", mimetype="application/vnd.oasis.opendocument.spreadsheet", first=False),
        "application/vnd.oasis.opendocument.spreadsheet",
    ),
    "words": ("Всё сломалось: < 5 Мбит/с".encode(), "text/plain"),
    "words with a mark at the beginning": (b"\xef\xbb\xbfHello", "text/plain"),
    # Whatever hangs behind a photo, a browser is told that it is a photo, and believes nothing else.
    "a photo with an archive behind it": (b"\xff\xd8\xff\xe0 a photo" + archive("a.html"), "image/jpeg"),
}


@pytest.mark.parametrize("what", KEPT)
def test_kept(what: str) -> None:
    data, expected = KEPT[what]
    assert media_type(data) == expected


REFUSED = {
    "nothing": b"",
    "blanks": b" \n\t",
    "a program": b"MZ\x90\0\x03" + b"\0" * 100,
    "a program of another system": b"\x7fELF\x02\x01\x01" + b"\0" * 100,
    "an archive": archive("setup.exe"),
    "an archive that says it is a document": archive("word/document.xml"),
    "macros": archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
    "an archive that names any kind": archive("a.html", mimetype="text/html"),
    "half an archive": archive("[Content_Types].xml", "word/document.xml")[:60],
    "half a number of an archive": b"PK\x03\x04",
    "a page": b"<!DOCTYPE html><script>alert(1)</script>",
    "a page behind blanks and a remark": b"\xef\xbb\xbf \n<!-- hello --> <!-- you -->\n<HTML><body onload=x()>",
    "a drawing": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "a drawing without a head": b'<svg onload="alert(1)"/>',
    "bytes": bytes(range(256)),
    "words with a hole": b"hello\0there",
    "a film": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom",
    "a disk": b"Rar!\x1a\x07\x00" + b"\0" * 50,
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what: str) -> None:
    assert media_type(REFUSED[what]) is None


@pytest.mark.parametrize(
    ("name", "kind", "honest"),
    [
        ("router.jpg", "image/jpeg", "router.jpg"),
        ("IMG.JPEG", "image/jpeg", "IMG.JPEG"),
        ("scan.png", "image/jpeg", "scan.jpg"),
        ("update.bat", "text/plain", "update.bat.txt"),
        ("contract.exe", "application/pdf", "contract.exe.pdf"),
        ("page.html", "text/plain", "page.html.txt"),
        ("no ending", "image/png", "no ending.png"),
        ("v1.2", "application/pdf", "v1.2.pdf"),
        ("photo\u202egpj.exe", "image/jpeg", "photogpj.exe.jpg"),
        ("../../etc/passwd", "text/plain", "_.._etc_passwd.txt"),
        ("bill.pdf\r\nX: y", "application/pdf", "bill.pdfX_ y.pdf"),
        ("", "image/jpeg", "file.jpg"),
        ("...", "image/jpeg", "file.jpg"),
        ("a.exe .", "image/jpeg", "a.exe.jpg"),
        (".jpg", "image/jpeg", "jpg.jpg"),
    ],
)
def test_names_do_not_lie(name: str, kind: str, honest: str) -> None:
    assert honest_name(name, kind) == honest


def test_a_long_name_keeps_its_ending_and_fits() -> None:
    assert honest_name("ж" * 500 + ".exe", "image/png").endswith(".png")
    assert len(honest_name("ж" * 500, "image/png")) <= 256
    assert honest_name("ж" * 500 + ".png", "image/png").endswith("ж.png")


@pytest.mark.parametrize(
    "text",
    [
        "<!---->" * 100_000 + " hello",
        "<!-- a -->\n" * 100_000 + "<",
        "<!--" * 100_000,
        " " * 1_000_000 + "<",
        "<" + " " * 1_000_000,
    ],
)
def test_no_text_keeps_the_program_busy(text: str) -> None:
    """A stranger chose it: the work grows with its length, and no faster."""
    begun = time.perf_counter()
    assert media_type(text.encode()) == "text/plain"
    assert time.perf_counter() - begun < 2


@pytest.mark.parametrize(
    "page", ["<!-- a --> <!----><html>", "<!--><script>", "\ufeff \n<!-- --> < svg>", "<!DOCTYPE x>"]
)
def test_a_page_behind_comments_is_a_page(page: str) -> None:
    assert media_type(page.encode()) is None


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_broken_archive_is_refused(method: int) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.text" * 50)
    whole = made.getvalue()
    start = 30 + len("mimetype")
    for at in range(start, start + 20):
        assert media_type(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]) in (None, ODT)
