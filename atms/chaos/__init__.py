"""A user's own strategy and config under faults: the trials of the house, with a guest in them."""
