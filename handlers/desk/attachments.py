"""Files of appeals for staff: never without a right to that very appeal, never as anything that a browser runs."""

from __future__ import annotations

import asyncio
import io
from urllib.parse import quote

from PIL import Image, ImageOps, UnidentifiedImageError
from starlette.responses import Response

from core.appeals.models import AppealMessage
from core.staff import audit
from handlers.desk.answers import Missing
from handlers.desk.desk import Desk
from handlers.desk.thread import load
from handlers.desk.visit import Visit

SHOWN = ("image/jpeg", "image/png", "image/gif", "image/webp")
"""What a browser may show by itself; everything else is saved."""

_SAVED = (*SHOWN, "application/pdf", "text/plain", "image/heic")
THUMBNAIL = (480, 360)  # pixels at most
MOST_PIXELS = 60_000_000  # a small file may unpack into gigabytes


async def file(desk: Desk, visit: Visit) -> Response:
    """The content as it came. Who opened which is on record."""
    number, message = await _message(desk, visit)
    data = await _content(desk, message)
    detail = f"No. {number}: {message.file_name}"
    await desk.database.write(audit.write, visit.who, "file opened", detail, desk.clock.now())
    shown = message.media_type in SHOWN
    kind = "inline" if shown else "attachment"
    headers = {
        "Content-Disposition": f'{kind}; filename="{_plain(message.file_name)}"; '
        f"filename*=UTF-8''{quote(message.file_name, safe='')}",
        # Whatever is inside, it is nobody: no scripts, no forms, no origin of ours.
        "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    }
    media_type = message.media_type if message.media_type in _SAVED else "application/octet-stream"
    return Response(data, headers=headers, media_type=media_type)


async def thumbnail(desk: Desk, visit: Visit) -> Response:
    """A small picture, drawn anew: nothing of the original's bytes is in it."""
    _number, message = await _message(desk, visit)
    if message.media_type not in SHOWN:
        raise Missing
    # Kept by the browser, and shown only after asking: whoever is signed out by then sees nothing.
    mark = f'"{message.blob[:24]}"'
    headers = {
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, no-cache",
        "ETag": mark,
    }
    if visit.request.headers.get("if-none-match", "").removeprefix("W/") == mark:
        return Response(status_code=304, headers=headers)
    async with desk.drawing:
        small = await asyncio.to_thread(_shrink, await _content(desk, message))
    return Response(small, headers=headers, media_type="image/webp")


async def _message(desk: Desk, visit: Visit) -> tuple[int, AppealMessage]:
    """A file belongs to one message of one appeal: another appeal's address does not lead to it."""
    thread = await load(desk, visit)
    wanted = visit.path("message_id")
    found = next((one for one in thread.messages if one.id == wanted and one.blob), None)
    if found is None:
        raise Missing
    return thread.appeal.number, found


async def _content(desk: Desk, message: AppealMessage) -> bytes:
    try:
        return await desk.store.get(message.blob)
    except KeyError:
        raise Missing from None


def _shrink(data: bytes) -> bytes:
    try:
        with Image.open(io.BytesIO(data)) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise Missing
            picture.draft("RGB", (THUMBNAIL[0] * 2, THUMBNAIL[1] * 2))
            small = ImageOps.exif_transpose(picture)
            small.thumbnail(THUMBNAIL)
            out = io.BytesIO()
            small.convert("RGBA" if "A" in small.getbands() or "transparency" in small.info else "RGB").save(
                out, "WEBP", quality=80
            )
            return out.getvalue()
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise Missing from None


def _plain(name: str) -> str:
    """For old programs: ASCII without what would end the quotes or the line."""
    kept = "".join(char if char.isascii() and char.isprintable() and char not in '"\\;%' else "_" for char in name)
    return kept[-80:] or "file"
