"""What an account's sum consists of, why it differs from the month before, and what the services cost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby

from core.billing.explain import Difference, Line, Reason, compare_months, explain_debt, month_lines, total
from core.billing.forecast import monthly_price
from core.billing.models import AccountNumber, AccountStatement, ChargeKind, Service
from core.billing.months import first_day
from core.money import Money
from fsm.account_reads import Sight, look
from fsm.account_words import age, capital, heading, item, money, shorten, within
from fsm.actions import OpenAccount
from fsm.screen import Choice, Rich, Screen, bold, lines, paragraphs, rich, screen
from fsm.state import State
from fsm.talk import Talk

ROOM = 2600  # characters for a list, so that the whole screen stays within the messengers' limits


class Composition(State, frozen=True):
    """What the sum consists of: it adds up to the figure, to the kopeck."""

    number: AccountNumber

    async def show(self, talk: Talk) -> Screen:
        seen = await look(talk, self.number)
        if isinstance(seen, Screen):
            return seen
        owed = explain_debt(seen.statement)
        text = _debt(talk, seen, owed) if owed else _last_month(talk, seen)
        return _on_account(talk, seen, text)


class Comparison(State, frozen=True):
    """How a month differs from the one before it and why. Without ``month``: the last whole one."""

    number: AccountNumber
    month: date | None = None

    async def show(self, talk: Talk) -> Screen:
        seen = await look(talk, self.number)
        if isinstance(seen, Screen):
            return seen
        return _on_account(talk, seen, _compared(talk, seen, self.month))


class Prices(State, frozen=True):
    """Services with their tariffs and prices; to the owner also whose account it is."""

    number: AccountNumber

    async def show(self, talk: Talk) -> Screen:
        seen = await look(talk, self.number)
        if isinstance(seen, Screen):
            return seen
        running = [one for one in seen.statement.services if one.until is None or one.until >= seen.today]
        ended = [one for one in seen.statement.services if one not in running]
        price = monthly_price(seen.statement, seen.today)
        text = paragraphs(
            bold(talk.t("{sum} a month", sum=money(talk, price))) if running else talk.t("No services are in use."),
            *within([_service(talk, one) for one in running], ROOM // 2),
            *within([_ended(talk, one) for one in ended], ROOM // 4),
            talk.t("Prices are for a whole month, before discounts.") if running else None,
            _contract(talk, seen),
        )
        return _on_account(talk, seen, text)


def _on_account(talk: Talk, seen: Sight, text: Rich) -> Screen:
    return screen(
        paragraphs(heading(talk, seen.link), text, age(talk, seen.statement.as_of, fresh=seen.fresh)),
        Choice(talk.t("‹ To the account"), OpenAccount(seen.link.account_number)),
    )


# -- what the sum consists of ----------------------------------------------------------------------------------------


def _debt(talk: Talk, seen: Sight, owed: Sequence[Line]) -> Rich:
    debt = seen.statement.overview.debt
    zero = Money.zero(debt.currency)
    months = [(month, list(group)) for month, group in groupby(owed, key=lambda line: line.period)]
    blocks = [_month_block(talk, month, group) for month, group in reversed(months)]
    shown = within(blocks, ROOM)
    hidden = months[: len(months) - len(shown)]
    earlier = total((line.left for _month, group in hidden for line in group), zero)
    services = {line.service for line in owed}
    return paragraphs(
        bold(talk.t("{sum} consists of:", sum=money(talk, debt))),
        *reversed(shown),
        talk.t("Months before: {sum}. See them by month.", sum=money(talk, earlier)) if hidden else None,
        _by_service(talk, owed) if len(months) > 1 and len(services) > 1 else None,
        bold(talk.t("In all: {sum}", sum=money(talk, total((line.left for line in owed), zero)))),
    )


def _month_block(talk: Talk, month: date | None, group: Sequence[Line]) -> Rich:
    zero = Money.zero(group[0].left.currency)
    if month is None:
        return lines(*(_old(talk, line) for line in group))
    name = capital(talk.translator.month(month))
    head = f"{name}: {money(talk, total((line.left for line in group), zero))}"
    # A month with scores of lines is told in its largest ones: the sum stays the sum.
    largest = sorted(group, key=lambda line: -line.left.amount)[:20]
    rest = total((line.left for line in group if line not in largest), zero)
    return lines(
        bold(head),
        *(_owed_line(talk, line) for line in group if line in largest),
        item(talk.t("other"), money(talk, rest)) if rest else None,
    )


def _owed_line(talk: Talk, line: Line) -> str:
    name = _named(talk, line)
    if line.left == line.charged:
        return item(name, money(talk, line.left), line.note)
    left = talk.t("{left} left of {charged}", left=money(talk, line.left), charged=money(talk, line.charged))
    return item(name, left, line.note)


def _old(talk: Talk, line: Line) -> str:
    if line.kind is ChargeKind.adjustment:
        return item(talk.t("payments that were taken back"), money(talk, line.left))
    return item(talk.t("debt from more than a year ago"), money(talk, line.left))


def _by_service(talk: Talk, owed: Sequence[Line]) -> Rich:
    sums: dict[str, Money] = {}
    for line in owed:
        name = line.service or talk.t("earlier debt")
        sums[name] = sums[name] + line.left if name in sums else line.left
    largest = sorted(sums.items(), key=lambda one: -one[1].amount)
    shown = [item(name, money(talk, amount)) for name, amount in largest[:8]]
    if largest[8:]:
        rest = total((amount for _name, amount in largest[8:]), Money.zero(owed[0].left.currency))
        shown.append(item(talk.t("other"), money(talk, rest)))
    return lines(bold(talk.t("By service:")), *shown)


def _last_month(talk: Talk, seen: Sight) -> Rich:
    """Nobody owes anything, but "what am I charged for" is still a question."""
    months = sorted({charge.period for charge in seen.statement.charges})
    intro = bold(talk.t("You owe nothing."))
    if not months:
        return paragraphs(intro, talk.t("Nothing was charged in the last year."))
    this = first_day(seen.today)
    recent = [month for month in months if month >= this] + [month for month in months if month < this][-1:]
    return paragraphs(
        intro,
        talk.t("This is what was charged last:"),
        *within([charged_in(talk, seen.statement, month, seen.today) for month in sorted(recent)], ROOM),
    )


def charged_in(talk: Talk, statement: AccountStatement, month: date, today: date) -> Rich:
    """A month's charges, paid or not; the current month's so far."""
    group = month_lines(statement, month)
    zero = Money.zero(statement.account.currency)
    name = capital(talk.translator.month(month))
    if month == first_day(today):
        name = talk.t("{month}, so far", month=name)
    largest = sorted(group, key=lambda line: -abs(line.charged).amount)[:20]
    rest = total((line.charged for line in group if line not in largest), zero)
    return lines(
        bold(f"{name}: {money(talk, total((line.charged for line in group), zero))}"),
        *(item(_named(talk, line), money(talk, line.charged), line.note) for line in group if line in largest),
        item(talk.t("other"), money(talk, rest)) if rest else None,
    )


def _named(talk: Talk, line: Line) -> str:
    if line.service:
        return line.service
    return talk.t("penalty") if line.kind is ChargeKind.penalty else talk.t("other")


# -- why it differs --------------------------------------------------------------------------------------------------


def _compared(talk: Talk, seen: Sight, wanted: date | None) -> Rich:
    this = first_day(seen.today)
    charged = {charge.period for charge in seen.statement.charges}
    whole = sorted(month for month in charged if seen.statement.since < month < this)
    if wanted in charged and wanted != seen.statement.since:
        month = wanted
    elif whole:
        month = whole[-1]
    else:
        return rich(talk.t("There are not two months to compare yet."))
    both = compare_months(seen.statement, month)
    now, before = capital(talk.translator.month(month)), capital(talk.translator.month(_before(month)))
    later = wanted is None and this in charged
    return paragraphs(
        lines(
            bold(f"{now}: {money(talk, both.now)}"),
            f"{before}: {money(talk, both.before)}",
        ),
        bold(_more_or_less(talk, both.change)),
        lines(talk.t("Why:"), *(_because(talk, one) for one in both.differences[:12]), _others(talk, both.differences))
        if both.differences
        else None,
        charged_in(talk, seen.statement, this, seen.today) if later else None,
    )


def _before(month: date) -> date:
    return first_day(date.fromordinal(month.toordinal() - 1))


def _more_or_less(talk: Talk, change: Money) -> str:
    if change.minor > 0:
        return talk.t("{sum} more", sum=money(talk, change))
    if change.minor < 0:
        return talk.t("{sum} less", sum=money(talk, -change))
    return talk.t("The same sum as the month before")


def _others(talk: Talk, differences: Sequence[Difference]) -> str:
    if len(differences) <= 12:
        return ""
    zero = Money.zero(differences[0].change.currency)
    return item(talk.t("other"), _signed(talk, total((one.change for one in differences[12:]), zero)))


def _because(talk: Talk, one: Difference) -> str:
    return f"• {_signed(talk, one.change)} – {shorten(one.service)}: {_reason(talk, one)}"


def _signed(talk: Talk, change: Money) -> str:
    return f"+{money(talk, change)}" if change.minor > 0 else money(talk, change)


def _reason(talk: Talk, one: Difference) -> str:
    before, now, note = money(talk, one.before), money(talk, one.now), shorten(one.note)
    match one.reason:
        case Reason.price_changed:
            return talk.t("the price was {before}, now it is {now}", before=before, now=now)
        case Reason.service_added:
            return talk.t("was not charged the month before")
        case Reason.service_ended:
            return talk.t("is not charged any more")
        case Reason.usage_more if not one.before:
            return talk.t("was not used the month before")
        case Reason.usage_less if not one.now:
            return talk.t("was not used this time")
        case Reason.usage_more:
            return talk.t("used more: {now} instead of {before}", before=before, now=now)
        case Reason.usage_less:
            return talk.t("used less: {now} instead of {before}", before=before, now=now)
        case Reason.one_off:
            return note or talk.t("charged once")
        case Reason.one_off_before:
            return talk.t("was charged once, the month before")
        case Reason.penalty if one.before:
            return talk.t("was {before}, now it is {now}", before=before, now=now)
        case Reason.penalty:
            return talk.t("charged for paying late")
        case Reason.penalty_before:
            return talk.t("a penalty the month before, none now")
        case Reason.discount_started:
            return talk.t("a discount has begun")
        case Reason.discount_changed:
            return talk.t("the discount has changed")
        case Reason.discount_ended:
            return talk.t("the discount has ended")
        case Reason.adjustment:
            return note or talk.t("a recalculation")


# -- services and prices ---------------------------------------------------------------------------------------------


def _service(talk: Talk, service: Service) -> Rich:
    price = talk.t("{sum} a month", sum=money(talk, service.price))
    until = talk.t("until {day}", day=talk.translator.day(service.until)) if service.until else None
    tariff = talk.t("Tariff: {tariff}", tariff=shorten(service.tariff)) if service.tariff else None
    return lines(f"• {shorten(service.name)}: {price}", tariff, until)


def _ended(talk: Talk, service: Service) -> Rich:
    assert service.until is not None, "a service that has ended has its last day"
    return lines(f"• {shorten(service.name)}", talk.t("ended on {day}", day=talk.translator.day(service.until)))


def _contract(talk: Talk, seen: Sight) -> Rich | None:
    """Whose contract it is: for the owner's eyes. Last known figures bear no names."""
    account = seen.statement.account
    if not seen.own:
        return None
    return lines(
        talk.t("Contract: {number}", number=account.contract) if account.contract else None,
        account.holder_name,
        account.address,
    )
