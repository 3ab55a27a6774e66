"""Payloads come back from messengers, where anybody may have written them."""

from __future__ import annotations

import pytest

from fsm.action import ANYWHERE, decode, encode
from fsm.actions import OpenAccount, OpenMenu


@pytest.mark.parametrize(
    "body",
    ["", "[", "[]", "{}", "3", '"menu"', "[[1]]", '["nobody"]', '["acc"]', '["acc",7]', "\ud800", "[" * 7000,
     '["menu",' + "[" * 7000],
)  # fmt: skip
def test_what_no_button_says_is_nothing(body: str) -> None:
    assert decode(ANYWHERE + body) is None


def test_there_and_back() -> None:
    for action in (OpenMenu(), OpenAccount("7700 1001")):
        assert decode(encode(action)) == (ANYWHERE, action)
