"""Albums and answers to a message, as people send them in both messengers, and what no app would send."""

from __future__ import annotations

import json

import httpx
import pytest
from aiogram import Bot

from bot.sandbox import Sandbox
from bot.sandbox.shapes import Impossible
from bot.sandbox.telegram.people import Person
from tests.sandbox.conftest import HOOK, Listener, png
from tests.sandbox.test_viber_callbacks import hook


@pytest.fixture
def anna(sandbox: Sandbox) -> Person:
    return sandbox.telegram.person("Анна", "+79001112233")


async def test_an_album_comes_piece_by_piece(bot: Bot, anna: Person) -> None:
    anna.send_album([("a.png", png()), ("b.png", png()), ("c.png", png())], "Смотрите", photos=True)
    anna.send_album([("a.pdf", b"%PDF"), ("b.pdf", b"%PDF-")], photos=False)
    messages = [update.message for update in await bot.get_updates() if update.message]
    assert [m.caption for m in messages] == ["Смотрите", None, None, None, None]
    assert [bool(m.photo) for m in messages] == [True, True, True, False, False]
    groups = [m.media_group_id for m in messages]
    assert len(set(groups[:3])) == 1 == len(set(groups[3:]))
    assert groups[0] != groups[3]
    assert len({m.message_id for m in messages}) == 5
    assert [shown.album for shown in anna.messages] == groups


async def test_an_answer_carries_what_it_answers(bot: Bot, anna: Person) -> None:
    anna.start()
    ours = await bot.send_message(anna.id, "Решено?")
    anna.reply(ours.message_id, "Нет")
    anna.send_photo(png(), reply_to=ours.message_id)
    answers = [update.message for update in (await bot.get_updates())[-2:]]
    assert [a.reply_to_message.message_id for a in answers if a and a.reply_to_message] == [ours.message_id] * 2
    assert anna.messages[-2].reply == {"id": ours.message_id, "from": "bot", "text": "Решено?"}


@pytest.mark.parametrize("count", [0, 1, 11])
def test_an_album_has_two_to_ten(anna: Person, count: int) -> None:
    with pytest.raises(Impossible):
        anna.send_album([("a.png", png())] * count, photos=True)
    assert anna.messages == []


def test_what_no_app_would_send(anna: Person) -> None:
    with pytest.raises(Impossible):
        anna.send_photo(b"%PDF")
    with pytest.raises(Impossible):
        anna.send_album([("a.png", png()), ("b.pdf", b"%PDF")], photos=True)
    with pytest.raises(Impossible):
        anna.send_document("empty.pdf", b"")
    with pytest.raises(Impossible):
        anna.send_photo(png(), "x" * 1025)
    with pytest.raises(Impossible):
        anna.reply(999, "На что?")
    assert anna.messages == []


async def test_viber_brings_single_pictures_and_the_words_of_an_answer_alone(
    sandbox: Sandbox, listener: Listener, client: httpx.AsyncClient
) -> None:
    await hook(client, sandbox, url=HOOK)
    listener.bodies.clear()
    boris = sandbox.viber.person("Борис", "+79003334455")
    boris.send_pictures([png(), png()])
    first = str(boris.messages[0].id)
    boris.reply(first, "Вот это")
    assert boris.messages[-1].reply == {"id": first, "from": "me", "text": "📎"}
    await sandbox.deliver_due()
    assert [body["message"]["type"] for body in listener.bodies] == ["picture", "picture", "text"]
    assert first not in json.dumps(listener.bodies[-1])
    with pytest.raises(Impossible):
        boris.send_picture(b"%PDF")
    with pytest.raises(Impossible):
        boris.send_file("empty.pdf", b"")
    with pytest.raises(Impossible):
        boris.reply("1", "На что?")
