"""Print what setup.cfg asks for, the core and the test extra, one requirement a line."""

import configparser
from pathlib import Path

config = configparser.ConfigParser()
config.read(Path(__file__).resolve().parent.parent / "setup.cfg")
for text in (config["options"]["install_requires"], config["options.extras_require"]["test"]):
    print(text.strip())
