"""Steps from one schema to the next and back, run by Alembic."""
