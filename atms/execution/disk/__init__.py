"""What an account and a run keep on disk: lease, journal, recordings, a strategy's state."""
