from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from musicbot import app, cli
from musicbot.config import BotConfig, ServerConfig
from musicbot.core.commands import COMMANDS
from musicbot.errors import ConfigError, RoomLost
from musicbot.messages import ReplyMessage
from tests.support.product import free_port


class Started:
    """Stands for the parts that the command line starts, and keeps what it was given."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.servers: list[ServerConfig] = []
        self.bots: list[BotConfig] = []
        self.others: list[dict[str, Any]] = []

    async def up(self, server: ServerConfig, bot: BotConfig, **others: Any) -> None:
        self.servers.append(server)
        await self.run_bot(bot, **others)

    async def run_bot(self, bot: BotConfig, **others: Any) -> None:
        self.bots.append(bot)
        self.others.append(others)
        if self.error is not None:
            raise self.error


class Room:
    """Stands for a room with a bot, and keeps what it was told."""

    def __init__(self, answer: ReplyMessage | Exception) -> None:
        self.answer = answer
        self.told: list[tuple[str, str, str]] = []

    async def send_command(
        self, server: str, room: str, text: str, *, name: str, timeout: float
    ) -> ReplyMessage:
        self.told.append((server, room, text))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


DONE = ReplyMessage(id=1, ok=True, text="Done.", done=True)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    started = Started()
    monkeypatch.setattr(app, "up", started.up)
    monkeypatch.setattr(app, "run_bot", started.run_bot)
    return started


def told(monkeypatch: pytest.MonkeyPatch, answer: ReplyMessage | Exception, *words: str) -> Room:
    """Give words to the command line; return the room that was told something."""
    room = Room(answer)
    monkeypatch.setattr(cli, "send_command", room.send_command)
    invoke(*words)
    return room


def invoke(*words: str, **environment: str) -> Result:
    return CliRunner().invoke(cli.main, words, env=environment)


def test_everything_has_a_default(started: Started) -> None:
    result = invoke("up")

    assert result.exit_code == 0
    assert started.servers[0].page == "http://127.0.0.1:8080"
    assert started.bots[0].server == "ws://127.0.0.1:8080/ws"
    assert started.bots[0].token == started.servers[0].token
    assert started.others[0]["log_level"] == "info"


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(
    started: Started, tmp_path: Path
) -> None:
    file = tmp_path / "irisa.toml"
    file.write_text(
        'port = 1001\ncapacity = 11\nname = "File"\nlog-level = "error"\nallow-net = ["10.0.0.0/8"]'
    )
    given = ("--config", str(file), "up", "--port", "1003")
    result = invoke(*given, MUSICBOT_PORT="1002", MUSICBOT_CAPACITY="12")

    assert result.exit_code == 0, result.output
    bot = started.bots[0]
    assert (started.servers[0].port, bot.capacity, bot.name) == (1003, 12, "File")
    assert bot.allow_net == ("10.0.0.0/8",)
    assert started.others[0]["log_level"] == "error"


@pytest.mark.parametrize(
    ("words", "level"),
    [
        (("--log-level", "debug", "up"), "debug"),
        (("up", "--log-level", "debug"), "debug"),
        (("up", "--config", "FILE"), "error"),
        (("--log-level", "debug", "up", "--config", "FILE"), "debug"),
        (("--config", "FILE", "up", "--log-level", "debug"), "debug"),
    ],
)
def test_settings_of_the_program_stand_before_or_behind_the_subcommand(
    started: Started, tmp_path: Path, words: tuple[str, ...], level: str
) -> None:
    file = tmp_path / "irisa.toml"
    file.write_text('port = 1001\nlog-level = "error"')

    result = invoke(*(str(file) if word == "FILE" else word for word in words))

    assert result.exit_code == 0, result.output
    assert started.others[0]["log_level"] == level
    assert (started.servers[0].page == "http://127.0.0.1:1001") == ("FILE" in words)


def test_an_address_that_is_none_is_explained() -> None:
    result = invoke("np", "--room", "den", "--server", "nonsense")

    assert result.exit_code == 2
    assert "must look like http://127.0.0.1:8080" in result.stderr


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("prot = 1", "prot"),
        ("port = ", "Cannot read the settings"),
        ('port = "many"', "many"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused(
    started: Started, tmp_path: Path, text: str, says: str
) -> None:
    file = tmp_path / "irisa.toml"
    file.write_text(text)

    result = invoke("--config", str(file), "up")

    assert result.exit_code == 2
    assert says in result.stderr
    assert started.bots == []


@pytest.mark.parametrize(
    "config",
    [
        BotConfig(server="ws://127.0.0.1:8080/ws", token="hush"),
        BotConfig(
            server="wss://irisa.example.org/ws",
            token="hush",
            name="A bot: “B”",
            library=Path(),
            data=Path("some where"),
            allow_net=("10.0.0.0/8", "fd00::/8"),
            capacity=3,
            alone_timeout=1.5,
        ),
    ],
)
def test_the_bot_of_up_has_the_settings_that_were_given_to_it(
    started: Started, config: BotConfig
) -> None:
    result = invoke("run", "--end-with-stdin", **config.environment())

    assert result.exit_code == 0, result.output
    assert started.bots == [config]
    assert started.others == [{"supervised": True}]


def test_a_server_is_found_by_the_address_of_its_page(started: Started) -> None:
    invoke("run", "--server", "https://irisa.example.org", MUSICBOT_TOKEN="hush")

    assert started.bots[0].server == "wss://irisa.example.org/ws"


@pytest.mark.parametrize(
    "words",
    [
        ("up", "--capacity", "0"),
        ("up", "--library", "no such folder"),
        ("up", "--port", "70000"),
        ("run", "--token", "hush", "--server", "ftp://irisa.example.org"),
    ],
)
def test_a_setting_that_makes_no_sense_is_one_sentence_and_exit_code_2(
    started: Started, words: tuple[str, ...]
) -> None:
    result = invoke(*words)

    assert result.exit_code == 2
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert started.bots == []


@pytest.mark.parametrize(("error", "code"), [(ConfigError("No."), 2), (RoomLost("No."), 1)])
def test_what_fails_later_is_a_sentence_too(started: Started, error: Exception, code: int) -> None:
    started.error = error

    result = invoke("up")

    assert (result.exit_code, result.stderr) == (code, "Error: No.\n")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("play", "clair", "de", "lune"), "!play clair de lune"),
        (("p", "https://example.org/?a=1"), "!play https://example.org/?a=1"),
        (("np",), "!nowplaying"),
        (("seek", "-10"), "!seek -10"),
        (("seek", "+1:30"), "!seek +1:30"),
        (("next",), "!skip"),
        (("join",), "!join"),
    ],
)
def test_a_command_is_told_to_the_bot_as_it_was_typed(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], text: str
) -> None:
    room = told(monkeypatch, DONE, *words, "--room", "den")

    assert room.told == [("ws://127.0.0.1:8080/ws", "den", text)]


def test_the_room_and_the_server_may_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MUSICBOT_ROOM", "den")
    monkeypatch.setenv("MUSICBOT_SERVER", "https://irisa.example.org")
    room = told(monkeypatch, DONE, "skip")

    assert room.told == [("wss://irisa.example.org/ws", "den", "!skip")]


@pytest.mark.parametrize(
    ("answer", "out", "err", "code"),
    [
        (DONE, "Done.\n", "", 0),
        (ReplyMessage(id=1, ok=False, text="Not now.", done=True), "", "Not now.\n", 1),
        (RoomLost("No music bot came."), "", "Error: No music bot came.\n", 1),
    ],
)
def test_the_answer_is_printed_and_an_error_fails(
    monkeypatch: pytest.MonkeyPatch,
    answer: ReplyMessage | Exception,
    out: str,
    err: str,
    code: int,
) -> None:
    monkeypatch.setattr(cli, "send_command", Room(answer).send_command)
    result = invoke("skip", "--room", "den")

    assert (result.stdout, result.stderr, result.exit_code) == (out, err, code)


def test_a_server_that_is_not_there_is_said_in_a_sentence() -> None:
    result = invoke("np", "--room", "den", "--server", f"http://127.0.0.1:{free_port()}")

    assert result.exit_code == 1
    assert "No server answers at http://127.0.0.1:" in result.stderr
    assert result.stderr.count("\n") == 1


def test_help_lists_every_command_of_the_room() -> None:
    result = invoke("--help")

    assert all(f"  {name} " in result.stdout for name in COMMANDS)
    assert invoke("np", "--help").stdout == invoke("nowplaying", "--help").stdout


def test_a_command_that_does_not_exist_is_refused() -> None:
    result = invoke("paly", "--room", "den")

    assert result.exit_code == 2
    assert "paly" in result.stderr
