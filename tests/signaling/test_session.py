from __future__ import annotations

import itertools

import pytest

from signaling import messages
from signaling.messages import ClientMessage, ProtocolError, encode
from signaling.session import TRANSITIONS, Event, Session, State

MESSAGES: dict[Event, ClientMessage] = {
    Event.JOIN: messages.Join("room", "Ann"),
    Event.SERVE: messages.Serve("secret", 5),
    Event.TALK: messages.Summon(),
    Event.REPORT: messages.Load(1),
}

PATHS: dict[State, list[Event]] = {
    State.NEW: [],
    State.PEER: [Event.JOIN],
    State.WORKER: [Event.SERVE],
    State.OVER: [Event.END],
}


def session_in(state: State) -> Session:
    session = Session(token="secret", from_page=True)
    for event in PATHS[state]:
        if event is Event.END:
            session.end()
        else:
            session.accept(MESSAGES[event])
    assert session.state is state
    return session


def refusal(session: Session, message: ClientMessage) -> str:
    with pytest.raises(ProtocolError) as caught:
        session.read(encode(message))
    return caught.value.code


@pytest.mark.parametrize(
    ("state", "event"),
    [(s, e) for s in State for e in TRANSITIONS[s] if e is not Event.END],
)
def test_what_the_table_allows_is_read_and_accepted(state: State, event: Event) -> None:
    session = session_in(state)

    message = session.read(encode(MESSAGES[event]))
    session.accept(message)

    assert message == MESSAGES[event]
    assert session.state is TRANSITIONS[state][event]


@pytest.mark.parametrize(
    ("state", "event"),
    [(s, e) for s, e in itertools.product(State, MESSAGES) if e not in TRANSITIONS[s]],
)
def test_everything_else_is_refused_and_changes_nothing(state: State, event: Event) -> None:
    session = session_in(state)

    assert refusal(session, MESSAGES[event]) == "not-now"
    with pytest.raises(ProtocolError):
        session.accept(MESSAGES[event])
    assert session.state is state


@pytest.mark.parametrize("state", State)
def test_every_session_can_end_and_twice(state: State) -> None:
    session = session_in(state)

    session.end()
    session.end()

    assert session.state is State.OVER


def test_reading_alone_changes_nothing() -> None:
    session = session_in(State.NEW)

    session.read(encode(MESSAGES[Event.JOIN]))

    assert session.state is State.NEW


def test_names_are_tidied_and_bad_ones_refused() -> None:
    session = session_in(State.NEW)
    peer = session_in(State.PEER)

    assert session.read(encode(messages.Join(" a  room ", "Zoe\u0308"))) == messages.Join(
        "a room", "Zoë"
    )
    assert refusal(session, messages.Join("room\n", "Ann")) == "bad-room"
    assert refusal(session, messages.Join("room", "")) == "bad-name"
    assert peer.read(encode(messages.Rename(" Bob "))) == messages.Rename("Bob")
    assert refusal(peer, messages.Rename("\u202e")) == "bad-name"


@pytest.mark.parametrize("token", [None, "", "secre", "secret!", "sécret"])
def test_a_bot_and_a_worker_must_know_the_token(token: str | None) -> None:
    session = session_in(State.NEW)

    assert refusal(session, messages.Join("room", "Bot", "bot", token=token)) == "bad-token"
    assert refusal(session, messages.Serve(token or "", 5)) == "bad-token"


def test_who_shows_a_wrong_token_is_refused_even_where_none_is_needed() -> None:
    assert refusal(session_in(State.NEW), messages.Join("room", "Ann", token="x")) == "bad-token"


def test_who_is_no_page_must_know_the_token_whatever_it_is() -> None:
    session = Session(token="secret", from_page=False)
    known = messages.Join("room", "Ann", token="secret")

    assert refusal(session, messages.Join("room", "Ann")) == "bad-token"
    assert refusal(session, messages.Join("room", "cli", "control")) == "bad-token"
    assert session.read(encode(known)) == known


@pytest.mark.parametrize("token", [None, ""])
def test_a_server_without_a_token_has_no_bots(token: str | None) -> None:
    session = Session(token=token, from_page=True)

    assert refusal(session, messages.Join("room", "Bot", "bot", token="")) == "bad-token"
    assert refusal(session, messages.Serve("", 5)) == "bad-token"
