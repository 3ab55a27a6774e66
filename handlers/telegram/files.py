"""Downloads what a person sent, without ever holding more of it than was allowed."""

from __future__ import annotations

import mimetypes

from aiogram import Bot
from aiohttp import ClientResponseError

from handlers.channel import Fetched, TooLarge, TryLater, Undeliverable
from handlers.telegram.client import UPLOAD_TIMEOUT
from handlers.telegram.errors import FAULTS, delivery_error

MAX_DOWNLOAD = 20 * 1024 * 1024  # bytes, core.telegram.org/bots/api#getfile


async def download(bot: Bot, file_id: str, max_bytes: int) -> Fetched:
    """Raises TryLater, or Undeliverable when the file is gone or larger than ``max_bytes`` or Telegram's 20 MB.

    Errors never repeat the address: it holds the token.
    """
    limit = min(max_bytes, MAX_DOWNLOAD)
    try:
        file = await bot.get_file(file_id)
    except FAULTS as error:
        raise delivery_error(error) from None
    if not file.file_path:
        raise Undeliverable("Telegram gives no way to the file")
    if file.file_size is not None and file.file_size > limit:
        raise TooLarge(f"the file is larger than {limit} bytes")
    data = bytearray()
    url = bot.session.api.file_url(bot.token, file.file_path)
    try:
        async for chunk in bot.session.stream_content(url, timeout=UPLOAD_TIMEOUT, raise_for_status=True):
            data += chunk
            if len(data) > limit:
                raise TooLarge(f"the file is larger than {limit} bytes")
    except ClientResponseError as error:
        if error.status in (404, 410):
            raise Undeliverable("the file is gone") from None
        raise TryLater(f"the file's server answers {error.status}") from None
    except FAULTS as error:
        raise delivery_error(error) from None
    media_type, _encoding = mimetypes.guess_type(file.file_path)
    return Fetched(bytes(data), media_type or "application/octet-stream")
