"""YAML configs that run as they stand."""
