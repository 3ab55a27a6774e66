"""Both messengers, the SMS gateway and the mailbox, emulated, so that the demo and the tests run the real bot."""

from bot.sandbox.app import build_sandbox, sandbox_app
from bot.sandbox.running import Addresses, running
from bot.sandbox.shapes import Bubble, Controls, Impossible, PersonSpec
from bot.sandbox.telegram.limits import Limits
from bot.sandbox.world import Sandbox

__all__ = [
    "Addresses",
    "Bubble",
    "Controls",
    "Impossible",
    "Limits",
    "PersonSpec",
    "Sandbox",
    "build_sandbox",
    "running",
    "sandbox_app",
]
