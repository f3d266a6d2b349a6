"""The command line: start the product, or tell a running bot what to do.

Every option is also an environment variable (``--port`` is ``MUSICBOT_PORT``)
and a key of the TOML file given by ``--config`` (``port = 8080``). What is
given on the command line wins over the environment, and that over the file.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import tomllib
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from click.core import ParameterSource

from musicbot import app
from musicbot.config import BotConfig, ServerConfig, socket_of
from musicbot.core.commands import COMMANDS, PREFIX
from musicbot.errors import ConfigError, MusicBotError
from musicbot.transports.control import send_command
from signaling import logs

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

DEFAULT_SERVER: Final = "http://127.0.0.1:8080"

OUR_NAME: Final = "command line"
"""What we are called in the room."""

REPLY_TIME: Final = 60.0
"""Seconds that the bot has to answer a command given here; a slow site is waited for."""

LOG_LEVELS: Final = ("debug", "info", "warning", "error")

TALKATIVE: Final = ("aioice", "aiortc", "websockets")
"""Libraries that tell everything they do."""

_ALIASES: Final = {alias: name for name, spec in COMMANDS.items() for alias in spec.aliases}


class WrongSettings(click.ClickException):
    """What is asked for cannot be started, however often one tries."""

    exit_code = 2


class Commands(click.Group):
    """The subcommands; those of the room go by their short names as well."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a subcommand by any of its names."""
        first, *rest = args
        return super().resolve_command(ctx, [_ALIASES.get(first, first), *rest])

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Tell apart what starts something and what goes to a running bot."""
        here: dict[str, str] = {}
        there: dict[str, str] = {}
        for name, command in self.commands.items():
            (there if name in COMMANDS else here)[name] = command.get_short_help_str(limit=80)
        for title, rows in (("Start", here), ("Tell the bot of a room (--room)", there)):
            with formatter.section(title):
                formatter.write_dl(list(rows.items()))


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


def _take_file(context: click.Context, _: click.Parameter, path: Path | None) -> None:
    """Take the settings of a file as defaults; every subcommand takes the keys that it knows."""
    if path is None:
        return
    try:
        values = tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WrongSettings(f"Cannot read the settings in {path}: {error}.") from error
    keys = {key.replace("-", "_"): value for key, value in values.items()}
    commands = [main, *main.commands.values()]
    known = {parameter.name for command in commands for parameter in command.params}
    if unknown := sorted(set(keys) - known):
        raise WrongSettings(f"{path} has keys that are no settings: {', '.join(unknown)}.")
    context.default_map = {**keys, **dict.fromkeys(main.commands, keys)}


def _take_late_log_level(
    context: click.Context, parameter: click.Parameter, level: str | None
) -> None:
    """Take a level that is given behind the subcommand, or by a file that is named there."""
    source = context.get_parameter_source(parameter.name or "")
    before = context.find_root().get_parameter_source(parameter.name or "")
    if level is not None and (
        source is ParameterSource.COMMANDLINE or before is ParameterSource.DEFAULT
    ):
        logs.set_up(level)
        context.find_root().obj = level


def settings_of_the_program(command: F) -> F:
    """Let what may be set before a subcommand be set behind it too, where people look for it."""
    levels = click.Choice(LOG_LEVELS)
    file = click.Path(exists=True, dir_okay=False, path_type=Path)
    late: dict[str, Any] = {"expose_value": False, "hidden": True}
    for declare in (
        click.option("--config", type=file, callback=_take_file, is_eager=True, **late),
        click.option("--log-level", type=levels, callback=_take_late_log_level, **late),
    ):
        command = declare(command)
    return command


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="irisa", prog_name="musicbot")
@setting(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    callback=_take_file,
    is_eager=True,
    expose_value=False,
    help="TOML file with settings.",
)
@setting(
    "--log-level",
    default="info",
    type=click.Choice(LOG_LEVELS),
    help="How much to say.",
)
@click.pass_context
def main(context: click.Context, log_level: str) -> None:
    """Rooms in the browser where people meet by video and listen to music together."""
    logs.set_up(log_level)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    context.obj = log_level


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
@settings_of_the_program
@click.pass_context
def up(
    context: click.Context,
    /,
    *,
    host: str,
    port: int,
    ice_server: tuple[str, ...],
    allow_origin: tuple[str, ...],
    **bot: Any,
) -> None:
    """Start everything: the signaling server with the page, and the bot."""
    token = secrets.token_urlsafe(24)
    with _explained():
        server = ServerConfig(
            host=host, port=port, token=token, ice_servers=ice_server, allow_origins=allow_origin
        )
        config = BotConfig(server=server.socket, token=token, **bot)
        _run(app.up(server, config, log_level=context.find_root().obj, announce=click.echo))


@main.command()
@setting("--server", default=DEFAULT_SERVER, help="The signaling server's address.")
@setting("--token", required=True, help="The token given to the server as --bot-token.")
@click.option("--end-with-stdin", is_flag=True, hidden=True)
@settings_of_the_bot
@settings_of_the_program
def run(*, server: str, end_with_stdin: bool, **bot: Any) -> None:
    """Start a bot worker alone, for a signaling server that runs elsewhere."""
    with _explained():
        config = BotConfig(server=socket_of(server), **bot)
        _run(app.run_bot(config, supervised=end_with_stdin))


def _remote(name: str) -> click.Command:
    """Make the subcommand that gives one of the room's commands to its bot."""
    spec = COMMANDS[name]
    short = f" Short: {', '.join(spec.aliases)}." if spec.aliases else ""

    # What begins with a dash is for the bot: seek -10.
    @click.command(
        name, help=f"{spec.help}.{short}", context_settings={"ignore_unknown_options": True}
    )
    @setting("--room", required=True, help="The room's name.")
    @setting("--server", default=DEFAULT_SERVER, help="The signaling server's address.")
    @click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar=spec.arguments or " ")
    def command(room: str, server: str, words: tuple[str, ...]) -> None:
        text = " ".join((PREFIX + name, *words))
        with _explained():
            reply = _run(
                send_command(socket_of(server), room, text, name=OUR_NAME, timeout=REPLY_TIME)
            )
        click.echo(reply.text, err=not reply.ok)
        if not reply.ok:
            raise click.exceptions.Exit(1)

    return command


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """Say what went wrong in a sentence."""
    try:
        yield
    except ConfigError as error:
        raise WrongSettings(str(error)) from error
    except MusicBotError as error:
        raise click.ClickException(str(error)) from error


def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        raise click.Abort from None


def settings_as_markdown() -> str:
    """Return the table for the README."""
    rows = ["| Option | Variable | Default | What it sets |", "| --- | --- | --- | --- |"]
    declared = {
        parameter.name: parameter
        for command in (up, run, main)
        for parameter in command.params
        if isinstance(parameter, click.Option) and parameter.envvar
    }
    for option in declared.values():
        default = f"`{option.default}`" if isinstance(option.default, str | int | float) else ""
        cells = (f"`{option.opts[0]}`", f"`{option.envvar}`", default, option.help or "")
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


for _name in COMMANDS:
    main.add_command(_remote(_name))
