"""Every event and every kind of message, and everything that only looks like one."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm.event import (
    Blocked,
    Command,
    Contact,
    Event,
    File,
    Input,
    Opened,
    Press,
    Text,
    Unblocked,
    Unsupported,
)
from handlers.viber.inbound import Ignored, Malformed, Receipt, parse, signature_matches
from handlers.viber.outbound import file_url
from handlers.viber.payloads import PREFIX, SHARE_PHONE, tracking_data
from tests.viber.support import BIG_TOKEN, STAMP, TOKEN, USER, body, said, sign

AT = datetime(2026, 1, 1, 0, 0, 0, 123_000, tzinfo=UTC)
PERSON = {"id": USER, "name": "Анна", "avatar": "", "country": "RU", "language": "ru", "api_version": 10}


def event(raw: bytes) -> Event:
    arrived = parse(raw)
    assert isinstance(arrived, Event)
    return arrived


@pytest.mark.parametrize(
    "header", [None, "", "abc", "0" * 64, "подпись", "\udcff\x00", sign(b"another"), sign(b"{}", "t")]
)
def test_a_wrong_signature(header: str | None) -> None:
    assert not signature_matches(TOKEN, b"{}", header)


def test_the_right_signature() -> None:
    assert signature_matches(TOKEN, b"{}", sign(b"{}"))
    assert signature_matches(TOKEN, b"{}", sign(b"{}").upper())


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"type": "text", "text": "Привет *всем*"}, Text("Привет *всем*")),
        ({"type": "text", "text": PREFIX + '----["m"]'}, Press('----["m"]')),
        ({"type": "text", "text": "/start link_4001"}, Command("start", "link_4001")),
        ({"type": "text", "text": "/Menu "}, Command("menu")),
        ({"type": "text", "text": "and/or"}, Text("and/or")),
        ({"type": "text", "text": "a\0b\ud83d"}, Text("ab?")),
        ({"type": "url", "media": "https://example.org/a"}, Text("https://example.org/a")),
        (
            {"type": "contact", "text": SHARE_PHONE, "contact": {"phone_number": "79161234567"}},
            Contact("79161234567", own=False, by_button=True),
        ),
        (
            {"type": "contact", "contact": {"name": "Пётр", "phone_number": "79161234567", "avatar": ""}},
            Contact("79161234567", own=False, by_button=False, name="Пётр"),
        ),
        ({"type": "video", "media": "https://v/1", "size": 5, "duration": 1}, Unsupported("video")),
        ({"type": "location", "location": {"lat": 55.7, "lon": 37.6}}, Unsupported("location")),
        ({"type": "sticker", "sticker_id": 46105}, Unsupported("sticker")),
        ({"type": "hologram"}, Unsupported("hologram")),
        ({"type": "<b>"}, Unsupported("unknown")),
        ({"type": "picture", "text": "no media"}, Unsupported("picture")),
        ({"type": "contact"}, Unsupported("contact")),
        ({"type": "contact", "contact": "79161234567"}, Unsupported("contact")),
    ],
)
def test_messages(message: dict[str, Any], expected: Input) -> None:
    assert event(said(message)).input == expected


def test_a_message_carries_who_and_when() -> None:
    arrived = event(said({"type": "text", "text": "x"}))
    assert arrived == Event(
        channel="viber",
        update_id=f"message:{BIG_TOKEN}",
        address=USER,
        at=AT,
        input=Text("x"),
        name="Анна",
        language="ru",
        country="RU",
        message_id=str(BIG_TOKEN),
    )


def test_a_picture_and_a_file() -> None:
    picture = event(said({"type": "picture", "media": "https://dl.viber/1.jpg", "text": "счёт", "file_name": "1.jpg"}))
    assert isinstance(picture.input, File)
    assert (picture.input.kind, picture.input.caption, picture.input.media_type) == ("photo", "счёт", "image/jpeg")
    assert file_url(picture.input.ref) == "https://dl.viber/1.jpg"
    assert json.loads(picture.input.ref)["until"] == "2026-01-01T01:00:00.123000+00:00"
    for size in ({"size": 7}, {"file_size": 7}):
        file = event(said({"type": "file", "media": "https://dl.viber/2", "file_name": "паспорт.pdf", **size}))
        assert isinstance(file.input, File)
        assert (file.input.kind, file.input.name, file.input.size) == ("document", "паспорт.pdf", 7)


def test_a_link_button_is_not_taken_for_words() -> None:
    url = "https://pay.example/x"
    tracked = tracking_data([url])
    assert parse(said({"type": "text", "text": url, "tracking_data": tracked})) == Ignored("link opened")
    assert parse(said({"type": "text", "text": url}, silent=True)) == Ignored("link opened")
    assert event(said({"type": "text", "text": url})).input == Text(url)
    assert event(said({"type": "text", "text": "https://b.example", "tracking_data": tracked})).input == Text(
        "https://b.example"
    )
    for forged in ("[]", "{", '{"links": 5}', "[" * 50_000):
        assert event(said({"type": "text", "text": url, "tracking_data": forged})).input == Text(url)


def test_opening_subscribing_and_leaving() -> None:
    opened = event(body("conversation_started", type="open", context="link_4001", user=PERSON, subscribed=False))
    assert opened.input == Opened("link_4001", subscribed=False)
    assert (opened.address, opened.name, opened.language, opened.country) == (USER, "Анна", "ru", "RU")
    assert event(body("conversation_started", user=PERSON, subscribed=True)).input == Opened("", subscribed=True)
    assert event(body("conversation_started", user=PERSON)).input == Opened("", subscribed=False)
    assert event(body("subscribed", user=PERSON)).input == Unblocked()
    left = event(body("unsubscribed", user_id=USER))
    assert (left.input, left.address) == (Blocked(), USER)


def test_identity_survives_redelivery_and_tells_events_of_one_token_apart() -> None:
    raw = said({"type": "text", "text": "x"})
    assert event(raw).update_id == event(raw).update_id
    ids = {
        event(raw).update_id,
        event(body("subscribed", user=PERSON)).update_id,
        event(body("unsubscribed", user_id=USER)).update_id,
        event(body("conversation_started", user=PERSON)).update_id,
        event(raw.replace(str(BIG_TOKEN).encode(), str(BIG_TOKEN + 1).encode())).update_id,
    }
    assert len(ids) == 5  # neighbouring 64-bit tokens would be one as floats


def test_receipts() -> None:
    token = str(BIG_TOKEN)
    assert parse(body("delivered", user_id=USER)) == Receipt("delivered", token, USER, AT)
    assert parse(body("seen", user_id=USER)) == Receipt("seen", token, USER, AT)
    assert parse(body("failed", user_id=USER, desc="no")) == Receipt("failed", token, USER, AT, "no")
    assert parse(body("failed", user_id=USER)) == Receipt("failed", token, USER, AT)


def test_events_that_mean_nothing_to_us() -> None:
    assert parse(body("webhook")) == Ignored("webhook")
    assert parse(b'{"event": "webhook"}') == Ignored("webhook")
    assert parse(body("client_status", user=PERSON, status={"code": 0})) == Ignored("client_status")
    assert parse(body("brand_new")) == Ignored("brand_new", known=False)
    assert parse(body("Анна +79161234567")) == Ignored("?", known=False)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff",
        b"[]",
        b"[" * 200_000,
        b'{"event": 5}',
        body("message"),
        body("message", sender=5, message={"type": "text", "text": "x"}),
        body("message", sender={"id": ""}, message={"type": "text", "text": "x"}),
        body("message", sender={"id": 5}, message={"type": "text", "text": "x"}),
        body("message", sender={"id": "a\0"}, message={"type": "text", "text": "x"}),
        said({"type": ["text"]}),
        said({"text": "no type"}),
        said({"type": "text", "text": "x"}, message_token=4.9e18),
        said({"type": "text", "text": "x"}, message_token=True),
        said({"type": "text", "text": "x"}, message_token=None),
        said({"type": "text", "text": "x"}, timestamp="now"),
        said({"type": "text", "text": "x"}, timestamp=10**30),
        body("delivered"),
        body("subscribed", user=[]),
    ],
)
def test_nonsense_is_malformed_and_never_another_error(raw: bytes) -> None:
    with pytest.raises(Malformed) as caught:
        parse(raw)
    assert USER not in str(caught.value)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_fields = ("timestamp", "message_token", "user", "user_id", "sender", "message", "desc", "context", "subscribed")
_names = ("message", "conversation_started", "subscribed", "unsubscribed", "delivered", "seen", "failed", "other")


@given(
    st.sampled_from(_names),
    st.dictionaries(st.sampled_from(_fields), _json),
    st.fixed_dictionaries({}, optional=dict.fromkeys(("type", "text", "media", "contact", "tracking_data"), _json)),
)
def test_whatever_is_signed_is_an_event_or_malformed(
    name: str, fields: dict[str, Any], message: dict[str, Any]
) -> None:
    whole = {"timestamp": STAMP, "message_token": 1, "sender": {"id": USER}, "message": message, "user_id": USER}
    for data in (fields, {**whole, **fields}, whole):
        try:
            arrived = parse(json.dumps({**data, "event": name}).encode())
        except Malformed:
            continue
        assert isinstance(arrived, Event | Receipt | Ignored)


def test_an_id_longer_than_the_tables_keep_is_refused() -> None:
    """It would fail in the database each time that Viber brought it again."""
    raw = {"event": "unsubscribed", "timestamp": STAMP, "message_token": BIG_TOKEN}
    assert isinstance(parse(json.dumps({**raw, "user_id": "u" * 100}).encode()), Event)
    with pytest.raises(Malformed):
        parse(json.dumps({**raw, "user_id": "u" * 101}).encode())
