"""The picture of a year fits a messenger, shows every month and takes any figures."""

import io
from datetime import date

import pytest
from PIL import Image

from core.billing.chart import WIDTH, ChartLabels, draw_history
from core.billing.explain import MonthHistory
from core.billing.months import span
from core.money import Money


def rub(minor: int) -> Money:
    return Money.from_minor(minor, "RUB")


def labels(asked: list[str] | None = None, title: str = "Мамина квартира") -> ChartLabels:
    def month(of: date) -> str:
        if asked is not None:
            asked.append(f"{of:%Y-%m}")
        return f"{of:%m.%y}"

    def amount(money: Money) -> str:
        if asked is not None:
            asked.append(str(money.amount))
        return f"{money.amount:,}".replace(",", " ")

    return ChartLabels(title, "Начислено и оплачено", "Начислено", "Оплачено", "Остаток", month, amount)


def history(months: int, charged: int = 87000, paid: int = 80000) -> list[MonthHistory]:
    rows, balance = [], rub(0)
    for month in span(date(2025, 1, 1), date(2026, 12, 1))[:months]:
        closing = balance - rub(charged) + rub(paid)
        rows.append(MonthHistory(month, balance, rub(charged), rub(paid), closing))
        balance = closing
    return rows


def opened(png: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(png))
    picture.load()
    return picture.convert("RGB")


@pytest.mark.parametrize("months", [1, 5, 12, 20])
def test_it_is_a_small_portrait_png(months: int) -> None:
    png = draw_history(history(months), labels())
    picture = opened(png)
    assert len(png) < 100_000
    assert picture.width == WIDTH
    assert picture.height <= 1100


def test_the_last_twelve_months_are_drawn_the_newest_first() -> None:
    asked: list[str] = []
    rows = history(14)
    draw_history(rows, labels(asked))
    assert [word for word in asked if "-" in word[1:]] == [f"{row.month:%Y-%m}" for row in rows[:1:-1]]
    assert asked.count("870.00") == 12
    assert str(rows[-1].closing.amount) in asked


def test_a_longer_bar_is_longer() -> None:
    def coloured(charged: int) -> int:
        picture = opened(draw_history(history(1, charged=charged, paid=100_000), labels()))
        return sum(count for count, colour in picture.getcolors(100_000) or [] if colour == (0xF6, 0xB2, 0x77))

    assert coloured(0) < coloured(20_000) < coloured(90_000)


def test_a_debt_stands_out_today_alone() -> None:
    def red(png: bytes) -> bool:
        return any(colour == (0xC6, 0x2F, 0x28) for _, colour in opened(png).getcolors(100_000) or [])

    owing = history(3)
    paid_up = [*owing, MonthHistory(date(2025, 4, 1), owing[-1].closing, rub(0), rub(99999), rub(78999))]
    assert red(draw_history(owing, labels()))
    assert not red(draw_history(paid_up, labels()))


@pytest.mark.parametrize(("charged", "paid"), [(0, 0), (-5000, 0), (10**14, 1), (1, 10**14)])
def test_odd_figures_are_drawn(charged: int, paid: int) -> None:
    png = draw_history(history(12, charged, paid), labels(title="Очень длинное имя счёта " * 10))
    assert opened(png).width == WIDTH


def test_cyrillic_letters_are_letters_and_not_boxes() -> None:
    zh, shch = (draw_history(history(1), labels(title=letter * 8)) for letter in "ЖЩ")
    assert zh != shch


def test_there_must_be_a_month() -> None:
    with pytest.raises(ValueError, match="no month"):
        draw_history([], labels())
