"""Connections to venues: one module a venue, each one connection to one account, behind one seam.

The seam (`base` and its types) stands; no venue yet. A config may already name its stores."""
