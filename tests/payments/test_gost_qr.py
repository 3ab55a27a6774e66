"""The QR code of a bank transfer, by the letter of GOST R 56042-2014; and the provider that hands it out."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.integrations.payments.gost_qr import MANDATORY, BankDetails, BankTransfer, payload, picture
from core.clock import ManualClock
from core.money import Money
from core.payments.protocol import PaymentRefused
from tests.payments.contract import BACK, UnaskedContract, an_order
from tests.payments.doubles.server import Faults

DETAILS = BankDetails(
    name='ООО "Связь"',
    account="40702810638050013199",
    bic="044525225",
    bank="ПАО Сбербанк",
    corr_account="30101810400000000225",
    inn="7707083893",
)


def rub(amount: str) -> Money:
    return Money(Decimal(amount), "RUB")


def test_the_text_is_what_the_standard_says() -> None:
    assert payload(DETAILS, rub("1234.50"), "Услуги связи, лицевой счёт 4001", account="4001") == (
        'ST00012|Name=ООО "Связь"|PersonalAcc=40702810638050013199|BankName=ПАО Сбербанк|BIC=044525225'
        "|CorrespAcc=30101810400000000225|Sum=123450|Purpose=Услуги связи, лицевой счёт 4001"
        "|PayeeINN=7707083893|PersAcc=4001"
    )


def read(text: str) -> dict[str, str]:
    """As a bank's app does: the separator is the character after the head."""
    assert text.startswith("ST00012")
    separator = text[len("ST00012")]
    return dict(part.split("=", 1) for part in text[len("ST00012") + 1 :].split(separator))


@given(purpose=st.text(max_size=400), kopecks=st.integers(1, 10**12))
def test_whatever_the_purpose_says_the_code_reads_back(purpose: str, kopecks: int) -> None:
    try:
        text = payload(DETAILS, Money.from_minor(kopecks, "RUB"), purpose)
    except ValueError:
        assert all(separator in purpose for separator in "|^~;#&*$%@!")
        return
    told = read(text)
    assert list(told)[:5] == ["Name", "PersonalAcc", "BankName", "BIC", "CorrespAcc"]
    assert told["Sum"] == str(kopecks)
    assert len(told["Purpose"]) <= 160
    assert told["Name"] == DETAILS.name
    assert text.isprintable()


def test_another_separator_where_a_value_holds_the_usual_one() -> None:
    text = payload(DETAILS, rub("1"), "a|b^c")
    assert text[7] == "~"
    assert read(text)["Purpose"] == "a|b^c"


def test_no_separator_is_left() -> None:
    with pytest.raises(ValueError, match="between them"):
        payload(DETAILS, rub("1"), "|^~;#&*$%@!")


@pytest.mark.parametrize("amount", [Money(Decimal("1"), "KZT"), rub("0"), rub("-1")])
def test_only_roubles_above_zero(amount: Money) -> None:
    with pytest.raises(ValueError, match="roubles"):
        payload(DETAILS, amount, "p")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "О" * 161},
        {"name": "два\nряда"},
        {"bank": "Б" * 46},
        {"bic": "04452522"},
        {"bic": "०४४५२५२२५"},
        {"account": "40702810638050013198"},
        {"corr_account": "30101810400000000226"},
        {"corr_account": ""},
        {"inn": "123"},
        {"name": "О" * 120},  # each limit is kept, the block of them is not
    ],
)
def test_details_that_cannot_be_right(wrong: dict[str, str]) -> None:
    right = {name: getattr(DETAILS, name) for name in DETAILS.__slots__}
    with pytest.raises(ValueError):
        BankDetails(**right | wrong)


def test_the_mandatory_block_is_counted_in_bytes() -> None:
    """Cyrillic takes two bytes a letter in UTF-8."""
    rest = len(payload(DETAILS, rub("1"), "p").split("|Sum=")[0].removeprefix("ST00012").encode())
    room = MANDATORY - rest + len(DETAILS.name.encode())
    right = {name: getattr(DETAILS, name) for name in DETAILS.__slots__}
    assert BankDetails(**right | {"name": "О" * 30 + "N" * (room - 60)}).name
    with pytest.raises(ValueError, match="300 bytes"):
        BankDetails(**right | {"name": "О" * 30 + "N" * (room - 59)})


def test_the_picture_is_a_code_that_survives_some_dirt() -> None:
    text = payload(DETAILS, rub("1234.50"), "Услуги связи, лицевой счёт 4001", account="4001")
    image = Image.open(io.BytesIO(picture(text)))
    code = segno.make(text, error="m", micro=False, encoding="utf-8")
    assert code.error in ("M", "Q", "H")
    assert image.size == code.symbol_size(scale=8, border=4)


@dataclass
class TransferRig:
    clock: ManualClock
    provider: BankTransfer
    faults: Faults = field(default_factory=Faults)

    secrets: tuple[str, ...] = ()


class TestBankTransfer(UnaskedContract):
    @pytest.fixture
    def rig(self) -> Iterator[TransferRig]:
        yield TransferRig(ManualClock(), BankTransfer(DETAILS, "Оплата услуг связи, лицевой счёт"))

    async def test_the_code_names_account_and_sum(self, rig: TransferRig) -> None:
        opened = await rig.provider.open(an_order(rig.clock), BACK, "key")
        told = read(opened.qr)
        assert (told["Sum"], told["PersAcc"]) == ("50050", "4001")
        assert told["Purpose"] == "Оплата услуг связи, лицевой счёт 4001"

    async def test_several_accounts_stand_in_the_purpose(self, rig: TransferRig) -> None:
        opened = await rig.provider.open(an_order(rig.clock, ("4001", "1"), ("4002", "2")), BACK, "key")
        told = read(opened.qr)
        assert told["Purpose"].endswith("4001, 4002")
        assert (told["Sum"], told.get("PersAcc")) == ("300", None)

    async def test_another_currency_is_refused(self, rig: TransferRig) -> None:
        with pytest.raises(PaymentRefused):
            await rig.provider.open(an_order(rig.clock, ("4001", "1"), currency="KZT"), BACK, "key")
