"""What every venue of the sandbox stands on, without the words of any."""
