"""Other helpdesks behind the protocol of core.appeals.helpdesk."""
