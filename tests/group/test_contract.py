"""The group keeps the contract of helpdesks; what it made without hearing of it, it cannot find again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from bot.sandbox.telegram.errors import ApiError
from core.appeals.rules import AppealRules
from fsm.texts import Translator
from handlers.telegram.group.calls import GroupCalls
from handlers.telegram.group.pace import GroupPace
from handlers.telegram.group.topics import TopicDesk
from tests.group.conftest import OPERATOR, Rig
from tests.helpdesk.contract import HelpdeskContract


@dataclass
class TopicRig:
    helpdesk: TopicDesk
    group: Rig

    def shown(self, remote_id: str) -> list[str]:
        """Without the card, which stands first, and without whose words they are."""
        messages = self.group.forum.messages(int(remote_id.rpartition("/")[2]))
        found = []
        for one in messages:
            text = one.get("text") or one.get("caption") or ""
            if "forum_topic_created" in one or text.startswith("No. 7."):
                continue
            if not any("forum_topic" in name for name in one):
                found.append(text.removeprefix("👤 ").removeprefix("💬 Staff: "))
        return found

    def counterparts(self) -> int:
        return len(self.group.forum.topics)

    def delete(self, remote_id: str) -> None:
        self.group.forum.drop(self.group.forum.topics[int(remote_id.rpartition("/")[2])])

    def fails_before(self) -> None:
        self.group.sandbox.telegram.fail_next(ApiError(502, "Bad Gateway"))

    def fails_after(self) -> None:
        raise NotImplementedError

    hangs = fails_after


@pytest.fixture(name="rig")
def topic_rig(rig: Rig) -> Any:
    pace = GroupPace(rig.clock, per_minute=600)
    calls = GroupCalls(rig.bot, rig.database, pace, str(rig.forum.chat.id))
    rig.sandbox.telegram.throttle.limits = type(rig.sandbox.telegram.limits).off()
    return TopicRig(TopicDesk(calls, rig.database, AppealRules(), Translator("en", OPERATOR.zone)), rig)


class TestTopics(HelpdeskContract):
    finds = False
