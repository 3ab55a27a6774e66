"""An agent's article as what a subscriber gets: its words in messages that fit, and its files, checked by content."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from bot.integrations.files import content_type
from bot.integrations.helpdesk.zammad_client import Article, TooLarge, ZammadClient
from bot.integrations.helpdesk.zammad_text import LONGEST_NAME, inline_files, one_line, plain_text
from core.appeals.content import honest_name
from core.appeals.files import LIMIT, FileStore, keep
from core.appeals.staff import MAX_ANSWER, KeptFile
from core.clock import Clock
from core.database import Database

MOST_FILES = 10  # of one article


@dataclass(frozen=True, slots=True)
class Speech:
    """``texts`` go out one after the other, the files with the last of them. ``left_out``: files that do not go."""

    texts: tuple[str, ...]
    files: tuple[KeptFile, ...]
    left_out: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        """All of it where it is one text and nothing else, as a decision's reason must be; else empty."""
        return self.texts[0] if len(self.texts) == 1 and not self.files else ""


class Listener:
    """Reads articles."""

    def __init__(self, client: ZammadClient, database: Database, clock: Clock, files: FileStore) -> None:
        self._client = client
        self._database = database
        self._clock = clock
        self._files = files

    async def hear(self, article: Article) -> Speech:
        """Raises OutsideUnavailable while a file cannot be fetched: words do not go without their files."""
        kept: list[KeptFile] = []
        left_out: list[str] = []
        named = {one.id: one.filename for one in article.attachments}
        wanted = list(dict.fromkeys([*named, *inline_files(article.body)]))
        for number in wanted:
            name = one_line(named.get(number, ""), LONGEST_NAME) or "file"
            file = await self._fetch(article, number, name) if len(kept) < MOST_FILES else None
            if file is None:
                left_out.append(name)
            else:
                kept.append(file)
        # In a thread: an article may have a million characters, and everybody else waits for the loop.
        words = await asyncio.to_thread(plain_text, article.body, article.content_type)
        return Speech(tuple(split(words)), tuple(kept), tuple(left_out))

    async def _fetch(self, article: Article, number: int, name: str) -> KeptFile | None:
        try:
            data = await self._client.attachment(article.ticket_id, article.id, number, LIMIT)
        except TooLarge:
            return None
        media_type = content_type(data) if data else None
        if data is None or media_type is None:
            return None
        key = await keep(self._database, self._files, data, media_type, self._clock.now())
        return KeptFile(key, honest_name(name, media_type), media_type, len(data))


def split(text: str, longest: int = MAX_ANSWER) -> Sequence[str]:
    """In parts that may be sent, at the ends of paragraphs, lines or words where there are any."""
    parts = []
    rest = text.strip()
    while len(rest) > longest:
        ends = (rest.rfind(mark, longest // 2, longest) for mark in ("\n\n", "\n", " "))
        cut = next((end for end in ends if end > 0), longest)
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*parts, rest] if rest else parts
