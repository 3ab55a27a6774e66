"""Kills the process at each step of a turn and of what follows it, and lets another one go on."""

from __future__ import annotations

import pytest

from tests.durability.world import World

pytestmark = pytest.mark.slow

# Between every two of these the process is killed. Statements of one transaction follow one another in between.
STEPS = [
    "received",
    "snapshot loaded",
    "decided",
    "before commit.commit_turns",
    "insert into inbox",
    "insert into conversations",
    "savepoint",
    "insert into test_tally",
    "insert into tasks",
    "insert into outbox",
    "release savepoint",
    "about to commit",
    "after commit.commit_turns",
    "committed, not acknowledged",
    "acknowledged",
    "before outbox.claim",
    "insert into lanes",
    "after outbox.claim",
    "about to send",
    "sent, not recorded",
    "update outbox",
    "delete from lanes",
    "before tasks.claim",
    "update tasks",
    "after tasks.claim",
    "about to carry out",
    "carried out, not recorded",
    "before tasks.finish",
    "after tasks.finish",
]


def test_killed_at_every_step(world: World) -> None:
    outside = world.outside
    for chat in ("1", "2"):
        outside.say(chat, f"light hello {chat}")
    assert world.run()
    step = twice = 0
    seen: set[str] = set()
    survived = False
    while not survived:
        step += 1
        for chat, kind in (("1", "heavy"), ("2", "light")):
            outside.say(chat, f"{kind} {step}")
        outside.kill_at_step(step)
        survived = world.run()
        seen.update(outside.steps)
        killed_at = outside.steps[-1]
        outside.spare()
        assert world.run()
        try:
            before, twice = twice, world.check()
            assert twice <= before + 1, "more than the one message in flight came twice"
        except AssertionError as error:
            error.add_note(f"killed at step {step}: {killed_at}")
            raise
    assert set(STEPS) <= seen, f"never reached: {set(STEPS) - seen}"
    assert world.kills == step - 1 >= len(STEPS)
    assert twice, "no kill came between sending and recording"
