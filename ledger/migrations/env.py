"""Alembic's entry point, on the connection and in the transaction that `upgrade` opened.

The transaction, its advisory lock and its timeouts belong to `ledger.postgres.database.upgrade`, so
there is one way to migrate. Offline SQL (`--sql`) is not offered, as the steps look at the server.
"""

from alembic import context
from sqlmodel import SQLModel

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=SQLModel.metadata)
context.run_migrations()
# A step says which programs, by the revision that they were made for, may serve on what it leaves.
step = context.script.get_revision("head")
connection.exec_driver_sql(f"COMMENT ON TABLE alembic_version IS '{step.module.oldest}'")
# The application asks at its start whether the schema is one that it may serve on.
role = connection.dialect.identifier_preparer.quote(context.config.attributes["app_role"])
connection.exec_driver_sql(f"GRANT SELECT ON alembic_version TO {role}")
