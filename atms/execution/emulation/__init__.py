"""Orders that a venue does not do by itself: found out and done by the core; pure."""
