"""The settings of the bot, checked once at the start.

``cli.py`` reads them from options, the environment and a TOML file; nobody else
looks at the environment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from musicbot.errors import ConfigError
from musicbot.netpolicy import NetPolicy

MAX_CAPACITY: Final = 1000
"""More rooms than one process could ever serve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BotConfig:
    """Settings of one bot process.

    Raises:
        ConfigError: If a value makes no sense.
    """

    server: str
    """WebSocket address of the signaling server."""
    token: str = field(repr=False)
    """What the server knows its bots by."""
    name: str = "Music bot"
    library: Path | None = None
    """Folder of the operator's own music."""
    data: Path | None = None
    """Folder for what outlives the process; now the resolver's cache."""
    allow_net: tuple[str, ...] = ()
    """Networks (CIDR) that may be fetched from although they are private."""
    capacity: int = 50
    """How many rooms the server may send here."""
    alone_timeout: float = 60.0
    """Seconds after which the bot leaves a room without people."""

    def __post_init__(self) -> None:
        if urlsplit(self.server).scheme not in ("ws", "wss"):
            raise ConfigError("The server's address must start with ws:// or wss://.")
        if not self.token:
            raise ConfigError("The bot needs a token: the one given to the server as --bot-token.")
        if self.library is not None and not self.library.is_dir():
            raise ConfigError(f"The library {self.library} is not a folder.")
        if not 1 <= self.capacity <= MAX_CAPACITY:
            raise ConfigError(f"The capacity must be between 1 and {MAX_CAPACITY} rooms.")
        if self.alone_timeout <= 0:
            raise ConfigError("The time to wait alone must be more than 0 seconds.")
        NetPolicy.parse(self.allow_net)

    def environment(self) -> dict[str, str]:
        """Return the variables from which ``musicbot run`` reads these settings."""
        settings = {
            "SERVER": self.server,
            "TOKEN": self.token,
            "NAME": self.name,
            "LIBRARY": str(self.library or ""),
            "DATA": str(self.data or ""),
            "ALLOW_NET": " ".join(self.allow_net),
            "CAPACITY": str(self.capacity),
            "ALONE_TIMEOUT": str(self.alone_timeout),
        }
        return {f"MUSICBOT_{name}": value for name, value in settings.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """Settings of the signaling server that is started beside the bot.

    Raises:
        ConfigError: If a value makes no sense.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    token: str = field(repr=False)
    ice_servers: tuple[str, ...] = field(default=(), repr=False)
    """STUN and TURN servers; may hold a credential."""
    allow_origins: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < self.port < 65536:
            raise ConfigError("The port must be between 1 and 65535.")

    @property
    def page(self) -> str:
        """What people open in their browser."""
        return f"http://{_reachable(self.host)}:{self.port}"

    @property
    def socket(self) -> str:
        """Where the bot finds the server."""
        return f"ws://{_reachable(self.host)}:{self.port}/ws"

    def environment(self) -> dict[str, str]:
        """Return the variables from which ``python -m signaling`` reads these settings."""
        settings = {
            "HOST": self.host,
            "PORT": str(self.port),
            "BOT_TOKEN": self.token,
            "ICE_SERVER": " ".join(self.ice_servers),
            "ALLOW_ORIGIN": " ".join(self.allow_origins),
        }
        return {f"SIGNALING_{name}": value for name, value in settings.items()}


def socket_of(server: str) -> str:
    """Return the WebSocket address of a server that is given as people see it in their browser.

    Raises:
        ConfigError: If it is no address of a server.
    """
    address = urlsplit(server)
    if address.scheme in ("ws", "wss"):
        return server
    scheme = {"http": "ws", "https": "wss"}.get(address.scheme)
    if scheme is None or not address.netloc:
        raise ConfigError("The server's address must look like http://127.0.0.1:8080.")
    return f"{scheme}://{address.netloc}/ws"


def _reachable(host: str) -> str:
    """Return where a server that listens on a host can be reached from this machine."""
    if host in ("0.0.0.0", "::", ""):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
