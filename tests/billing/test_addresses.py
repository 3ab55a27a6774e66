"""An address is recognised without the flat."""

from __future__ import annotations

import pytest

from core.billing.addresses import without_flat


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("г. Москва, ул. Садовая, д. 12, кв. 40", "г. Москва, ул. Садовая, д. 12"),
        ("г. Казань, ул. Баумана, д. 44, офис 12", "г. Казань, ул. Баумана, д. 44"),
        ("г. Москва, ул. Садовая, дом 12а, квартира 40", "г. Москва, ул. Садовая, дом 12а"),
        ("Москва, Садовая, 12, 40", "Москва, Садовая, 12"),
        ("Тверь, Садовая ул., 12а-40", "Тверь, Садовая ул., 12а"),
        ("Московская обл., СНТ «Берёзка», уч. 14", "Московская обл., СНТ «Берёзка», уч. 14"),
        ("Квартальная ул., д. 3, к. 2, кв. 7", "Квартальная ул., д. 3, к. 2"),
        ("12 High Street, Flat 3, Leeds", "12 High Street, Leeds"),
        ("500 Main St, Apt 4B, Springfield", "500 Main St, Springfield"),
        ("500 Main St, #12", "500 Main St"),
        ("ул. Комнатная, д. 5", "ул. Комнатная, д. 5"),
        ("", ""),
    ],
)
def test_without_the_flat(address: str, shown: str) -> None:
    assert without_flat(address) == shown
