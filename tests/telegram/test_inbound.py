"""Every kind of update says what it is in the words of a conversation."""

from typing import Any

import pytest
from aiogram.types import Update

from core.clock import ManualClock
from fsm.event import (
    Blocked,
    Command,
    Contact,
    Edited,
    Event,
    File,
    Input,
    Press,
    Text,
    Unblocked,
    Unsupported,
)
from handlers.telegram.inbound import GroupCall, Incoming, order_key, read
from tests.telegram.samples import ANNA, BOT, GROUP, Json, membership, message, person, press, private, text

NOW = ManualClock().now()
PHOTO = [
    {"file_id": "small", "file_unique_id": "a", "width": 90, "height": 60, "file_size": 900},
    {"file_id": "large", "file_unique_id": "b", "width": 1280, "height": 800, "file_size": 90_000},
    {"file_id": "medium", "file_unique_id": "c", "width": 320, "height": 200, "file_size": 9_000},
]
MEDIA = {"file_id": "f", "file_unique_id": "u"}
DOCUMENT = MEDIA | {"file_name": "bill.pdf", "mime_type": "application/pdf", "file_size": 5_000}
VIDEO = MEDIA | {"width": 1, "height": 1, "duration": 1}
STICKER = MEDIA | {"type": "regular", "width": 1, "height": 1, "is_animated": False, "is_video": False}
POLL = {
    "id": "1", "question": "?", "options": [], "total_voter_count": 0, "is_closed": False, "is_anonymous": True,
    "type": "regular", "allows_multiple_answers": False, "allows_revoting": False, "members_only": False,
}  # fmt: skip


def said(raw: Json) -> Incoming:
    return read(Update.model_validate(raw), NOW, "abonent_bot")


def event(raw: Json) -> Event:
    incoming = said(raw)
    assert incoming.event is not None, incoming
    return incoming.event


def what(raw: Json) -> Input:
    return event(raw).input


def by_somebody_else(sender: Json) -> Json:
    raw = text("Hi")
    raw["message"]["from"] = sender
    return raw


def test_an_event_says_who_where_and_when() -> None:
    assert event(text("Hello", 17)) == Event(
        channel="telegram",
        update_id="17",
        address=str(ANNA),
        at=NOW,
        input=Text("Hello"),
        name="Anna Orlova",
        language="ru",
        message_id="27",
    )


def test_a_person_without_a_surname_or_a_language() -> None:
    sender = {"id": ANNA, "is_bot": False, "first_name": "Anna"}
    came = event(by_somebody_else(sender))
    assert (came.name, came.language) == ("Anna", "")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("/start", Command("start")),
        ("/START", Command("start")),
        ("/start link_4001", Command("start", "link_4001")),
        ("/start@Abonent_BOT link_4001", Command("start", "link_4001")),
        ("/help@abonent_bot", Command("help")),
        ("/menu   two words ", Command("menu", "two words")),
        ("/menu\nsecond line", Command("menu", "second line")),
        ("/start@another_bot", Text("/start@another_bot")),
        ("/", Text("/")),
        ("/старт", Text("/старт")),
        ("see /start", Text("see /start")),
        ("1/2", Text("1/2")),
        ("<b>&amp;</b> *x*", Text("<b>&amp;</b> *x*")),
    ],
)
def test_words_and_commands(words: str, expected: Input) -> None:
    assert what(text(words)) == expected


def test_a_press_names_the_message_with_the_button() -> None:
    incoming = said(press("-----[1]", 3))
    assert incoming.event is not None
    assert incoming.event.input == Press("-----[1]")
    assert (incoming.event.message_id, incoming.event.address, incoming.callback) == ("55", str(ANNA), "q3")


def test_a_press_on_a_message_too_old_to_be_shown() -> None:
    raw = press("x")
    raw["callback_query"]["message"] = {"chat": private(), "message_id": 7, "date": 0}
    assert event(raw).message_id == "7"


@pytest.mark.parametrize("missing", ["message", "data"])
def test_a_press_on_what_we_did_not_send_is_skipped_and_answered(missing: str) -> None:
    raw = press("x", 9)
    del raw["callback_query"][missing]
    incoming = said(raw)
    assert incoming.event is None
    assert incoming.skipped
    assert incoming.callback == "q9"


def card(user_id: int | None, phone: str = "79161234567") -> Json:
    return {"phone_number": phone, "first_name": "Anna"} | ({"user_id": user_id} if user_id else {})


def test_ones_own_contact_is_proof() -> None:
    assert what(message(contact=card(ANNA))) == Contact("+79161234567", own=True, by_button=True, name="Anna")


@pytest.mark.parametrize("user_id", [ANNA + 1, None])
def test_a_strangers_contact_is_none(user_id: int | None) -> None:
    assert what(message(contact=card(user_id))) == Contact("79161234567", name="Anna")


def test_a_forwarded_card_is_no_proof_even_of_oneself() -> None:
    origin = {"type": "user", "date": 1, "sender_user": person()}
    assert what(message(contact=card(ANNA), forward_origin=origin)) == Contact("79161234567", name="Anna")


def test_the_largest_size_of_a_photo() -> None:
    expected = File("large", "photo", media_type="image/jpeg", size=90_000, caption="My meter")
    assert what(message(photo=PHOTO, caption="My meter")) == expected


