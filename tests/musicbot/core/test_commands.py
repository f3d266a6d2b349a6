from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicbot.core import commands, replies
from musicbot.core.commands import COMMANDS
from musicbot.core.effects import Find, Leave, Reply
from musicbot.core.permissions import Permission
from musicbot.core.player import Player
from musicbot.core.states import State
from musicbot.errors import BadArgument, UnknownCommand
from tests.support.players import playing, request

STANDARD = """
play|p [link or words]
playnext|pn <link or words>
pause
resume|unpause
skip|s|next
stop
queue|q [page]
nowplaying|np
remove|rm <n>
move|mv <from> <to>
clear
shuffle
loop|repeat [off|track|queue]
seek [+|-]<time>
volume|vol [0-150]
demo
join
leave
help|h [command]
ping
"""
"""What is promised to people; a command that is added later need not be here."""

CALLED = {called: name for name, spec in COMMANDS.items() for called in (name, *spec.aliases)}

EXAMPLES = {
    "[link or words]": "clair de lune",
    "<link or words>": "clair de lune",
    "[page]": "1",
    "<n>": "1",
    "<from> <to>": "1 1",
    "[off|track|queue]": "off",
    "[+|-]<time>": "+10",
    "[0-150]": "80",
    "[command]": "play",
    "": "",
}
"""Arguments that fit, by how the usage is written."""


def answer(player: Player, text: str, *, host: bool = False, alone: bool = False) -> Reply:
    """Return the first answer to a command."""
    effects = commands.execute(player, text, request(host=host), 0, alone=alone)
    return next(effect for effect in effects if isinstance(effect, Reply))


@pytest.mark.parametrize("line", STANDARD.strip().splitlines())
def test_the_table_has_the_commands_that_people_know(line: str) -> None:
    names, _, arguments = line.partition(" ")

    name, *aliases = names.split("|")

    assert COMMANDS[name].arguments == arguments
    assert set(aliases) <= set(COMMANDS[name].aliases)


def test_no_name_stands_for_two_commands() -> None:
    names = [called for name, spec in COMMANDS.items() for called in (name, *spec.aliases)]

    assert len(names) == len(set(names))


@pytest.mark.parametrize("called", CALLED)
@pytest.mark.parametrize("prefix", ["!", "", "  !"])
def test_every_name_is_understood(called: str, prefix: str) -> None:
    name = CALLED[called]
    example = EXAMPLES[COMMANDS[name].arguments]

    for typed in (called, called.upper()):
        found, arguments = commands.parse(f"{prefix}{typed} {example}")
        assert found == name
        assert " ".join(arguments) == example


@pytest.mark.parametrize("called", CALLED)
def test_every_command_answers_in_one_line(called: str) -> None:
    example = EXAMPLES[COMMANDS[CALLED[called]].arguments]

    reply = answer(playing("A", "B", "C"), f"!{called} {example}", host=True)

    assert reply.ok or called in ("resume", "unpause")
    assert len(reply.text.splitlines()) == 1


@pytest.mark.parametrize("name", COMMANDS)
def test_too_many_or_too_few_arguments_name_the_usage(name: str) -> None:
    arguments = COMMANDS[name].arguments
    wrong = "" if " or " in arguments else "1 2 3"
    if not wrong and arguments.startswith("["):
        return

    reply = answer(playing("A"), f"!{name} {wrong}", host=True)

    assert reply == Reply(
        request(host=True), False, f"Write it like this: {commands.usage_of(name)}"
    )


@pytest.mark.parametrize("called", CALLED)
@pytest.mark.parametrize("prefix", ["", "!"])
def test_help_explains_every_command_by_each_of_its_names(called: str, prefix: str) -> None:
    name = CALLED[called]
    spec = COMMANDS[name]

    reply = answer(Player(), f"!help {prefix}{called}")

    assert reply.ok
    assert reply.text.startswith(commands.usage_of(name))
    assert reply.text.endswith(f": {spec.help}.")
    assert all(f"!{alias}" in reply.text for alias in spec.aliases)


def test_help_lists_every_command() -> None:
    listed = re.findall(r"!(\w+)[,.]", answer(Player(), "!help").text)

    assert listed == list(COMMANDS)


