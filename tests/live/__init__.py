"""Live runs as processes of their own, against the sandbox."""
