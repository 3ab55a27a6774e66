"""The demo operator's people: who they are, what they use, how they pay. Names and services are billing data."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.billing.models import AccountKind, AccountState, HolderKind

# Phones are of the valid mobile range +7 900 000-00-xx.


@dataclass(frozen=True)
class Plan:
    """A service as it is charged each month. Amounts are in major units; "months ago": 1 is the last whole month."""

    name: str
    tariff: str
    price: str
    until_months_ago: tuple[int, str] | None = None  # an older price, and the last month that it was charged in
    discount: tuple[str, int] | None = None  # a discount, and the last month that it was given in (0: goes on)
    started_months_ago: int = 14


@dataclass(frozen=True)
class Extra:
    """Something charged apart from the services' prices, in the months named."""

    service: str
    kind: str
    amounts: dict[int, str]  # months ago (0 is this month) -> amount
    description: str = ""


@dataclass(frozen=True)
class Person:
    """One account. ``unpaid``: how many of the last bills are not paid. ``spare``: what is left on a prepaid one."""

    number: str
    contract: str
    holder: str
    address: str
    phone: str
    plans: tuple[Plan, ...]
    note: str  # what the account shows, in English, for the demo's page
    note_ru: str
    region: str = "RU-MOW"
    email: str = ""
    kind: AccountKind = AccountKind.postpaid
    state: AccountState = AccountState.active
    holder_kind: HolderKind = HolderKind.person
    unpaid: int = 0
    part_paid: str = ""  # paid of the first unpaid bill
    spare: str = ""
    method: str = "Банковская карта"
    extras: tuple[Extra, ...] = field(default_factory=tuple)
    linkable: bool = True
    ended_months_ago: int = 0  # for a closed account: its last charged month


HOME_100 = Plan("Домашний интернет", "Дом 100 Мбит/с", "550")
HOME_300 = Plan("Домашний интернет", "Дом 300 Мбит/с", "690")
TV = Plan("Телевидение", "120 каналов", "320")
PHONE = Plan("Домашний телефон", "Безлимитный", "510.50")
STATIC_IP = Plan("Статический IP-адрес", "1 адрес", "150")
CAMERA = Plan("Видеонаблюдение", "1 камера, архив 7 дней", "300")

ANNA, COMPANY = "+79000000010", "+79000000020"


def _anna(
    number: str, contract: str, holder: str, address: str, plans: tuple[Plan, ...], unpaid: int, **more: str
) -> Person:
    return Person(
        number,
        contract,
        holder,
        address,
        ANNA,
        plans,
        unpaid=unpaid,
        email="anna.sokolova@example.com",
        note="A family: three accounts on one phone" + more.get("en", ""),
        note_ru="Семья: три лицевых счёта на одном телефоне" + more.get("ru", ""),
        region=more.get("region", "RU-MOW"),
    )


def _office(index: int, plan: Plan, *, unpaid: int = 0, extras: tuple[Extra, ...] = ()) -> Person:
    return Person(
        f"99002001{index:02d}",
        f"К-2031/{index}",
        "ООО «Северный ветер»",
        "г. Казань, ул. Баумана, д. 44, офис 12",
        COMPANY,
        (plan,),
        region="RU-TA",
        email="office@severveter.example.com",
        holder_kind=HolderKind.company,
        unpaid=unpaid,
        extras=extras,
        method="Платёжное поручение",
        note=f"A company with eight accounts: {index} of 8",
        note_ru=f"Компания с восемью счетами: {index} из 8",
    )


