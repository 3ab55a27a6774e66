"""What the operator tells many people at once, planned works and news: to whom, in which words, and how it went."""
