"""The order path under faults: seeded, in virtual time, in one thread."""
