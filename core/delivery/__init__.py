"""What arrived, where each conversation stands, and what is to be sent: the durable side of every turn."""
