from __future__ import annotations

from musicbot.core.player import Player
from musicbot.core.snapshot import MAX_SHOWN, Snapshot, snapshot
from musicbot.core.states import Loop, State
from tests.support.players import piece, playing, request, samples


def test_a_silent_room_has_nothing_to_show() -> None:
    assert snapshot(Player(), samples(99), listeners=3) == Snapshot(
        State.IDLE, None, 0.0, None, (), 0, 100, Loop.OFF, 3
    )


def test_what_plays_is_shown_with_what_follows() -> None:
    player = playing("A", "B")
    player.loop = Loop.QUEUE
    player.set_volume(80)

    assert snapshot(player, samples(1.5), listeners=1) == Snapshot(
        State.PLAYING, player.track, 1.5, 180.0, tuple(player.queue), 1, 80, Loop.QUEUE, 1
    )


def test_of_a_long_queue_the_first_entries_are_shown() -> None:
    player = Player()
    player.enqueue(request(), [piece(str(number)) for number in range(MAX_SHOWN + 10)], "List")

    taken = snapshot(player, 0, listeners=1)

    assert [track.piece.title for track in taken.queue] == [str(n) for n in range(1, MAX_SHOWN + 1)]
    assert taken.queued == MAX_SHOWN + 9
