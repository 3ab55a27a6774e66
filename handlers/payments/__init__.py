"""The web's side of payments: the page behind a link, and the address to which providers send notices."""
