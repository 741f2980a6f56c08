"""Real bars, bundled; sources and licences are in README.md beside them."""
