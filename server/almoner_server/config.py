"""What an operator may set."""

import re
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from almoner_server.embedded import default_data_dir
from almoner_server.rpc.bounds import MAX_MEMORY

ON_STORE_FAILURE = ("deny", "allow")
LOG_FORMATS = ("plain", "json")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
MAX_LANES = 64
MAX_WORKERS = 64
MAX_GRACE = 3600.0
DEFAULT_PORT = "5432"
_PORT = re.compile(r":\d+$")


class ConfigError(Exception):
    """Says which setting is wrong, and what it may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Holds the settings of one server."""

    listen: str = "127.0.0.1:50051"
    """`host:port` or `unix:path`; port 0 takes any that is free."""
    database_url: str | None = None
    """The DSN of a PostgreSQL; None runs an embedded one."""
    data_dir: Path = field(default_factory=default_data_dir)
    """Where the embedded PostgreSQL lives."""
    auto_migrate: bool = False
    """Bring the schema up to date at the start. The embedded database always is."""
    on_store_failure: str = "deny"
    """What a check is answered while the store cannot be reached: one of ON_STORE_FAILURE."""
    grace: float = 30.0
    """Seconds that calls under way get when the server stops."""
    lanes: int = 2
    """Transactions under way at once."""
    workers: int = 1
    """Processes that share the port; 1 is this process alone, without a supervisor."""
    max_memory: int = MAX_MEMORY >> 20
    """MiB that a process may have before it turns calls away; 0: whatever there is."""
    statement_cache_size: int = 100
    """Prepared statements a connection keeps; 0 behind pgbouncer in transaction mode."""
    metrics_listen: str | None = None
    """`host:port` where Prometheus finds the metrics; None shows none."""
    log_format: str = "plain"
    """One of LOG_FORMATS."""
    log_level: str = "INFO"
    """One of LOG_LEVELS."""
    test_clock: bool = False
    """Callers may set the clock. For tests only."""

    @property
    def embedded(self) -> bool:
        """Tell whether the authority runs its own PostgreSQL."""
        return self.database_url is None

    @property
    def migrates(self) -> bool:
        """Tell whether the schema is brought up to date at the start."""
        return self.auto_migrate or self.embedded


def place_of(dsn: str) -> str:
    """Name host and port of a database, never its user and password."""
    parts = urlsplit(dsn)
    query = parse_qs(parts.query)
    ports = query.get("port", [DEFAULT_PORT])
    hosts = parts.netloc.rpartition("@")[2] or query.get("host", ["the usual place"])[0]
    return ", ".join(
        host if host.startswith(("/", "the ")) or _PORT.search(host) else f"{host}:{ports[0]}"
        for host in hosts.split(",")
    )


def read_file(path: Path) -> dict[str, Any]:
    """Read settings from a TOML file; names are those of `Config`.

    Raises:
        ConfigError: the file cannot be read, is no TOML, or has a name that is no setting or a value of another
            kind than the setting.
    """
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    known = sorted(setting.name for setting in fields(Config))
    if unknown := sorted(settings.keys() - set(known)):
        raise ConfigError(f"{path}: no setting is called {', '.join(unknown)}; there are {', '.join(known)}")
    for name, value in settings.items():
        require_kind(path, name, value)
    return settings


def require_kind(path: Path, name: str, value: object) -> None:
    """Make sure that a setting in a file has a value of its kind. Raises ConfigError."""
    kind = type(getattr(_DEFAULTS, name))
    words, possible = _KINDS.get(kind, _TEXT)
    if type(value) not in possible:
        raise ConfigError(f"{path}: {name}: {value!r} is not {words}")


_DEFAULTS = Config()
_TEXT = ('text in quotes, such as "..."', (str,))
_KINDS: dict[type, tuple[str, tuple[type, ...]]] = {
    bool: ("true or false", (bool,)),
    int: ("a whole number, such as 4", (int,)),
    float: ("a number, such as 4 or 2.5", (int, float)),
}
