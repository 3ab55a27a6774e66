"""Styles are counted in UTF-16 units, and long texts are cut where a reader would cut them."""

from hypothesis import given
from hypothesis import strategies as st

from handlers.telegram.entities import Parts, formatted, split, utf16_length


def cut(text: str, start: int, length: int) -> str:
    return text.encode("utf-16-le")[2 * start : 2 * (start + length)].decode("utf-16-le")


def styled(parts: Parts) -> list[tuple[str, str]]:
    text, marks = formatted(parts)
    return [(mark.type, cut(text, mark.offset, mark.length)) for mark in marks]


def plain(parts: Parts) -> str:
    return "".join(piece for piece, _style in parts)


def test_an_emoji_counts_two() -> None:
    text, marks = formatted((("😀 ", "plain"), ("350 ₽", "bold"), (" 👨‍👩‍👧 ", "plain"), ("4001", "code")))
    assert text == "😀 350 ₽ 👨‍👩‍👧 4001"
    assert [(mark.type, mark.offset, mark.length) for mark in marks] == [("bold", 3, 5), ("code", 18, 4)]


def test_neighbours_of_one_style_are_one_entity() -> None:
    assert styled((("a", "bold"), ("😀", "bold"), ("c", "italic"))) == [("bold", "a😀"), ("italic", "c")]


def test_markup_stays_words() -> None:
    text, marks = formatted((("<b>*x*</b> _y_", "plain"),))
    assert (text, marks) == ("<b>*x*</b> _y_", [])


def test_half_a_character_is_replaced() -> None:
    text, _ = formatted((("a\ud83d", "plain"),))
    assert text == "a\ufffd"


def test_a_short_text_stays_whole() -> None:
    assert split((("Hello\n\nworld", "plain"),)) == [(("Hello\n\nworld", "plain"),)]


def test_nothing_makes_no_message() -> None:
    assert split(()) == []
    assert split(((" \n", "plain"),)) == []


def test_cuts_at_a_paragraph_a_line_a_word_in_that_order() -> None:
    assert [plain(p) for p in split((("aaa\nbbb\n\nccc ddd", "plain"),), 12)] == ["aaa\nbbb", "ccc ddd"]
    assert [plain(p) for p in split((("aaa bbb\nccc ddd", "plain"),), 12)] == ["aaa bbb", "ccc ddd"]
    assert [plain(p) for p in split((("aaa bbb ccc ddd", "plain"),), 12)] == ["aaa bbb ccc", "ddd"]
    assert [plain(p) for p in split((("a" * 20, "plain"),), 12)] == ["a" * 12, "a" * 8]


def test_a_style_goes_on_after_the_cut() -> None:
    chunks = split((("aaa ", "plain"), ("bbb ccc ddd", "bold")), 8)
    assert [styled(chunk) for chunk in chunks] == [[("bold", "bbb")], [("bold", "ccc ddd")]]


def test_the_limit_is_in_units_not_characters() -> None:
    chunks = split((("😀" * 3000, "plain"),))
    assert [utf16_length(plain(chunk)) for chunk in chunks] == [4096, 1904]


PARTS = st.lists(st.tuples(st.text("ab 😀\n", max_size=30), st.sampled_from(["plain", "bold", "code"]))).map(tuple)


@given(PARTS, st.integers(4, 20))
def test_no_word_is_lost_and_no_message_is_too_long(parts: Parts, limit: int) -> None:
    chunks = split(parts, limit)
    assert all(0 < utf16_length(plain(chunk)) <= limit for chunk in chunks)
    assert all(plain(chunk) == plain(chunk).strip() for chunk in chunks)
    assert "".join("".join(map(plain, chunks)).split()) == "".join(plain(parts).split())
    for chunk in chunks:
        text, marks = formatted(chunk)
        assert all(mark.offset + mark.length <= utf16_length(text) for mark in marks)
