"""What the page says, a module a matter: each takes a run and gives blocks."""
