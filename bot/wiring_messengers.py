"""Puts the messengers together: each one's way out, and what makes its way in."""

from __future__ import annotations

from collections.abc import Callable

from bot.settings import Settings
from core.clock import Clock
from core.database import Database
from core.operator import Operator
from fsm.commands import about, command_menu, group_line, menu_label
from fsm.texts import choose_language
from handlers.channel import BlobReader, BlobUrl, Channel
from handlers.edge import Edge
from handlers.receipts import OutboxReceipts
from handlers.telegram.cashier import Cashier
from handlers.telegram.client import make_bot
from handlers.telegram.edge import TelegramEdge
from handlers.telegram.group.door import StaffDoor
from handlers.telegram.outbound import TelegramChannel
from handlers.telegram.setup import Appearance
from handlers.turn import Turns
from handlers.viber.client import ViberClient
from handlers.viber.edge import ViberEdge
from handlers.viber.outbound import ViberChannel

# Messages a second for a whole bot: Telegram's limit is about 30, Viber's 500 in 10 seconds.
RATES = {"telegram": 30.0, "viber": 50.0}

Messenger = tuple[Channel, Callable[[Turns], Edge]]
"""The way out, and what makes the way in once there are turns to hand updates to."""


def telegram_messenger(
    settings: Settings,
    clock: Clock,
    operator: Operator,
    blob: BlobReader,
    cashier: Callable[[], Cashier],
    staff: Callable[[], StaffDoor | None] = lambda: None,
) -> list[Messenger]:
    token = settings.telegram_token.get_secret_value()
    if not token:
        return []
    bot = make_bot(token, settings.telegram_api_url)
    channel = TelegramChannel(bot, blob, settings.telegram_payment_token.get_secret_value())
    appearance = Appearance(
        command_menu(operator.languages), operator.languages[0], about(operator.languages, operator.name)
    )
    webhook = settings.telegram_mode == "webhook"

    def plug(turns: Turns) -> Edge:
        return TelegramEdge(
            bot,
            channel,
            turns,
            clock,
            appearance=appearance,
            group_line=lambda language: group_line(choose_language(language, operator.languages)),
            cashier=cashier(),
            staff=staff(),
            public_url=settings.public_url if webhook else "",
            secret=settings.webhook_secret,
        )

    return [(channel, plug)]


def viber_messenger(settings: Settings, database: Database, operator: Operator, blob_url: BlobUrl) -> list[Messenger]:
    token = settings.viber_token.get_secret_value()
    if not token:
        return []
    client = ViberClient(token, settings.viber_api_url)
    channel = ViberChannel(client, operator.name, blob_url, menu_label=menu_label)

    def plug(turns: Turns) -> Edge:
        return ViberEdge(
            client,
            channel,
            turns,
            token=token,
            public_url=settings.public_url,
            receipts=OutboxReceipts(database, channel.name),
        )

    return [(channel, plug)]
