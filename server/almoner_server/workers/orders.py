"""What a worker is told to do, as it travels from the supervisor to the worker."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Self

from almoner_server.config import Config, ConfigError
from almoner_server.rpc.address import MAX_PORT, join, split


@dataclass(frozen=True, slots=True)
class Orders:
    """Tells a worker which one it is, from 1, and its settings."""

    worker: int
    config: Config

    @classmethod
    def of(cls, config: Config, worker: int) -> Self:
        """Make the orders of a worker: its metrics have a port of their own, as far up as its number.

        Raises:
            ConfigError: that port would be above 65535.
        """
        if config.metrics_listen is None:
            return cls(worker, config)
        host, port = split(config.metrics_listen)
        own = port + worker - 1 if port else 0
        if own > MAX_PORT:
            raise ConfigError(
                f"--metrics-listen {config.metrics_listen}: worker {worker} would need port {own}, "
                f"over {MAX_PORT}"
            )
        return cls(worker, replace(config, metrics_listen=join(host, own)))

    def line(self) -> bytes:
        """Encode as one line."""
        return (
            json.dumps({"worker": self.worker, "config": asdict(self.config)}, default=str).encode() + b"\n"
        )

    @classmethod
    def read(cls, line: bytes) -> Self:
        """Decode what `line` made."""
        given = json.loads(line)
        settings = given["config"]
        return cls(given["worker"], Config(**{**settings, "data_dir": Path(settings["data_dir"])}))
