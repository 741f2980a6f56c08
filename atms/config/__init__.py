"""YAML, environment and options -> frozen models that know where each value came from."""

from atms.config.broker import BrokerSection, CommissionSection
from atms.config.load import LoadedConfig, load_config, public_values
from atms.config.secrets import mask_url
from atms.config.sections import Component, Config, FeedSection, InstrumentSection, SqlSection

__all__ = [
    "BrokerSection",
    "CommissionSection",
    "Component",
    "Config",
    "FeedSection",
    "InstrumentSection",
    "LoadedConfig",
    "SqlSection",
    "load_config",
    "mask_url",
    "public_values",
]
