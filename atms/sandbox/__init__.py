"""What stands in for the world: simulated venues, virtual time, and the adversary."""
