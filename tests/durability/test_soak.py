"""Kills at random steps while many chats talk at once, sender and worker running on their own as in production."""

from __future__ import annotations

import random

import pytest

from tests.durability.world import World

pytestmark = pytest.mark.slow

CHATS = 12
KILLS = 15


@pytest.mark.parametrize("seed", [1])
def test_random_kills_under_concurrent_chats(world: World, seed: int) -> None:
    chance = random.Random(seed)
    outside = world.outside
    for chat in range(CHATS):
        outside.say(str(chat), "light hello")
    while world.kills < KILLS:
        for _ in range(chance.randint(5, 40)):
            outside.say(str(chance.randrange(CHATS)), f"{chance.choice(['heavy', 'light'])} {len(outside.sent)}")
        outside.kill_at_step(chance.randint(1, 250))
        world.run(loops=True)
    outside.spare()
    assert world.run()
    assert world.check() <= world.kills
    assert len(outside.sent) > KILLS * 4
