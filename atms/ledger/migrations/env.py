"""Run by Alembic: migrate on the connection that atms.ledger.version hands over."""

from alembic import context

from atms.ledger.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # of SQLite too: atms.ledger.engine begins its transactions itself
)
with context.begin_transaction():
    context.run_migrations()
