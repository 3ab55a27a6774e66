"""The staff's side: what they can do, and the web desk where they do it."""
