"""The page of a run: one file that holds everything, opened without a network."""
