"""Shows whom a notice would reach, by which way and in which language, and why it would not reach others."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from core.billing.service import BillingService
from core.database import Database
from core.money import Money
from core.notices import store
from core.notices.audience import concerned, of_nobody, page_of
from core.notices.models import Notice
from core.notices.weigh import weigh
from core.reminders.assess import Rules
from core.reminders.hours import allowed
from core.reminders.models import Reason
from core.reminders.people import load_people, spent

NAMED = 20  # people of whom a line each is shown


@dataclass
class Preview:
    """``named`` are the first people with the way or the reason; costs are in the operator's currency."""

    currency: str
    people: int = 0
    now: int = 0  # of those who get it: in their allowed hours at this moment
    cost: Decimal = Decimal(0)
    nobody: int = 0
    channels: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    named: list[tuple[str, str]] = field(default_factory=list)

    def sentences(self) -> list[str]:
        getting = sum(self.channels.values())
        cost = Money(self.cost, self.currency).amount
        said = [f"{id_}  {what}" for id_, what in self.named]
        if self.people > len(self.named):
            said.append(f"... and {self.people - len(self.named)} more")
        said += ["", f"It concerns {self.people} people; {getting} get it, cost: {cost} {self.currency}"]
        said += [f"{count:>8}  by {channel}" for channel, count in self.channels.most_common()]
        said += [f"{count:>8}  in {language}" for language, count in self.languages.most_common()]
        if getting > self.now:
            said.append(f"{getting - self.now:>8}  later: it is not their hour now")
        said += [f"{count:>8}  not: {reason}" for reason, count in self.skipped.most_common()]
        if self.nobody:
            said.append(f"{self.nobody:>8}  accounts of the list that nobody is linked to")
        return said


async def preview(database: Database, billing: BillingService, rules: Rules, notice: Notice, now: datetime) -> Preview:
    """Nothing is written. Raises OutsideUnavailable when tariffs are to be looked up and the billing is silent."""
    found = Preview(rules.operator.currency)
    audience, _cursor = await database.read(store.load_audience, notice.id)
    keys, after = audience.keys(), ""
    money = await database.read(spent, rules.operator, now)
    found.nobody = await database.read(of_nobody, keys)
    while True:
        page = await database.read(page_of, audience, after)
        ids = await concerned(billing, audience, keys, page.readers)
        people = await database.read(load_people, ids, rules.operator)
        for id_ in ids:
            person = people.get(id_)
            way = weigh(rules, notice, person, now, spent=money + found.cost)
            found.people += 1
            if isinstance(way, Reason) or person is None:
                found.skipped[str(way)] += 1
                said = f"not: {way}"
            else:
                found.channels[way.channel] += 1
                found.languages[notice.words(way.language, rules.operator.languages)[0]] += 1
                found.cost += way.cost
                found.now += allowed(rules.policy, person.zone, now)
                said = way.channel
            if len(found.named) < NAMED:
                found.named.append((id_, said))
        if page.after is None:
            return found
        after = page.after
