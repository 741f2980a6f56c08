"""``python -m atms``."""

import sys

if __name__ == "__main__":
    try:
        from atms.cli.main import main

        main()
    except KeyboardInterrupt:  # while still importing, or when all is done
        sys.exit(130)
