"""Account and contract numbers in any spelling: what people type is rarely what the billing prints."""

from __future__ import annotations

import re
import unicodedata
from typing import TypeAlias

AccountNumber: TypeAlias = str
"""An account number exactly as the billing writes it, leading zeros included."""

MAX_LENGTH = 64  # characters of a number, as the tables keep it

_TWINS = str.maketrans("АВЕЁКМНОРСТУХІЈЅ", "ABEEKMHOPCTYXIJS")
# What people put before the number itself. Only whole words followed by something else, never the number's letters.
_WORDS = re.compile(
    r"^(?:л\s*[/.\\-]?\s*с(?:ч[её]та?)?|лицевой\s+сч[её]т|лицевого\s+сч[её]та|сч[её]та?|договора?|номер|"
    r"account|contract|number|no|acc)(?:\b|(?=\d))[\s.:#№-]*",
    re.IGNORECASE,
)


def number_key(spelling: str) -> str:
    """The form under which a number is looked up; empty when nothing of a number is left.

    Spaces, dashes, dots and ``№`` are dropped, letters become capitals, Cyrillic letters that look like Latin ones
    become Latin. Zeros stay: in many billings 0042 and 42 are two accounts.
    """
    text = unicodedata.normalize("NFKC", spelling.replace("№", " ")).strip()
    while (shorter := _WORDS.sub("", text, count=1).strip()) != text and any(c.isdigit() for c in shorter):
        text = shorter
    letters = "".join(c for c in text.upper() if c.isalnum()).translate(_TWINS)
    return "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in letters)[:MAX_LENGTH]
