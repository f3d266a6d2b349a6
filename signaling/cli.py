"""The command line of the signaling server.

Every option is also an environment variable: ``--port`` is ``SIGNALING_PORT``.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import re
import signal
from typing import Final

import click

from signaling import logs
from signaling.descriptors import ShortageNotice, raise_limit
from signaling.ice import parse_ice_servers
from signaling.lifeline import end_with_stdin as watch_stdin
from signaling.limits import Limits
from signaling.messages import IceServer
from signaling.server import Settings, running

logger = logging.getLogger(__name__)

_ORIGIN: Final = re.compile(r"(https?://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]+)?)/?")


class WrongSettings(click.ClickException):
    """The server does not start with these settings, however often one tries."""

    exit_code = 2


@click.command(
    context_settings={
        "auto_envvar_prefix": "SIGNALING",
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
        "show_default": True,
    }
)
@click.option("--host", default="127.0.0.1", help="Address to listen on; 0.0.0.0 for all.")
@click.option("--port", default=8080, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option(
    "--bot-token",
    metavar="SECRET",
    help="What the music bots must show; without it there are none. "
    "Better given as SIGNALING_BOT_TOKEN, which no process list shows.",
)
@click.option(
    "--ice-server",
    multiple=True,
    metavar="URL",
    help="STUN or TURN server (turn:user:password@host:port) for pages and bots; repeatable.",
)
@click.option(
    "--allow-origin",
    multiple=True,
    metavar="ORIGIN",
    help="Further origin that pages may come from, like https://example.org; repeatable.",
)
@click.option(
    "--log-level",
    default="info",
    type=click.Choice(["debug", "info", "warning", "error"]),
    help="How much to say.",
)
@click.option(
    "--per-address",
    default=Limits().per_address,
    type=click.IntRange(0),
    help="Connections that one address may have open, this machine excepted; 0 for any number, "
    "behind a proxy that runs elsewhere.",
)
@click.option("--end-with-stdin", is_flag=True, hidden=True)
def main(
    host: str,
    port: int,
    bot_token: str | None,
    ice_server: tuple[str, ...],
    allow_origin: tuple[str, ...],
    per_address: int,
    log_level: str,
    end_with_stdin: bool,
) -> None:
    """Start the signaling server, which also serves the browser client."""
    logs.set_up(log_level)
    # It says when any connection opens or closes, and every file that is served.
    logging.getLogger("websockets").setLevel(logging.WARNING)
    settings = Settings(
        host=host,
        port=port,
        token=bot_token or None,
        ice=_ice_servers(ice_server),
        allow_origins=tuple(map(_origin, allow_origin)),
        limits=Limits(per_address=per_address).within(raise_limit()),
    )
    try:
        asyncio.run(_run(settings, end_with_stdin=end_with_stdin))
    except OSError as error:
        raise WrongSettings(_cannot_listen(settings, error)) from error


async def _run(settings: Settings, *, end_with_stdin: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    loop.set_exception_handler(ShortageNotice())
    if end_with_stdin:
        watch_stdin()
    async with running(settings) as server:
        logger.info("listening on %s, port %d", settings.host, server.port)
        await stop.wait()


def _ice_servers(texts: tuple[str, ...]) -> tuple[IceServer, ...]:
    try:
        return parse_ice_servers(texts)
    except ValueError as error:
        raise WrongSettings(f"--ice-server: {error}") from error


def _origin(text: str) -> str:
    """Return an origin as browsers write it."""
    match = _ORIGIN.fullmatch(text.lower())
    if match is None:
        raise WrongSettings(f"--allow-origin: {text!r} is no origin like https://example.org.")
    return match[1]


def _cannot_listen(settings: Settings, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {settings.port} on {settings.host} is taken by another program; "
            "choose another one with --port."
        )
    # A name that is not found has a number below 0, and a text of its own.
    number = error.errno or 0
    reason = os.strerror(number) if number > 0 else error.strerror or str(error)
    return (
        f"Cannot listen on {settings.host}, port {settings.port}: {reason}. "
        "Choose others with --host and --port."
    )
