"""Who is reminded of which debt, when, by which way, and why somebody is not: the rules and the record."""
