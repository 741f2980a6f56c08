"""``python -m atms``."""

from atms.cli.main import main

if __name__ == "__main__":
    main()
