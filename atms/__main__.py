"""``python -m atms``, and the command ``atms``."""

import os
import signal
import sys
from typing import Any


def main() -> None:
    """Run the command line; a Ctrl-C ends it with 130, from the first import on."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:
        # An exception in the midst of an import may be taken for a missing package.
        signal.signal(signal.SIGINT, _leave)
    from atms.cli import main as line

    run = line.chosen()
    signal.signal(signal.SIGINT, before)
    try:
        line.main(run)
    except KeyboardInterrupt:  # when all is done
        sys.exit(130)


def _leave(*_: Any) -> None:
    os._exit(130)  # nothing has begun


if __name__ == "__main__":
    main()
