"""Live runs that die at named places of their own code, again and again."""
