"""Several copies of the program on one PostgreSQL, over the same chats at the same time, some of them dying."""

from __future__ import annotations

import random

import pytest

from tests.durability.messenger import Nursery
from tests.durability.world import open_world

pytestmark = [pytest.mark.slow, pytest.mark.postgres]

CHATS = 6


def test_two_replicas_take_each_turn_once(postgres_url: str, nursery: Nursery) -> None:
    with open_world(postgres_url, nursery) as world:
        for chat in range(CHATS):
            world.outside.say(str(chat), "light hello")
        assert world.run()
        for number in range(20):
            for chat in range(CHATS):
                world.outside.say(str(chat), f"{'heavy' if number % 2 else 'light'} {number} of {chat}")
        # Both are brought every update, one of them the last ones first: the worst that a messenger may do.
        replicas = [nursery.start(world.orders(loops=True, crossed=way)) for way in (1, -1)]
        assert [nursery.wait(pid) for pid in replicas] == [0, 0]
        assert world.run()
        assert world.check(crossed=True) == 0, "nobody was killed: nothing may come twice"
        assert world.outside.clashes, "the replicas never met: this proves nothing"


def test_one_replica_dies_the_other_goes_on(postgres_url: str, nursery: Nursery) -> None:
    chance = random.Random(3)
    with open_world(postgres_url, nursery) as world:
        for chat in range(CHATS):
            world.outside.say(str(chat), "light hello")
        assert world.run()
        for number in range(8):
            for chat in range(CHATS):
                world.outside.say(str(chat), f"heavy {number} of {chat}")
            world.outside.kill_at_step(chance.randint(20, 300))
            replicas = [nursery.start(world.orders(loops=True, crossed=way)) for way in (1, -1)]
            ends = [nursery.wait(pid) for pid in replicas]
            world.kills += ends.count(-9)
            world.shift += 100.0
            assert set(ends) <= {0, -9}
        world.outside.spare()
        assert world.run()
        assert world.kills > 3
        assert world.check(crossed=True) <= world.kills
