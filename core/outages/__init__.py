"""Known failures of the operator's network: told before somebody writes about them."""
