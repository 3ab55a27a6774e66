"""The receipt of a payment as a PDF that any phone opens: what was paid, when, for which accounts."""

from __future__ import annotations

from pathlib import Path

import core.billing
from core.operator import Operator
from core.payments.models import PaymentOrder, PaymentStatus
from fsm.account_words import spaced
from fsm.payment_words import status_word
from fsm.texts import Translator

FONTS = Path(core.billing.__file__).parent / "fonts"
_NARROW, _WIDE = 60, 120  # millimetres


def receipt_pdf(t: Translator, order: PaymentOrder, operator: Operator) -> bytes:
    """About 20 KB; takes some tenths of a second, so call it in a thread."""
    from fpdf import FPDF  # half a second of importing, which only a receipt is worth
    from fpdf.enums import XPos, YPos

    page = FPDF(format=(148, 210), orientation="landscape")  # A5
    page.set_title(t.t("Receipt"))
    page.set_creation_date(order.paid_at or order.created_at)  # the same payment gives the same file
    page.add_font("DejaVu", "", FONTS / "DejaVuSans.ttf")
    page.add_font("DejaVu", "B", FONTS / "DejaVuSans-Bold.ttf")
    page.set_margin(15)
    page.add_page()
    page.set_font("DejaVu", "B", 16)
    page.multi_cell(0, 9, operator.name, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    page.set_font("DejaVu", "", 12)
    page.multi_cell(0, 8, t.t("Receipt of a payment"), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    page.ln(3)
    for name, value in _rows(t, order):
        page.set_font("DejaVu", "", 11)
        page.cell(_NARROW, 8, name)
        page.set_font("DejaVu", "B", 11)
        page.multi_cell(_WIDE, 8, value, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    page.ln(3)
    page.set_font("DejaVu", "", 9)
    note = t.t("This confirms the payment to your operator. It is not a fiscal receipt of the cash register.")
    page.multi_cell(0, 5, note, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    return bytes(page.output())


def receipt_name(order: PaymentOrder) -> str:
    return f"receipt-{order.id}.pdf"


def has_receipt(order: PaymentOrder) -> bool:
    return order.status in (PaymentStatus.paid, PaymentStatus.posted, PaymentStatus.refunded)


def _rows(t: Translator, order: PaymentOrder) -> list[tuple[str, str]]:
    rows = [(t.t("Payment number"), order.id), (t.t("Paid on"), t.moment(order.paid_at or order.created_at))]
    for line in order.lines:
        rows.append((t.t("Account {number}", number=spaced(line.account)), t.money(line.amount)))
    rows.append((t.t("In all"), t.money(order.amount)))
    rows.append((t.t("Status"), status_word(t, order.status).lstrip("✅↩️ ")))
    if order.refunded:
        rows.append((t.t("Given back"), t.money(order.refunded)))
    return rows
