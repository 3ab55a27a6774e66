"""The staff's desk of the real demo in a real browser: an appeal with a photo from Viber, answered, returned, rated."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.browser.test_demo_page import (
    Phone,
    demo,  # noqa: F401 - a fixture
    open_page,
    register_in_telegram,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PHOTO = Path(__file__).resolve().parents[2] / "docs" / "demo.png"
DECODED = "image => image.decode().then(() => image.naturalWidth)"
LATE = 60_000  # milliseconds: many things run side by side on the machine of the tests


class AtDesk:
    """Somebody of the staff, in a browser of their own."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.wrong: list[str] = []

    @classmethod
    async def sit_down(
        cls, browser: Browser, address: str, login: str, *, dark: bool = False, width: int = 1280
    ) -> AtDesk:
        """Comes to the desk of the demo and signs in with one press."""
        scheme: Literal["dark", "light"] = "dark" if dark else "light"
        context = await browser.new_context(
            locale="ru-RU", color_scheme=scheme, viewport={"width": width, "height": 900}
        )
        page = await context.new_page()
        desk = cls(page)
        page.on("pageerror", lambda error: desk.wrong.append(str(error)))
        page.on("console", lambda said: desk.wrong.append(said.text) if "Security Policy" in said.text else None)
        await page.goto(f"{address}/desk")
        await page.get_by_test_id(f"demo-{login}").click()
        await expect(page.locator("#inbox")).to_be_visible()
        return desk

    async def leave(self) -> None:
        assert self.wrong == [], "a script failed, or the policy forbade something"
        await self.page.context.close()

    def row(self, words: str) -> Locator:
        return self.page.locator("[data-row]", has_text=words)

    async def background(self) -> int:
        """How light the page is, from 0 to 255."""
        colour = await self.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        red, green, blue = map(int, re.findall(r"\d+", colour)[:3])
        return (red + green + blue) // 3


async def write_in_viber(page: Page, viber: Phone) -> None:
    await viber.say("/appeal")
    await viber.press("Что-то не работает")
    await viber.say("Роутер мигает красным")
    await viber.sees(re.compile("Роутер мигает красным"))
    await viber.root.get_by_test_id("attach").click()
    async with page.expect_file_chooser() as chooser:
        await viber.root.get_by_test_id("attach-photo").click()
    await (await chooser.value).set_files(PHOTO)
    await viber.root.get_by_test_id("send").click()
    for _ in range(6):
        await page.wait_for_timeout(1500)
        last = viber.messages.locator('[data-testid="message"][data-from="bot"]').last
        if re.search(r"№ \d+", await last.inner_text()) and "отправ" in (await last.inner_text()).lower():
            return
        for label in ("📨 Отправить как есть", "📨 Отправить"):
            button = viber.root.locator(f'[data-testid="keyboard-button"][data-label*="{label}"]')
            if await button.count():
                await button.last.click()
                break


async def test_an_appeal_from_viber_is_answered_returned_solved_and_rated(
    demo: str,  # noqa: F811 - the fixture above
    browser: Browser,
) -> None:
    async with open_page(browser, demo, width=1440, height=900) as page:
        telegram, viber = Phone(page, "telegram"), Phone(page, "viber")
        await register_in_telegram(telegram)
        await viber.start()
        await viber.press("✅ I agree")
        await viber.press("📱 Share my phone number")
        await page.get_by_test_id("sms-item").first.get_by_test_id("insert-viber").click()
        await viber.root.get_by_test_id("send").click()
        await viber.sees(re.compile("С возвращением"))
        await write_in_viber(page, viber)

        desk = await AtDesk.sit_down(browser, demo, "maria", dark=True)
        assert await desk.background() < 60, "dark where the system is"
        await expect(desk.row("Что-то не работает")).to_be_visible(timeout=LATE)

        await desk.page.keyboard.press("?")
        await expect(desk.page.locator("#keys")).to_be_visible()
        await desk.page.keyboard.press("Escape")
        await desk.page.keyboard.press("j")
        await desk.page.keyboard.press("Enter")
        await expect(desk.page.locator(".picture img")).to_be_visible()
        assert await desk.page.locator(".picture img").evaluate(DECODED)
        await desk.page.keyboard.press("a")
        await expect(desk.page.locator(".facts")).to_contain_text("Мария Орлова")
        await desk.page.keyboard.press("r")
        await desk.page.keyboard.type("Перезагрузили ваш порт, проверьте")
        await desk.page.keyboard.press("Control+Enter")
        await viber.sees(re.compile("Перезагрузили ваш порт"))
        arrived = re.compile("Viber: (доставлено|прочитано)")
        await expect(desk.page.locator(".message.staff")).to_contain_text(arrived, timeout=LATE)

        await viber.say("Спасибо, но всё ещё красный")
        await expect(desk.page.locator("#thread")).to_contain_text("всё ещё красный", timeout=LATE)
        await desk.page.keyboard.press("e")
        await desk.page.locator("#resolve textarea").fill("Заменили порт")
        await desk.page.locator("#resolve button.main").click()
        await viber.sees(re.compile("Заменили порт"))
        await viber.press("↩️ No, return to work")
        await viber.press("↩️ Return it without a word")
        await expect(desk.page.locator("#work .facts")).to_contain_text("Возвращено", timeout=LATE)
        await desk.page.keyboard.press("e")
        await desk.page.locator("#resolve textarea").fill("Теперь точно")
        await desk.page.locator("#resolve button.main").click()
        await viber.sees(re.compile("Теперь точно"))
        await viber.press("✅ Yes, solved")
        await viber.press("5")
        await expect(desk.page.locator(".rating .stars")).to_have_text("★★★★★", timeout=LATE)
        await desk.leave()


async def test_two_agents_see_each_other_and_the_page_follows(
    demo: str,  # noqa: F811 - the fixture above
    browser: Browser,
) -> None:
    async with open_page(browser, demo, width=1440, height=900) as page:
        telegram = Phone(page, "telegram")
        await register_in_telegram(telegram)
        pages = []
        for login in ("maria", "elena"):
            pages.append(await AtDesk.sit_down(browser, demo, login, width=820))
        one, two = pages
        assert await one.background() > 200
        await telegram.say("/person")
        await telegram.say("Позовите человека")
        await telegram.press("📨 Send")
        await expect(one.row("Позовите человека")).to_be_visible(timeout=LATE)
        for at in pages:
            await at.row("Позовите человека").click()
            await expect(at.page.locator("#composer")).to_be_visible()
        await one.page.locator("#text").fill("Здравствуйте")
        await expect(two.page.locator("#beside")).to_contain_text("Мария Орлова", timeout=LATE)
        await two.page.locator("#text").fill("Уже смотрим")
        await two.page.get_by_role("button", name="Отправить").click()
        await expect(two.page.locator("#thread")).to_contain_text("Уже смотрим")
        await expect(one.page.locator("#thread")).to_contain_text("Уже смотрим", timeout=LATE)
        await one.page.get_by_role("button", name="Отправить").click()
        await expect(one.page.locator("#composer .said")).to_be_visible()
        await expect(one.page.locator("#text")).to_have_value("Здравствуйте")
        for at in pages:
            await at.leave()
