"""Words and states between Zammad and us, settings that contradict each other, and what `abonent check` says."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.integrations.helpdesk.zammad_check import examine_zammad
from bot.integrations.helpdesk.zammad_client import TicketState, ZammadClient
from bot.integrations.helpdesk.zammad_speech import split
from bot.integrations.helpdesk.zammad_states import DEFAULT, States, parse_states
from bot.integrations.helpdesk.zammad_text import inline_files, one_line, plain_text
from bot.settings import SettingsError, load
from core.appeals.models import AppealStatus
from core.clock import ManualClock
from tests.helpdesk.doubles.zammad import STATES, TOKEN, Zammad

KEY = "k3y-of-a-test-with-many-different-letters-0123456789"
THEIRS = [TicketState(name, kind) for name, kind in STATES.items()]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("hello", "hello"),
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("<p>one</p>\n<p>two<br>three</p>", "one\ntwo\nthree"),
        ("<ul><li>a</li><li>b</li></ul>", "• a\n• b"),
        ("<script>alert(1)</script>x<style>y{}</style>", "x"),
        ('<a href="https://e.org/a">here</a>', "here (https://e.org/a)"),
        ('<a href="https://e.org/">https://e.org</a>', "https://e.org"),
        ('<a href="javascript:alert(1)">x</a>', "x"),
        ("a\u202eb\u0000c", "abc"),
        ("<script/>kept", "kept"),
        ("</script></style>kept", "kept"),
        ("<img src=x onerror=alert(1)>", ""),
    ],
)
def test_an_agents_html_becomes_plain_text(html: str, text: str) -> None:
    assert plain_text(html, "text/html") == text
    assert plain_text(html, None) == text


def test_plain_text_is_left_alone() -> None:
    assert plain_text("a <b>\r\nc", "text/plain; charset=utf-8") == "a <b>\nc"


@given(st.text(), st.sampled_from(["text/html", "text/plain", None]))
def test_no_text_breaks_the_reader(body: str, kind: str | None) -> None:
    assert "\x00" not in plain_text(body, kind)
    inline_files(body)


@given(st.text(min_size=1, max_size=400), st.integers(5, 60))
def test_parts_are_short_and_lose_nothing(text: str, longest: int) -> None:
    parts = split(text, longest)
    assert all(0 < len(part) <= longest for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_pictures_within_a_text_are_found() -> None:
    body = '<img src="/api/v1/ticket_attachment/1/2/33"><img src="/api/v1/ticket_attachment/1/2/33"><img src="/x/4">'
    assert inline_files(body) == [33]


def test_a_title_is_one_short_line() -> None:
    assert one_line("a\n\tb\u0007 c") == "a b c"
    assert len(one_line("x" * 999)) == 200


def test_states_of_the_operators_own() -> None:
    chosen = parse_states("rejected=refused, pending = pending close")
    states = States(chosen, THEIRS)
    assert states.missing() == []
    assert states.meant("refused") is AppealStatus.rejected
    assert states.meant("closed") is AppealStatus.resolved
    assert not states.stands_for("closed", AppealStatus.rejected)
    assert States(parse_states("resolved=solved"), THEIRS).missing() == ["solved"]
    assert States(DEFAULT, THEIRS).meant("refused") is AppealStatus.resolved
    assert States(DEFAULT, THEIRS).meant("something new") is None


@pytest.mark.parametrize("given_states", ["open", "draft=new", "solved=closed", "rejected="])
def test_states_that_make_no_sense(given_states: str) -> None:
    with pytest.raises(ValueError, match="must look like"):
        parse_states(given_states)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"zammad_url": "https://help.example.org"}, "ABONENT_ZAMMAD_TOKEN is missing"),
        ({"zammad_token": "x"}, "ABONENT_ZAMMAD_URL is missing"),
        ({"zammad_url": "http://help.example.org", "zammad_token": "x"}, "begins with http://"),
        ({"zammad_url": "help.example.org", "zammad_token": "x"}, "must be an address"),
        ({"zammad_states": "nonsense"}, "must look like"),
        ({"zammad_url": "https://h.org", "zammad_token": "x", "zammad_webhook_secret": "short"}, "at least 16"),
    ],
)
def test_settings_that_contradict_each_other(options: dict[str, str], word: str) -> None:
    with pytest.raises(SettingsError, match=word):
        load(secret_key=KEY, _env_file=None, **options)


def test_the_apis_path_may_be_left_in_the_address() -> None:
    settings = load(secret_key=KEY, _env_file=None, zammad_url="https://h.org/api/v1/", zammad_token="t")
    assert settings.zammad_url == "https://h.org"


@pytest.fixture
async def zammad() -> AsyncIterator[Zammad]:
    async with Zammad(ManualClock()).running() as running:
        yield running


async def check(zammad: Zammad, *, token: str = TOKEN, group: str = "Users", states: str = "") -> list[str]:
    client = ZammadClient(zammad.url, token, time_limit=1)
    found = await examine_zammad(client, group, parse_states(states), signed=True)
    await client.close()
    return [f"{one.level}: {one.text}" for one in found]


async def test_check_says_what_is_right_and_what_to_mend(zammad: Zammad) -> None:
    assert await check(zammad) == ["ok: Zammad answers, and accepts the token."]
    assert "problem: Zammad does not accept ABONENT_ZAMMAD_TOKEN" in (await check(zammad, token="wrong"))[0]
    for group in ("Old", "Reading"):
        assert f"full access to the group {group!r}" in (await check(zammad, group=group))[1]
    assert "no active state 'solved'" in (await check(zammad, states="resolved=solved"))[1]
    zammad.faults.answers = (200, b"<html>")
    assert "something that is not its API" in (await check(zammad))[0]
    assert zammad.tickets == {}