PEOPLE: tuple[Person, ...] = (
    Person("7700100101", "Д-10101/21", "Иванова Мария Петровна", "г. Москва, ул. Лесная, д. 7, кв. 15", "+79000000001",
           (HOME_100, TV), "Everything is paid", "Всё оплачено", email="m.ivanova@example.com",
           extras=(Extra("Видеопрокат", "usage", {11: "199", 8: "398", 4: "199", 1: "299"}),)),
    Person("7700100218", "Д-10218/22", "Кузнецов Алексей Викторович", "г. Москва, ул. Садовая, д. 12, кв. 40",
           "+79000000002", (HOME_300, STATIC_IP), "Owes for one month", "Долг за один месяц", unpaid=1),
    Person("7700100325", "Д-10325/19", "Смирнова Галина Николаевна", "г. Тверь, Волжский пр-д, д. 3, кв. 8",
           "+79000000003", (PHONE, HOME_100), "Owes for three months, with penalties", "Долг за три месяца с пенями",
           region="RU-TVE", unpaid=3, part_paid="300", method="Отделение почты",
           extras=(Extra("Пени за просрочку", "penalty", {2: "9.54", 1: "31.81"}),)),
    Person("7700100432", "Д-10432/23", "Волков Дмитрий Андреевич", "г. Екатеринбург, ул. Малышева, д. 51, кв. 102",
           "+79000000004", (Plan("Домашний интернет", "Старт 100 Мбит/с", "600"),), "Prepaid, days are left",
           "Предоплата, осталось на пару дней", region="RU-SVE", kind=AccountKind.prepaid, spare="25"),
    Person("7700100549", "М-10549/24", "Зайцева Ольга Игоревна", "г. Новосибирск, Красный пр-т, д. 80, кв. 33",
           "+79000000005", (Plan("Мобильная связь", "Свобода 30 ГБ", "450"),), "Prepaid, all is well",
           "Предоплата, денег достаточно", region="RU-NVS", kind=AccountKind.prepaid, spare="900", method="СБП"),
    Person("7700100656", "Д-10656/18", "Орлов Сергей Павлович", "г. Самара, ул. Победы, д. 96, кв. 5", "+79000000006",
           (HOME_100, TV), "Suspended for a debt", "Приостановлен за долг", region="RU-SAM", unpaid=4,
           state=AccountState.suspended, extras=(Extra("Пени за просрочку", "penalty", {2: "17.40", 1: "26.10"}),)),
    Person("7700100763", "Д-10763/17", "Беляева Нина Васильевна", "г. Омск, ул. Ленина, д. 20, кв. 2", "+79000000007",
           (PHONE,), "Closed", "Договор расторгнут", region="RU-OMS", state=AccountState.closed, ended_months_ago=5),
    _anna("7700100870", "Д-10870/20", "Соколова Анна Сергеевна", "г. Москва, ул. Полярная, д. 30, кв. 77",
          (HOME_300, TV), 0, en=": her own flat", ru=": своя квартира"),
    _anna("7700100871", "Д-10871/15", "Соколова Валентина Ивановна", "г. Тула, пр-т Ленина, д. 57, кв. 19",
          (PHONE, TV), 1, en=": mother's flat, one month unpaid", ru=": мамина квартира, долг за месяц",
          region="RU-TUL"),
    _anna("7700100872", "Д-10872/22", "Соколова Анна Сергеевна", "Московская обл., СНТ «Берёзка», уч. 14",
          (Plan("Интернет на даче", "4G 50 ГБ", "490"), CAMERA), 0, en=": the dacha", ru=": дача", region="RU-MOS"),
    _office(1, Plan("Телефония", "Многоканальный номер", "2400"), extras=(
        Extra("Междугородные звонки", "usage", {a: str(310 + a * 37 % 190) for a in range(1, 13)}),)),
    _office(2, Plan("Корпоративная мобильная связь", "12 номеров", "5400")),
    _office(3, Plan("Интернет в офисе", "Бизнес 500 Мбит/с", "4900"), unpaid=1),
    _office(4, Plan("Интернет на складе", "Бизнес 100 Мбит/с", "2200"), unpaid=1),
    _office(5, Plan("Выделенная линия", "Канал 50 Мбит/с офис — склад", "7800")),
    _office(6, Plan("Номер 8-800", "Бесплатный вызов", "1500"), unpaid=2, extras=(
        Extra("Минуты на 8-800", "usage", {a: str(640 + a * 113 % 700) for a in range(1, 13)}),
        Extra("Пени за просрочку", "penalty", {1: "14.20"}))),
    _office(7, Plan("Видеонаблюдение", "8 камер, архив 30 дней", "3200")),
    _office(8, Plan("Виртуальная АТС", "20 рабочих мест", "2990")),
    Person("7700101008", "Д-11008/16", "Лебедев Пётр Ильич", "г. Рязань, ул. Есенина, д. 9, кв. 61", "",
           (PHONE, HOME_100), "No contact on file: linked only by the staff",
           "Контакта в базе нет: только через сотрудника", region="RU-RYA", unpaid=1),
    Person("7700101115", "Д-11115/21", "Новикова Екатерина Олеговна", "г. Пермь, ул. Пушкина, д. 11, кв. 24",
           "+79000000011", (Plan("Домашний интернет", "Дом 500 Мбит/с", "850", until_months_ago=(2, "690")), TV),
           "The tariff changed last month", "В прошлом месяце сменился тариф", region="RU-PER", unpaid=1),
    Person("7700101222", "Д-11222/23", "Морозов Игорь Степанович", "г. Воронеж, ул. Мира, д. 4, кв. 90", "+79000000012",
           (Plan("Домашний интернет", "Дом 300 Мбит/с", "690", discount=("200", 2)),), "A discount has ended",
           "Закончилась скидка", region="RU-VOR", unpaid=1),
    Person("7700101339", "Д-11339/20", "Павлова Татьяна Юрьевна", "г. Ярославль, ул. Свободы, д. 60, кв. 12",
           "+79000000013", (HOME_100, CAMERA), "A technician's visit was charged", "Платный выезд специалиста",
           region="RU-YAR", unpaid=1,
           extras=(Extra("Выезд специалиста", "one_off", {1: "750"}, "Настройка роутера"),)),
    Person("7700101446", "Д-11446/14", "Фёдоров Николай Иванович", "г. Калининград, Московский пр-т, д. 133, кв. 48",
           "+79000000014", (PHONE,), "International calls", "Международные звонки", region="RU-KGD", unpaid=1,
           extras=(Extra("Международные звонки", "usage",
                         {9: "96.40", 6: "118", 3: "84.20", 2: "131.75", 1: "1284.60"}),)),
    Person("7700101553", "Д-11553/22", "Громова Елена Дмитриевна", "г. Москва, ул. Новая, д. 1, кв. 1", "+79000000015",
           (HOME_100,), "May not be linked: the operator forbids it", "Подключать к кабинету запрещено",
           linkable=False),
)  # fmt: skip
