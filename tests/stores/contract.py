"""What every store must satisfy, whatever its venue: inherited, never changed.

``class TestX(StoreContract)`` gives a :class:`tests.stores.bench.Bench` in ``play``, and adds
what its own venue says on the wire. A capability that a venue does not have skips the tests of it.
"""

from __future__ import annotations

from tests.stores.contract_account import Standing
from tests.stores.contract_changes import Changing
from tests.stores.contract_facts import Telling
from tests.stores.contract_reads import Looking, Remembering
from tests.stores.contract_writes import Writing


class StoreContract(Writing, Telling, Changing, Remembering, Looking, Standing):
    """The whole contract of STORE.md, sections 1, 3, 4 and 5."""
