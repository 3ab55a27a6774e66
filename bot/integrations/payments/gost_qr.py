"""A bank transfer by a QR code that every Russian bank's app reads: GOST R 56042-2014, and no bank has to be asked."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import segno

from bot.integrations.payments.reading import cut
from core.money import Money
from core.payments.models import PaymentOrder
from core.payments.protocol import Means, Notice, Opened, PaymentRefused, ProviderPayment, Refused, Way

MANDATORY = 300  # bytes of the five mandatory details with their names and separators
PURPOSE = 160  # characters
_HEAD = "ST00012"  # the format, its version 0001, and 2 for UTF-8
# 8.1 lets any character stand between the details that none of them holds.
_SEPARATORS = "|^~;#&*$%@!"
_LARGEST = 10**18 - 1  # kopecks: 18 digits


@dataclass(frozen=True, slots=True)
class BankDetails:
    """Where the money goes. ValueError names what is wrong, for the operator's eyes."""

    name: str
    account: str
    bic: str
    bank: str
    corr_account: str
    inn: str = ""

    def __post_init__(self) -> None:
        for value, what, pattern in (
            (self.name, "the payee's name", r".{1,160}"),
            (self.account, "the account", r"\d{20}"),
            (self.bank, "the bank's name", r".{1,45}"),
            (self.bic, "the BIC", r"\d{9}"),
            (self.corr_account, "the correspondent account", r"\d{20}|0"),
            (self.inn, "the INN", r"|\d{10}|\d{12}"),
        ):
            if not re.fullmatch(pattern, value, re.ASCII) or value != value.strip() or not value.isprintable():
                raise ValueError(f"{what} does not look like one")
        if _size(self.mandatory()) > MANDATORY:
            raise ValueError(f"the payee's and the bank's details together take more than {MANDATORY} bytes")
        if not _checked(self.account, self.bic[-3:]):
            raise ValueError("the account does not belong to that BIC: a digit is wrong")
        if self.corr_account != "0" and not _checked(self.corr_account, "0" + self.bic[4:6]):
            raise ValueError("the correspondent account does not belong to that BIC: a digit is wrong")

    def mandatory(self) -> dict[str, str]:
        """In the order that the standard prescribes (table 4)."""
        return {
            "Name": self.name,
            "PersonalAcc": self.account,
            "BankName": self.bank,
            "BIC": self.bic,
            "CorrespAcc": self.corr_account,
        }


def payload(details: BankDetails, amount: Money, purpose: str, *, account: str = "") -> str:
    """The text of the QR code. ``purpose`` is cut to 160 characters; ``account`` is the payer's personal account.

    Raises ValueError for a sum that is not in roubles or not above zero.
    """
    if amount.currency != "RUB" or not 0 < amount.minor <= _LARGEST:
        raise ValueError("a transfer by this code is in roubles, above zero")
    values = details.mandatory() | {"Sum": str(amount.minor), "Purpose": cut(_line(purpose), PURPOSE)}
    if details.inn:
        values["PayeeINN"] = details.inn
    if account:
        values["PersAcc"] = _line(account)
    everything = "".join(values.values())
    separator = next((one for one in _SEPARATORS if one not in everything), "")
    if not separator:
        raise ValueError("the details hold every character that could stand between them")
    return separator.join([_HEAD, *(f"{name}={value}" for name, value in values.items())])


def picture(text: str) -> bytes:
    """A PNG: error correction M as the standard recommends, a quiet zone of 4 modules, 8 pixels a module."""
    image = io.BytesIO()
    segno.make(text, error="m", micro=False, encoding="utf-8").save(image, kind="png", scale=8, border=4)
    return image.getvalue()


def _line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _size(values: Mapping[str, str]) -> int:
    return sum(len(f"|{name}={value}".encode()) for name, value in values.items())


def _checked(account: str, prefix: str) -> bool:
    """The control key of an account in a bank (Bank of Russia, order 515 of 1997): weights 7, 1, 3, sum mod 10 is 0."""
    return sum(int(digit) * weight for digit, weight in zip(prefix + account, (7, 1, 3) * 8, strict=False)) % 10 == 0


class BankTransfer:
    """Implements :class:`core.payments.protocol.PaymentProvider`. Nobody tells us of a transfer: the billing sees it.

    ``purpose`` is what the bank writes on the transfer, before the account's number. ``lifetime``: for how long the
    order is shown as waiting; a code that was saved as a picture works as long as the bank account does.
    """

    name = "bank"

    def __init__(self, details: BankDetails, purpose: str, lifetime: timedelta = timedelta(days=5)) -> None:
        self.means = Means(way=Way.transfer, qr=True, asks=False, cancels=False, lifetime=lifetime)
        self._details = details
        self._purpose = purpose

    async def open(self, order: PaymentOrder, return_url: str, idempotency_key: str) -> Opened:
        """The same order gives the same code. The bank's clerk, or their program, finds the account by its number."""
        accounts = ", ".join(line.account for line in order.lines)
        one = order.lines[0].account if len(order.lines) == 1 else ""
        try:
            text = payload(self._details, order.amount, f"{self._purpose} {accounts}", account=one)
        except ValueError as error:
            raise PaymentRefused(str(error)) from None
        return Opened(order.id, qr=text)

    async def look(self, provider_payment_id: str) -> ProviderPayment | None:
        """Nobody can be asked."""
        return None

    async def cancel(self, provider_payment_id: str) -> None:
        """A printed code cannot be called back."""

    def read_notice(self, headers: Mapping[str, str], body: bytes, source_ip: str) -> Notice | Refused:
        return Refused("a bank transfer sends no notices", 404)

    async def close(self) -> None:
        """Nothing is kept open."""
