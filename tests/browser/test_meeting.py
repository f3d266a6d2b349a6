"""People meet: they see and hear each other, chat, and come and go."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Browser, expect

from signaling.server import Settings, running
from tests.support.pages import NO_DEVICES, RoomPage, open_room

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROUNDS = 5
"""How often two people come at once."""


async def meet(browser: Browser, server: str, room: str) -> tuple[RoomPage, RoomPage]:
    """Let two people join a room, Ann first."""
    ann = await open_room(browser, server, room, "Ann")
    ben = await open_room(browser, server, room, "Ben")
    await ann.join()
    await ben.join()
    await expect(ann.tile("Ben")).to_be_visible()
    return ann, ben


async def see_each_other(*people: RoomPage) -> None:
    """Wait until everybody's picture moves on everybody else's page."""
    await asyncio.gather(
        *(here.sees_moving(other.name) for here in people for other in people if other != here)
    )


async def test_two_people_see_and_hear_each_other(browser: Browser, server: str) -> None:
    ann, ben = await meet(browser, server, "meeting")

    await see_each_other(ann, ben)
    await ann.hears_voice()
    await ben.hears_voice()

    assert ann.problems == []
    assert ben.problems == []


async def test_both_read_what_either_writes(browser: Browser, server: str) -> None:
    ann, ben = await meet(browser, server, "chat")

    await ann.say("Hello Ben, look: https://example.org/<b>")
    await ben.sees("Hello Ben, look: https://example.org/<b>")
    await ben.say("Hello Ann")
    await ann.sees("Hello Ann")

    await expect(ben.chat.get_by_role("link")).to_have_attribute("href", "https://example.org/")
    await expect(ann.chat).to_contain_text("Ben joined.")


async def test_a_line_that_is_said_while_connecting_is_not_lost(
    browser: Browser, server: str
) -> None:
    ann = await open_room(browser, server, "early", "Ann")
    ben = await open_room(browser, server, "early", "Ben")
    await ann.join()
    await ben.join()

    await ben.say("Am I in?")

    await ann.sees("Am I in?")


async def test_somebody_who_leaves_is_gone_and_the_next_one_is_host(
    browser: Browser, server: str
) -> None:
    ann, ben = await meet(browser, server, "leaving")
    await expect(ben.tile("Ann").get_by_role("img", name="Host")).to_be_visible()
    await expect(ben.tile("Ben").get_by_role("img", name="Host")).to_be_hidden()

    await ann.button("Leave").click()

    await expect(ann.button("Join")).to_be_visible()
    await expect(ben.tile("Ann")).to_be_hidden()
    await expect(ben.tile("Ben").get_by_role("img", name="Host")).to_be_visible()
    await ben.sees("Ann left.")


async def test_a_closed_tab_is_gone_at_once(browser: Browser, server: str) -> None:
    ann, ben = await meet(browser, server, "closing")

    await ben.page.close()

    await expect(ann.tile("Ben")).to_be_hidden()


async def test_who_reloads_is_met_again(browser: Browser, server: str) -> None:
    ann, ben = await meet(browser, server, "reloading")
    await see_each_other(ann, ben)

    await ben.page.reload()
    await ben.join()

    await expect(ann.tile("Ben")).to_have_count(1)
    await see_each_other(ann, ben)


async def test_everybody_is_back_after_the_server_was_restarted(browser: Browser) -> None:
    async with running(Settings(port=0)) as first:
        port = first.port
        ann, ben = await meet(browser, f"http://127.0.0.1:{port}", "restarted")
        await see_each_other(ann, ben)

    await expect(ann.page.get_by_text("Reconnecting")).to_be_visible()
    async with running(Settings(port=port)):
        for person in (ann, ben):
            await expect(person.page.get_by_text("Reconnecting")).to_be_hidden()
        await see_each_other(ann, ben)
        await ann.say("We are still here")
        await ben.sees("We are still here")


async def test_devices_are_optional(browser: Browser, server: str) -> None:
    ann = await open_room(browser, server, "silent", "Ann")
    cleo = await open_room(browser, server, "silent", "Cleo", script=NO_DEVICES)
    await ann.join()
    await expect(cleo.page.get_by_text("The browser may not use your camera")).to_be_visible()
    await cleo.join()

    await cleo.sees_moving("Ann")
    await expect(ann.tile("Cleo").get_by_role("img", name="Microphone muted")).to_be_visible()
    await expect(ann.tile("Cleo").locator("video")).to_be_hidden()
    await cleo.say("I only listen")
    await ann.sees("I only listen")


async def test_a_muted_microphone_and_a_dark_camera_are_shown_to_others(
    browser: Browser, server: str
) -> None:
    ann, ben = await meet(browser, server, "muting")
    await see_each_other(ann, ben)
    muted = ann.tile("Ben").get_by_role("img", name="Microphone muted")
    await expect(muted).to_be_hidden()

    await ben.button("Mute microphone").click()
    await ben.button("Turn camera off").click()
    await expect(muted).to_be_visible()
    await expect(ann.tile("Ben").locator("video")).to_be_hidden()
    await ben.button("Unmute microphone").click()
    await ben.button("Turn camera on").click()

    await expect(muted).to_be_hidden()
    await ann.sees_moving("Ben")


async def test_two_of_the_same_name_are_told_apart(browser: Browser, server: str) -> None:
    ann = await open_room(browser, server, "namesakes", "Ann")
    other = await open_room(browser, server, "namesakes", "Ann")
    await ann.join()
    await other.join()

    await expect(ann.page.get_by_role("group", name="Ann (2)", exact=True)).to_have_count(1)
    await expect(ann.page.get_by_role("group", name="Ann (you)", exact=True)).to_have_count(1)


async def test_two_who_join_at_the_same_instant_meet_every_time(
    browser: Browser, server: str
) -> None:
    ann = await open_room(browser, server, "instant", "Ann")
    ben = await open_room(browser, server, "instant", "Ben")

    for _ in range(ROUNDS):
        await asyncio.gather(ann.join(), ben.join())
        await see_each_other(ann, ben)
        await asyncio.gather(ann.button("Leave").click(), ben.button("Leave").click())

    assert ann.problems == []
    assert ben.problems == []


async def test_four_people_all_see_each_other(browser: Browser, server: str) -> None:
    people = [
        await open_room(browser, server, "four", name) for name in ("Ann", "Ben", "Cleo", "Dan")
    ]

    await asyncio.gather(*(person.join() for person in people))

    await see_each_other(*people)


async def test_a_room_is_entered_with_the_keyboard_alone(browser: Browser, server: str) -> None:
    ann = await open_room(browser, server, "keys", "Ann")
    ben = await open_room(browser, server, "keys", "Ben")
    await ben.join()
    keyboard = ann.page.keyboard

    await ann.tab_to("textbox", "Your name")
    await keyboard.type("Ann")
    await keyboard.press("Enter")
    await expect(ann.button("Leave")).to_be_visible()
    await ann.tab_to("button", "Mute microphone")
    await keyboard.press("Space")
    await ann.tab_to("textbox", "Message")
    await keyboard.type("Hello from the keys")
    await keyboard.press("Enter")

    await ben.sees("Hello from the keys")
    await expect(ben.tile("Ann").get_by_role("img", name="Microphone muted")).to_be_visible()


async def test_text_that_looks_like_markup_stays_text(browser: Browser, server: str) -> None:
    name = "<img src=x onerror=alert(1)>"
    ann = await open_room(browser, server, "markup", name)
    ben = await open_room(browser, server, "markup", "Ben")
    await ann.join()
    await ben.join()

    await ann.say("<script>alert(2)</script>")
    await ben.sees("<script>alert(2)</script>")

    await expect(ben.tile(name)).to_be_visible()
    assert ben.problems == []