@pytest.mark.parametrize("spec", COMMANDS.values(), ids=COMMANDS)
def test_every_help_text_is_one_sentence_without_its_full_stop(spec: commands.Spec) -> None:
    assert spec.help[0].isupper()
    assert not spec.help.endswith(".")
    assert "\n" not in spec.help


@pytest.mark.parametrize(
    ("text", "answered"),
    [
        ("!skpi", "There is no command !skpi. Did you mean !skip?"),
        ("!VOLUM 3", "There is no command !VOLUM. Did you mean !volume?"),
        ("!help plya", "There is no command !plya. Did you mean !play?"),
        ("!xyzzy", "There is no command !xyzzy. Type !help for the list of commands."),
        ("!", replies.NO_COMMAND),
        (" ", replies.NO_COMMAND),
        ("!\u202e\x07", "There is no command !. Type !help for the list of commands."),
    ],
)
def test_an_unknown_command_names_the_nearest(text: str, answered: str) -> None:
    assert answer(Player(), text) == Reply(request(), False, answered)


def test_a_long_unknown_command_is_answered_in_a_short_line() -> None:
    assert len(answer(Player(), "!" + "x" * 1000).text) < 200


def test_a_command_that_is_too_long_is_told_so() -> None:
    longest = "!play " + "x" * (commands.MAX_LENGTH - len("!play "))

    assert answer(Player(), longest).ok
    assert answer(Player(), longest + "x").text == (
        "That is too long: a command has at most 2000 characters."
    )


def test_words_of_any_kind_of_space_are_told_apart() -> None:
    assert commands.parse("!play\tclair\nde lune") == ("play", ("clair\nde lune",))


@pytest.mark.parametrize("host", [True, False])
@pytest.mark.parametrize("alone", [True, False])
def test_only_the_host_or_who_is_alone_sends_the_bot_away(host: bool, alone: bool) -> None:
    player = playing("A")

    effects = commands.execute(player, "!leave", request(host=host), 0, alone=alone)

    if host or alone:
        assert effects[-1] == Leave()
    else:
        assert effects == [Reply(request(), False, replies.HOST_ONLY)]
        assert player.state is State.PLAYING


def test_all_other_commands_are_for_everyone() -> None:
    hosts = [name for name, spec in COMMANDS.items() if spec.permission is Permission.HOST]

    assert hosts == ["leave"]


def test_a_command_is_performed_at_the_engines_position() -> None:
    effects = commands.execute(playing("A"), "!seek +10", request(), 48_000 * 30)

    assert "at 0:40" in str(effects[0])


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ("!play", True),
        ("!p <https://example.org>", True),
        ("!1", True),
        ("play", False),
        (" !play", False),
        ("!", False),
        ("!!", False),
        ("!!play", False),
        ("! play", False),
        ("", False),
        ("hello!", False),
    ],
)
def test_in_the_chat_a_command_begins_with_the_prefix(line: str, is_one: bool) -> None:
    assert commands.is_command(line) is is_one


def test_the_markdown_table_has_a_row_for_every_command() -> None:
    rows = commands.as_markdown().splitlines()[2:]

    assert len(rows) == len(COMMANDS)
    assert "| `!skip` | `!s`, `!next` | Go on with the next track |" in rows
    assert "| `!leave` |  | Send the music bot away (host only) |" in rows
    # A bar would end the cell.
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 4 for row in rows)


@given(
    st.sampled_from(["", "!"]),
    st.one_of(st.sampled_from(sorted(CALLED)), st.text(max_size=8)),
    st.one_of(st.sampled_from(sorted(EXAMPLES.values())), st.text(max_size=20)),
)
def test_whatever_is_typed_is_answered_once_in_one_line(
    prefix: str, word: str, arguments: str
) -> None:
    effects = commands.execute(
        playing("A", "B"), f"{prefix}{word} {arguments}", request(host=True), 0
    )

    replied = [effect for effect in effects if isinstance(effect, Reply)]
    searching = any(isinstance(effect, Find) for effect in effects)
    assert len(replied) == 1
    assert replied[0].done is not searching
    assert len(replied[0].text.splitlines()) == 1


@given(st.one_of(st.text(max_size=30), st.sampled_from(sorted(CALLED))))
def test_parsing_is_total(text: str) -> None:
    try:
        name, _ = commands.parse(text)
    except (UnknownCommand, BadArgument):
        return
    assert name in COMMANDS
