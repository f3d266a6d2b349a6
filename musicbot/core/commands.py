"""The commands: one table, of which parsing, help, the list and the command line are views.

To add a command, write its action in :mod:`musicbot.core.actions` and its line in
:data:`COMMANDS`; ``make readme`` tells of it in the README.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from musicbot.core import actions, replies, usage
from musicbot.core.actions import Call
from musicbot.core.effects import Effect, Reply, Request
from musicbot.core.permissions import Permission, may
from musicbot.core.player import Player
from musicbot.errors import BadArgument, NotAllowed, UnknownCommand, UserError

PREFIX: Final = "!"
"""What a command begins with in the chat; elsewhere it may be left out."""

MAX_LENGTH: Final = 2_000
"""Characters of a command; a link may be long."""


@dataclass(frozen=True, slots=True)
class Spec:
    """One command."""

    arguments: str
    """As :mod:`musicbot.core.usage` reads them; empty if there are none."""
    help: str
    """What it does, without a full stop."""
    run: Callable[[Call], list[Effect]]
    aliases: tuple[str, ...] = ()
    permission: Permission = Permission.EVERYONE


def is_command(line: str) -> bool:
    """Return whether a line of chat is a command; ``!!`` and a lone ``!`` are only loud."""
    following = line.removeprefix(PREFIX)[:1]
    return line.startswith(PREFIX) and following != PREFIX and bool(following.strip())


def parse(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the name of the command, aliases resolved, and its arguments.

    Raises:
        UnknownCommand: If there is none of that name.
        BadArgument: If it is too long, or there are too many or too few arguments.
    """
    if len(text) > MAX_LENGTH:
        raise BadArgument(replies.too_long(MAX_LENGTH))
    word, *rest = text.strip().removeprefix(PREFIX).split(None, 1) or [""]
    name = find(word)
    try:
        return name, usage.split(COMMANDS[name].arguments, "".join(rest))
    except ValueError as error:
        raise BadArgument(replies.usage(usage_of(name))) from error


def find(word: str) -> str:
    """Return the name of the command that is called so.

    Raises:
        UnknownCommand: If there is none; the text names the nearest.
    """
    wanted = word.lower()
    if wanted in _NAMES:
        return _NAMES[wanted]
    nearest = difflib.get_close_matches(wanted, _NAMES, n=1)
    raise UnknownCommand(replies.unknown_command(word, nearest[0] if nearest else None))


def execute(
    player: Player, text: str, request: Request, heard: int, *, alone: bool = False
) -> list[Effect]:
    """Do what somebody typed; whatever it was, it is answered.

    Args:
        player: Plays the room's music.
        text: The command; the prefix may be left out.
        request: Who gave it.
        heard: The engine's position in samples.
        alone: Whether nobody else is in the room.
    """
    try:
        name, arguments = parse(text)
        if not may(COMMANDS[name].permission, host=request.host, alone=alone):
            raise NotAllowed(replies.HOST_ONLY)
        return COMMANDS[name].run(Call(player, request, arguments, heard))
    except UserError as error:
        return [Reply(request, False, str(error))]


def usage_of(name: str) -> str:
    """Return how a command is written: ``!move <from> <to>``."""
    return f"{PREFIX}{name} {COMMANDS[name].arguments}".rstrip()


def as_markdown() -> str:
    """Return the table for the README."""
    rows = ["| Command | Short | What it does |", "| --- | --- | --- |"]
    for name, spec in COMMANDS.items():
        short = ", ".join(f"`{PREFIX}{alias}`" for alias in spec.aliases)
        who = " (host only)" if spec.permission is Permission.HOST else ""
        cells = (f"`{usage_of(name)}`", short, f"{spec.help}{who}")
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows)


def _help(call: Call) -> list[Effect]:
    if not call.arguments:
        listed = ", ".join(PREFIX + name for name in COMMANDS)
        return [call.answer(replies.help_for_all(listed))]
    name = find(call.arguments[0].removeprefix(PREFIX))
    spec = COMMANDS[name]
    aliases = [PREFIX + alias for alias in spec.aliases]
    return [call.answer(replies.help_for_one(usage_of(name), spec.help, aliases))]


COMMANDS: Final[Mapping[str, Spec]] = {
    "play": Spec("[link or words]", "Add a track to the queue; alone, go on", actions.play, ("p",)),
    "playnext": Spec("<link or words>", "Play a track next", actions.play_next, ("pn",)),
    "demo": Spec("", "Play the built-in piece, which needs no internet", actions.demo),
    "pause": Spec("", "Pause the music", actions.pause),
    "resume": Spec("", "Go on after a pause or a failure", actions.resume, ("unpause",)),
    "skip": Spec("", "Go on with the next track", actions.skip, ("s", "next")),
    "stop": Spec("", "Stop the music and clear the queue", actions.stop),
    "seek": Spec(
        "[+|-]<time>", "Go to a time like 1:30 or 90, or by +10 or -10 seconds", actions.seek
    ),
    "volume": Spec("[0-150]", "Set the volume in percent, or tell it", actions.volume, ("vol",)),
    "loop": Spec(
        "[off|track|queue]", "Set what is repeated, or tell it", actions.loop, ("repeat",)
    ),
    "queue": Spec("[page]", "List what is played next", actions.list_queue, ("q",)),
    "nowplaying": Spec("", "Tell what is played now", actions.now_playing, ("np",)),
    "remove": Spec("<n>", "Take a track out of the queue", actions.remove, ("rm",)),
    "move": Spec("<from> <to>", "Give a track another place in the queue", actions.move, ("mv",)),
    "clear": Spec("", "Empty the queue", actions.clear),
    "shuffle": Spec("", "Bring the queue into a random order", actions.shuffle),
    "join": Spec("", "Bring the music bot", actions.join),
    "leave": Spec("", "Send the music bot away", actions.leave, permission=Permission.HOST),
    "help": Spec("[command]", "List the commands, or explain one", _help, ("h",)),
    "ping": Spec("", "See whether the music bot answers", actions.ping),
}

_NAMES: Final[Mapping[str, str]] = {
    called: name for name, spec in COMMANDS.items() for called in (name, *spec.aliases)
}
