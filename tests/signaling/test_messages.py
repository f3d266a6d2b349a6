from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling import messages
from signaling.messages import ERRORS, ClientMessage, ProtocolError, ServerMessage

ROOT: Final = Path(__file__).parent.parent.parent
EXAMPLES: Final = ROOT / "tests/data/messages"

SIGNALS: Final = [
    messages.Signal(to="x", description=messages.Description("answer", "v=0")),
    messages.Signal(to="x", candidate=messages.Candidate("candidate:1", "0", 0, "u")),
    messages.Signal(to="x", candidate=messages.Candidate("")),
    messages.Signal(to="x", candidate=None),
]


def example(name: str) -> Any:
    return json.loads((EXAMPLES / f"{name}.json").read_text())


def type_of(message: type[msgspec.Struct]) -> str:
    return str(message.__struct_config__.tag)


def example_of(message: type[msgspec.Struct]) -> str:
    return "signal-relayed" if message is messages.RelayedSignal else type_of(message)


@pytest.mark.parametrize("message", get_args(ClientMessage), ids=lambda each: each.__name__)
def test_every_message_of_a_client_has_an_example_that_comes_back(
    message: type[msgspec.Struct],
) -> None:
    wire = example(example_of(message))

    decoded = messages.decode_client(json.dumps(wire))

    assert type(decoded) is message
    assert json.loads(messages.encode(decoded)) == wire


@pytest.mark.parametrize("message", get_args(ServerMessage), ids=lambda each: each.__name__)
def test_every_message_of_the_server_has_an_example_that_comes_back(
    message: type[msgspec.Struct],
) -> None:
    wire = example(example_of(message))

    decoded = messages.decode_server(json.dumps(wire))

    assert type(decoded) is message
    assert json.loads(messages.encode(decoded)) == wire


def test_there_is_no_example_of_anything_else() -> None:
    known = {example_of(each) for each in get_args(ClientMessage) + get_args(ServerMessage)}

    assert {path.stem for path in EXAMPLES.glob("*.json")} == known


@pytest.mark.parametrize("signal", SIGNALS, ids=repr)
def test_a_signal_comes_back_with_what_it_had_and_nothing_else(signal: messages.Signal) -> None:
    text = messages.encode(signal)

    assert messages.decode_client(text) == signal
    assert ("description" in text) != ("candidate" in text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        "[" * 100_000,
        '{"a":' * 10_000,
        "\ud800",
        '{"type":"rename","name":"\\ud800"}',
        '{"type":"welcome"}',
        '{"type":"join","room":"r"}',
        '{"type":"join","room":"r","name":7}',
        '{"type":"join","room":"r","name":"n","kind":"admin"}',
        '{"type":"join","room":"r","name":"n","token":"' + "x" * 257 + '"}',
        '{"type":"signal","to":"x"}',
        '{"type":"signal","to":"","candidate":null}',
        '{"type":"signal","to":"x","description":null}',
        '{"type":"signal","to":"x","description":{"type":"rollback","sdp":""}}',
        '{"type":"signal","to":"x","description":{"type":"offer","sdp":""},"candidate":null}',
        '{"type":"signal","to":"x","candidate":{"candidate":"","sdpMLineIndex":-1}}',
        '{"type":"signal","to":"x","candidate":"candidate:1"}',
        '{"type":"serve","token":"t","capacity":0}',
        '{"type":"load","rooms":1e400}',
        '{"type":"rename","name":"' + "x" * messages.MAX_MESSAGE + '"}',
    ],
    ids=lambda text: text[:60],
)
def test_what_is_no_message_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        messages.decode_client(text)

    assert caught.value.code == "bad-message"
    assert len(caught.value.message) < 300


@given(st.text() | st.from_regex(r'\{"type": ?"[a-z]+"(, ?"[a-z]+": ?("\w*"|null|\d+))*\}'))
def test_decoding_is_total(text: str) -> None:
    for decode in (messages.decode_client, messages.decode_server):
        try:
            decode(text)
        except ProtocolError:
            continue


def test_a_claimed_sender_and_other_unknown_fields_are_dropped() -> None:
    text = '{"type":"signal","to":"x","from":"somebody else","candidate":null,"new":1}'

    assert messages.decode_client(text) == messages.Signal(to="x", candidate=None)


def test_a_message_that_fits_still_fits_when_it_is_handed_on() -> None:
    sdp = "é" * ((messages.MAX_MESSAGE - 100) // 2)
    signal = messages.Signal(to="x", description=messages.Description("offer", sdp))
    relayed = messages.RelayedSignal("x" * 64, signal.description, signal.candidate)

    assert len(messages.encode(signal).encode()) <= messages.MAX_MESSAGE
    assert messages.decode_server(messages.encode(relayed)) == relayed


def test_no_secret_is_shown_where_a_message_is_logged() -> None:
    shown = [
        repr(messages.Join("room", "Ann", password="SECRET", token="SECRET", resume="SECRET")),
        repr(messages.Serve("SECRET", 5)),
        repr(messages.IceServer("turn:host", "SECRET", "SECRET")),
    ]

    assert "SECRET" not in "".join(shown)


def test_an_error_says_its_code_and_a_sentence() -> None:
    assert str(ProtocolError("no-bot")) == "no-bot: No music bot is free on this server."
    assert all(text.endswith(".") for text in ERRORS.values())


def test_the_document_names_every_message_and_error_and_no_other() -> None:
    sections = (ROOT / "signaling/PROTOCOL.md").read_text().split("\n## ")
    named = {
        section.partition("\n")[0]: {
            line.split("`")[1] for line in section.splitlines() if line.startswith("| `")
        }
        for section in sections
    }

    assert named["From a client"] == {type_of(each) for each in get_args(ClientMessage)}
    assert named["From the server"] == {type_of(each) for each in get_args(ServerMessage)}
    assert named["Errors"] == set(ERRORS)


@pytest.mark.parametrize(
    "message", get_args(ClientMessage) + get_args(ServerMessage), ids=lambda each: each.__name__
)
def test_the_document_names_every_field_of_a_message(message: type[msgspec.Struct]) -> None:
    document = (ROOT / "signaling/PROTOCOL.md").read_text()
    rows = [line for line in document.splitlines() if line.startswith(f"| `{type_of(message)}` |")]

    fields = [field.encode_name for field in msgspec.structs.fields(message)]

    assert [field for field in fields if not any(f"`{field}`" in row for row in rows)] == []
