"""What a subscriber has, owes and pays, as the operator's billing says it.

The sign convention, for the whole program: a **balance is signed, and negative is debt**. A charge takes from the
balance (its amount is positive; a discount's is negative), a payment adds to it. A *debt* is never negative: it is
``max(0, -balance)``.
"""