def test_a_document() -> None:
    assert what(message(document=DOCUMENT)) == File("f", "document", "bill.pdf", "application/pdf", 5_000)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("sticker", {"sticker": STICKER}),
        ("voice", {"voice": MEDIA | {"duration": 3}}),
        ("video", {"video": VIDEO}),
        ("video_note", {"video_note": MEDIA | {"length": 1, "duration": 1}}),
        ("audio", {"audio": MEDIA | {"duration": 1}}),
        ("animation", {"animation": VIDEO, "document": DOCUMENT}),
        ("location", {"location": {"latitude": 1.0, "longitude": 2.0}}),
        ("venue", {
            "venue": {"location": {"latitude": 1.0, "longitude": 2.0}, "title": "t", "address": "a"},
            "location": {"latitude": 1.0, "longitude": 2.0},
        }),
        ("poll", {"poll": POLL}),
        ("dice", {"dice": {"emoji": "🎲", "value": 4}}),
        ("story", {"story": {"id": 1, "chat": {"id": 1, "type": "private"}}}),
        ("unknown", {"something_of_next_year": {"a": 1}}),
    ],
)  # fmt: skip
def test_what_no_conversation_takes_is_still_answered(kind: str, content: Json) -> None:
    assert what(message(**content)) == Unsupported(kind)


@pytest.mark.parametrize(
    "content",
    [
        {"pinned_message": {"message_id": 1, "date": 0, "chat": private()}},
        {"message_auto_delete_timer_changed": {"message_auto_delete_time": 86400}},
        {"write_access_allowed": {}},
    ],
)
def test_telegrams_own_notes_are_skipped(content: Json) -> None:
    assert said(message(**content)).skipped.startswith("service message")


def test_another_bots_message_is_skipped() -> None:
    assert said(by_somebody_else(BOT)).skipped == "from a bot"


def edited(**content: Any) -> Json:
    raw = message(4, **content)
    return {"update_id": 4, "edited_message": raw["message"] | {"edit_date": 2}}


def test_an_edited_message() -> None:
    assert what(edited(text="4001")) == Edited("4001")
    assert what(edited(photo=PHOTO, caption="better")) == Edited("better")
    assert event(edited(text="4001")).message_id == "14"


def test_a_moving_location_is_no_edit() -> None:
    assert said(edited(location={"latitude": 1.0, "longitude": 2.0, "live_period": 60})).skipped


def test_blocked_and_back() -> None:
    assert what(membership("member", "kicked")) == Blocked()
    assert what(membership("kicked", "member")) == Unblocked()
    assert event(membership("member", "kicked", 8)).address == str(ANNA)


def test_an_odd_membership_is_skipped() -> None:
    assert said(membership("kicked", "left")).skipped


@pytest.mark.parametrize("kind", ["group", "supergroup"])
def test_added_to_a_group(kind: str) -> None:
    raw = membership("left", "member", 6, chat=GROUP | {"type": kind}, language="en")
    assert said(raw).group == GroupCall(-5, "en", added_by=6)


@pytest.mark.parametrize(("old", "new"), [("member", "kicked"), ("member", "left")])
def test_removed_from_a_group(old: str, new: str) -> None:
    assert said(membership(old, new, chat=GROUP)).skipped


def test_added_to_a_channel() -> None:
    assert said(membership("left", "member", chat={"id": -9, "type": "channel", "title": "c"})).skipped


@pytest.mark.parametrize("words", ["/help@abonent_bot", "/help", "@Abonent_bot, my bill?", "ask (@abonent_bot)"])
def test_addressed_in_a_group(words: str) -> None:
    assert said(text(words, chat=GROUP)).group == GroupCall(-5, "ru")


@pytest.mark.parametrize("words", ["hello", "/help@other_bot", "@abonent_bottle", "abonent_bot"])
def test_overheard_in_a_group(words: str) -> None:
    assert said(text(words, chat=GROUP)) == Incoming(skipped="said in a group")


def test_a_press_and_an_edit_in_a_group_are_no_turns() -> None:
    raw = press("x", 2)
    raw["callback_query"]["message"]["chat"] = GROUP
    assert (said(raw).event, said(raw).callback) == (None, "q2")
    assert said(edited(text="x", chat=GROUP)).event is None


@pytest.mark.parametrize("kind", ["channel_post", "business_message", "guest_message"])
def test_what_is_none_of_our_business_is_named(kind: str) -> None:
    assert said({"update_id": 1, kind: message(text="x")["message"]}).skipped == f"not taken: {kind}"


def test_an_update_of_a_kind_that_did_not_exist_yet() -> None:
    assert said({"update_id": 1, "telepathy": {"a": 1}}).skipped == "not taken: telepathy"


def test_updates_of_one_chat_share_their_order() -> None:
    assert order_key(text("x")) == order_key(press("x")) == order_key(membership("member", "kicked")) == ANNA
    assert order_key({"update_id": 31, "telepathy": {"a": 1}}) == 31


def test_words_that_no_database_takes_are_cleaned() -> None:
    update = Update.model_validate(text("a\0b c"))
    event = read(update, NOW).event
    assert event is not None
    assert event.input == Text("ab c")


def test_photos_sent_together_say_so() -> None:
    photo = what(message(photo=PHOTO, media_group_id="13900000000000001"))
    document = what(message(document=DOCUMENT, media_group_id="13900000000000002"))
    alone = what(message(photo=PHOTO))
    assert [sent.album for sent in (photo, document, alone) if isinstance(sent, File)] == [
        "13900000000000001",
        "13900000000000002",
        "",
    ]


def test_an_answer_names_our_message_and_no_others() -> None:
    ours = {"message_id": 77, "date": 1_700_000_000, "chat": private(), "from": BOT, "text": "Is it solved?"}
    assert event(text("Yes")).reply_to == ""
    assert event(text("Yes", reply_to_message=ours)).reply_to == "77"
    assert event(text("Yes", reply_to_message=ours | {"from": person()})).reply_to == ""
    assert event(message(photo=PHOTO, reply_to_message=ours)).reply_to == "77"
