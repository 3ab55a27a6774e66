"""Outside systems behind the domain's protocols."""
