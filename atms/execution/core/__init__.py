"""An account's core: (event, now) -> instructions; pure."""
