"""The order path: from what a strategy decides to what its venue did, with nothing lost."""
