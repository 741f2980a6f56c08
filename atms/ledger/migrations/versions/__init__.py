"""One module a step; its number is the schema's."""
