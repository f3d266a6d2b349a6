"""The command line: start the product, or tell a running bot what to do.

Every option is also an environment variable (``--port`` is ``MUSICBOT_PORT``)
and a key of the TOML file given by ``--config`` (``port = 8080``). What is
given on the command line wins over the environment, and that over the file.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import click

from musicbot import app
from musicbot.config import BotConfig, ServerConfig
from musicbot.core.commands import COMMANDS
from musicbot.errors import ConfigError, MusicBotError, RoomLost, UserError
from musicbot.transports.control import send_command

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_SERVER: Final = "http://127.0.0.1:8080"
REPLY_TIME: Final = 60.0
"""Seconds that the bot has to answer a command given here."""


def setting(name: str, *args: Any, **kwargs: Any) -> Callable[[F], F]:
    """Declare an option that is an environment variable too."""
    envvar = "MUSICBOT_" + name.removeprefix("--").replace("-", "_").upper()
    return click.option(name, *args, envvar=envvar, show_envvar=True, show_default=True, **kwargs)


def settings_of_the_bot(command: F) -> F:
    """Declare the settings that ``up`` and ``run`` share."""
    folder = click.Path(file_okay=False, path_type=Path)
    for declare in reversed(
        (
            setting("--library", type=folder, help="Folder of your own music."),
            setting("--data", type=folder, help="Folder for what outlives the process."),
            setting(
                "--allow-net",
                multiple=True,
                metavar="CIDR",
                help="Private network that links may point to, like 192.168.1.0/24; repeatable.",
            ),
            setting("--name", default="Music bot", help="The bot's name in the room."),
            setting("--capacity", default=50, help="Rooms that the bot serves at once."),
            setting(
                "--alone-timeout",
                default=60.0,
                help="Seconds after which the bot leaves a room without people.",
            ),
        )
    ):
        command = declare(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="irisa", prog_name="musicbot")
@setting("--config", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="TOML file.")
@setting(
    "--log-level",
    default="info",
    type=click.Choice(["debug", "info", "warning", "error"]),
    help="How much to say.",
)
@click.pass_context
def main(context: click.Context, config: Path | None, log_level: str) -> None:
    """Rooms in the browser where people meet by video and listen to music together."""
    logging.basicConfig(
        level=log_level.upper(), format="%(asctime)s %(levelname)-7s %(name)s: %(message)s"
    )
    if config is not None:
        context.default_map = _defaults(config)


def _defaults(path: Path) -> dict[str, Any]:
    """Read the settings file; every subcommand takes the keys that it knows."""
    try:
        values = tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise click.ClickException(f"Cannot read the settings in {path}: {error}.") from error
    keys = {key.replace("-", "_"): value for key, value in values.items()}
    known = {
        parameter.name for command in main.commands.values() for parameter in command.params
    }
    unknown = sorted(set(keys) - known)
    if unknown:
        raise click.ClickException(f"{path} has keys that are no settings: {', '.join(unknown)}.")
    return dict.fromkeys(main.commands, keys)


@main.command()
@setting("--host", default="127.0.0.1", help="Address to listen on; 0.0.0.0 for all.")
@setting("--port", default=8080, help="Port to listen on.")
@setting(
    "--ice-server",
    multiple=True,
    metavar="URL",
    help="STUN or TURN server for the pages and the bot; repeatable.",
)
@setting(
    "--allow-origin",
    multiple=True,
    metavar="ORIGIN",
    help="Further origin that pages may come from; repeatable.",
)
@settings_of_the_bot
def up(
    host: str, port: int, ice_server: tuple[str, ...], allow_origin: tuple[str, ...], **bot: Any
) -> None:
    """Start everything: the signaling server with the page, and the bot."""
    token = secrets.token_urlsafe(24)
    server = _checked(
        lambda: ServerConfig(
            host=host, port=port, token=token, ice_servers=ice_server, allow_origins=allow_origin
        )
    )
    config = _checked(lambda: BotConfig(server=server.socket, token=token, **bot))
    _run(app.up(server, config, announce=click.echo))


@main.command()
@setting("--server", default="ws://127.0.0.1:8080/ws", help="The signaling server's address.")
@setting("--token", required=True, help="The token given to the server as --bot-token.")
@click.option("--end-with-stdin", is_flag=True, hidden=True)
@settings_of_the_bot
def run(*, end_with_stdin: bool, **bot: Any) -> None:
    """Start a bot worker alone, for a signaling server that runs elsewhere."""
    _run(app.run_bot(_checked(lambda: BotConfig(**bot)), end_with_stdin=end_with_stdin))


def _checked(make: Callable[[], Any]) -> Any:
    try:
        return make()
    except ConfigError as error:
        raise click.UsageError(str(error)) from error


def _run(work: Any) -> None:
    try:
        asyncio.run(work)
    except KeyboardInterrupt:
        pass  # Everything was ended in order while the interrupt was on its way.
    except ConfigError as error:
        raise click.UsageError(str(error)) from error
    except MusicBotError as error:
        raise click.ClickException(str(error)) from error


def _remote(name: str) -> click.Command:
    """Make the subcommand that gives one of the room's commands to its bot."""
    spec = COMMANDS[name]

    @click.command(name, help=f"{spec.help} (in a running room).")
    @setting("--room", required=True, help="The room's name.")
    @click.option("--server", default=DEFAULT_SERVER, envvar="MUSICBOT_PAGE", show_default=True)
    @click.argument("words", nargs=-1)
    def command(room: str, server: str, words: tuple[str, ...]) -> None:
        text = " ".join((name, *words))
        try:
            reply = asyncio.run(
                send_command(server, room, text, name="command line", timeout=REPLY_TIME)
            )
        except (RoomLost, UserError) as error:
            raise click.ClickException(str(error)) from error
        click.echo(reply.text, err=not reply.ok)
        if not reply.ok:
            raise click.exceptions.Exit(1)

    return command


for _name in COMMANDS:
    main.add_command(_remote(_name))
