"""Observers of a run: they take notifications in the loop and decide nothing."""
