"""A local PostgreSQL server, from a wheel: no system package, no service, no account to set up.

::

    server = localdb.start(localdb.default_folder())
    server.url            # postgresql+psycopg2://atms:...@127.0.0.1:27183/atms
    localdb.stop(server.folder)

The server listens on 127.0.0.1 alone, asks for a generated password, and outlives the process that
started it. PostgreSQL refuses to run as root; there it runs as ``nobody``, from a copy of its
programs, and no user is added and no parent folder's mode is changed.
"""

from atms.localdb.folder import default_folder
from atms.localdb.server import LocalServer, start, status, stop

__all__ = ["LocalServer", "default_folder", "start", "status", "stop"]
