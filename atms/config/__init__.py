"""YAML, environment and options -> frozen models that know where each value came from."""

from atms.config.broker import BrokerSection, CommissionSection
from atms.config.execution import ExecutionSection
from atms.config.live import history_bars, live_misfits
from atms.config.load import LoadedConfig, load_config, public_values
from atms.config.risk import RiskSection, instruments, missing_limits
from atms.config.secrets import mask_url
from atms.config.sections import Component, Config, FeedSection, InstrumentSection, SqlSection
from atms.config.stores import LoopbackUrl, StoreSection

__all__ = [
    "BrokerSection",
    "CommissionSection",
    "Component",
    "Config",
    "ExecutionSection",
    "FeedSection",
    "InstrumentSection",
    "LoadedConfig",
    "LoopbackUrl",
    "RiskSection",
    "SqlSection",
    "StoreSection",
    "history_bars",
    "instruments",
    "live_misfits",
    "load_config",
    "mask_url",
    "missing_limits",
    "public_values",
]
