"""YAML, environment and options -> frozen models that know where each value came from."""

from atms.config.load import LoadedConfig, load_config, mask_url, public_values
from atms.config.sections import Component, Config, FeedSection

__all__ = [
    "Component",
    "Config",
    "FeedSection",
    "LoadedConfig",
    "load_config",
    "mask_url",
    "public_values",
]
