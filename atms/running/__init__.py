"""The parts of a run: what goes in, its opening, what comes out. `atms.runner` joins them."""
