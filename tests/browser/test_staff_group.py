"""The staff's group on the demo's page: a request is a topic, an answer reaches the phone, a stranger's does not."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, expect

from tests.browser.test_demo_page import NUMBER, Phone, demo, open_page, register_in_telegram

__all__ = ["demo"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]


async def test_an_appeal_is_answered_in_the_group(demo: str, browser: Browser) -> None:
    async with open_page(browser, demo, width=1440, height=900) as page:
        telegram = Phone(page, "telegram")
        await register_in_telegram(telegram)
        await telegram.say("/link")
        await telegram.say(NUMBER)
        await telegram.press("Ask our staff to link it")
        await telegram.press("📨 Send as it is")

        await page.get_by_test_id("deck-forum").click()
        group = page.get_by_test_id("forum")
        await group.get_by_test_id("topic").filter(has_text="№ 1").click()
        messages = group.get_by_test_id("message")
        await expect(messages.first).to_contain_text(NUMBER)

        async def say(text: str) -> None:
            await group.get_by_test_id("input").fill(text)
            await group.get_by_test_id("send").click()

        await group.get_by_test_id("forum-writer").select_option(label="Посторонний")
        await say("Отдайте мне этот счёт")
        await expect(messages.last).to_contain_text("Я вас не знаю")
        await group.get_by_test_id("forum-writer").select_option(label="Мария Орлова")
        await say("Пришлите, пожалуйста, договор")
        await telegram.sees(re.compile("Пришлите, пожалуйста, договор"))
        await expect(group.get_by_test_id("reaction")).to_have_text("👍")

        # The answer is answered by a swipe, and comes into the same topic.
        last = telegram.messages.locator('[data-from="bot"] .bubble').last
        await last.click(button="right")
        await page.get_by_test_id("message-reply").click()
        await telegram.say("Вот он")
        await expect(messages.filter(has_text="Вот он")).to_be_visible()

        await say("/approve")
        await telegram.sees(re.compile(NUMBER))
        await expect(group.locator(".room .bar-name")).to_contain_text("✅")
        await expect(telegram.messages).not_to_contain_text("Отдайте мне")
