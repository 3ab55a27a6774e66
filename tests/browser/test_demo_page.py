"""The page of the real demo in a real browser: a stranger registers in both messengers and sees what they owe."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Browser, Locator, Page, Request, expect

from fsm.texts import Translator
from tests.support.ports import free_port

pytestmark = [pytest.mark.browser, pytest.mark.slow]

expect.set_options(timeout=15_000)
NUMBER = "7700101008"  # no contact on file: linked only by the staff


@pytest.fixture
async def demo() -> AsyncIterator[str]:
    """The address of `abonent demo`, started as a stranger starts it; it must stop within seconds, page open or not."""
    address = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-c", "from bot.cli import main; main()", "demo", "--port", address.split(":")[1]]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            while line := await process.stdout.readline():
                if address.encode() in line:
                    break
        assert process.returncode is None
        yield f"http://{address}"
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


class Watch:
    """What must not happen on the page: mistakes in the console, and requests that leave the machine."""

    def __init__(self, page: Page, own: str) -> None:
        self.own = own
        self.wrong: list[str] = []
        page.on("console", lambda message: self.wrong.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("request", self._request)

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != urlsplit(self.own).netloc:
            self.wrong.append(f"a request to {parts.netloc}")


@asynccontextmanager
async def open_page(browser: Browser, address: str, *, width: int, height: int) -> AsyncIterator[Page]:
    context = await browser.new_context(viewport={"width": width, "height": height}, locale="ru-RU")
    page = await context.new_page()
    watch = Watch(page, address)
    await page.goto(address)
    yield page
    assert watch.wrong == []
    # The page stays open: the demo has to stop in spite of its event stream.


def ru(english: str, **values: object) -> str:
    """As the bot says it in Russian; what has no translation stays as it is."""
    return Translator("ru", ZoneInfo("Europe/Moscow")).t(english, **values)


class Phone:
    """One of the two phones on the page. Labels and texts are given in English and looked for in Russian."""

    def __init__(self, page: Page, messenger: str) -> None:
        self.root: Locator = page.get_by_test_id(f"phone-{messenger}")
        self.key = "button" if messenger == "telegram" else "keyboard-button"
        self.messages = self.root.get_by_test_id("messages")

    async def start(self) -> None:
        await self.root.get_by_test_id("start").click()

    async def press(self, label: str) -> None:
        await self.root.locator(f'[data-testid="{self.key}"][data-label*="{ru(label)}"]').last.click()

    async def press_key(self, label: str) -> None:
        await self.root.locator(f'[data-testid="keyboard-button"][data-label*="{ru(label)}"]').click()

    async def say(self, text: str) -> None:
        await self.root.get_by_test_id("input").fill(text)
        await self.root.get_by_test_id("send").click()

    async def sees(self, text: str | re.Pattern[str]) -> None:
        wanted = ru(text) if isinstance(text, str) else text
        await expect(self.messages.locator('[data-testid="message"][data-from="bot"]').last).to_contain_text(wanted)


async def register_in_telegram(phone: Phone) -> None:
    await phone.start()
    await phone.press("✅ I agree")
    await phone.press_key("📱 Share my phone number")
    await phone.sees("What is your name?")
    await phone.press("Алексей Кузнецов")
    await phone.press("Москва")
    await phone.press("🔗 Link it")
    await phone.sees(re.compile("ривязан"))
    await phone.say("/balance")
    await phone.sees(re.compile(r"840,00"))


async def test_both_messengers_from_start_to_debt(demo: str, browser: Browser) -> None:
    async with open_page(browser, demo, width=1440, height=900) as page:
        telegram, viber = Phone(page, "telegram"), Phone(page, "viber")
        await register_in_telegram(telegram)
        await telegram.press("📋 What the sum consists of")
        await telegram.sees("Статический IP-адрес")

        await viber.start()
        await viber.press("✅ I agree")
        await viber.press("📱 Share my phone number")
        letter = page.get_by_test_id("sms-item").first
        await expect(letter).to_have_attribute("data-code", re.compile(r"^\d{6}$"))
        await letter.get_by_test_id("insert-viber").click()
        await viber.root.get_by_test_id("send").click()
        await viber.sees(re.compile("С возвращением"))  # the same phone: the same subscriber
        await telegram.sees("Viber")  # and the first chat hears of it
        await viber.say("/balance")
        await viber.sees(re.compile(r"840,00"))
        await viber.press("📊 As a picture")
        await expect(viber.messages.locator("img").last).to_be_visible()

        panel = page.get_by_test_id("control-payment")
        await panel.get_by_test_id("param-amount").fill("840")
        await page.get_by_test_id("run-payment").click()
        await expect(panel).to_contain_text("Принято 840.00")
        await viber.say("/balance")
        await viber.sees("Nothing to pay")

        await page.get_by_test_id("language-en").click()
        await expect(page.get_by_test_id("control-payment")).to_contain_text("Take a payment")
        await expect(page.get_by_test_id("person-picker").first).to_contain_text("owes for a month")


async def test_a_request_to_staff_on_a_narrow_screen(demo: str, browser: Browser) -> None:
    async with open_page(browser, demo, width=390, height=844) as page:
        telegram = Phone(page, "telegram")
        await register_in_telegram(telegram)
        await telegram.say("/link")
        await telegram.sees("Which account shall I link?")
        await telegram.say(NUMBER)
        await telegram.press("Ask our staff to link it")
        await telegram.press("📨 Send as it is")
        await telegram.sees(ru("Your appeal No. {appeal} to link {number} is with our staff.", appeal=1, number=NUMBER))
        await page.get_by_test_id("tab-controls").click()
        lever = page.get_by_test_id("control-request")
        await expect(lever).to_contain_text(NUMBER)
        await lever.get_by_test_id("run-request").click()
        await page.get_by_test_id("tab-telegram").click()
        await telegram.sees(ru("Our staff checked your appeal No. {appeal} and agreed.", appeal=1))
