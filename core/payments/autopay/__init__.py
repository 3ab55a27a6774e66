"""Auto-payment: a rule for an account, a saved means of payment, and charges that are announced a day before."""
