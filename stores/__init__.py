"""Connections to venues: one module a venue, each one connection to one account.

None stands here yet; a config may already name its stores."""
