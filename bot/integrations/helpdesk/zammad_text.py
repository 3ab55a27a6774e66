"""Words between Zammad and a chat: a title that agents find, and an agent's HTML as plain text."""

from __future__ import annotations

import re
from html.parser import HTMLParser

LONGEST_TITLE = 200  # characters; Zammad takes 250
LONGEST_NAME = 100  # characters of a first name, a file's name
_INLINE = re.compile(r"/ticket_attachment/\d+/\d+/(\d+)")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_BLOCKS = frozenset({
    "address", "article", "blockquote", "div", "dl", "dt", "dd", "figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6",
    "header", "hr", "li", "ol", "p", "pre", "section", "table", "tr", "ul",
})  # fmt: skip
_SILENT = frozenset({"head", "noscript", "script", "style", "template", "title"})


def one_line(text: str, longest: int = LONGEST_TITLE) -> str:
    """Without line breaks, control characters and what turns the direction of writing."""
    plain = " ".join(_CONTROL.sub(" ", text).split())
    return plain if len(plain) <= longest else plain[: longest - 1].rstrip() + "…"


def clean(text: str) -> str:
    """What may stand in a message: line breaks, but nothing else that is invisible."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def plain_text(body: str, content_type: str | None) -> str:
    """An article's words. Zammad writes HTML unless it says otherwise."""
    if content_type is not None and content_type.lower().startswith("text/plain"):
        return clean(body)
    reader = _Reader()
    reader.feed(body)
    reader.close()
    return clean(reader.text())


def inline_files(body: str) -> list[int]:
    """The ids of pictures that stand within the text: Zammad leaves them out of the list of attachments."""
    return [int(number) for number in dict.fromkeys(_INLINE.findall(body)) if len(number) <= 15]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._out: list[str] = []
        self._silent = 0
        self._link: tuple[str, int] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag == "br":
            self._out.append("\n")
        elif tag in _BLOCKS:
            self._block()
            if tag == "li":
                self._out.append("• ")
        elif tag == "a":
            self._link = (dict(attrs).get("href") or "", len(self._out))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _SILENT:  # it never ends, and must not swallow all that follows
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BLOCKS:
            self._block()
        elif tag == "a" and self._link is not None:
            address, start = self._link
            self._link = None
            words = "".join(self._out[start:]).strip()
            if address.startswith(("http://", "https://")) and address.rstrip("/") != words.rstrip("/"):
                self._out.append(f" ({address})" if words else address)

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        words = re.sub(r"\s+", " ", data)
        if words != " " or not self._out or self._out[-1] != "\n":  # between two blocks it is the source's own layout
            self._out.append(words)

    def _block(self) -> None:
        if self._out and self._out[-1] != "\n":
            self._out.append("\n")

    def text(self) -> str:
        lines = [line.strip() for line in "".join(self._out).split("\n")]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))
