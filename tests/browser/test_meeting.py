"""People meet: they see each other, chat, and come and go."""

from __future__ import annotations

from playwright.async_api import Browser, expect

from tests.support.pages import open_room
from tests.support.product import Product

PLAYS_VIDEO = """
(group) => {
  const video = group.querySelector('video');
  return video.readyState >= 2 && video.videoWidth > 0 && video.currentTime > 0.2;
}
"""


async def test_two_people_see_each_other_and_chat(browser: Browser, product: Product) -> None:
    ann = await open_room(browser, product.base, "meeting", "Ann")
    ben = await open_room(browser, product.base, "meeting", "Ben")
    await ann.join()
    await ben.join()

    for here, other in ((ann, "Ben"), (ben, "Ann")):
        tile = here.tile(other)
        await expect(tile).to_be_visible(timeout=20_000)
        await here.page.wait_for_function(
            PLAYS_VIDEO, arg=await tile.element_handle(), timeout=20_000
        )
    await ann.say("Hello from Ann")

    await ben.sees("Hello from Ann")
    assert ann.problems == []
    assert ben.problems == []


async def test_someone_who_leaves_is_gone_from_the_others_page(
    browser: Browser, product: Product
) -> None:
    ann = await open_room(browser, product.base, "leaving", "Ann")
    ben = await open_room(browser, product.base, "leaving", "Ben")
    await ann.join()
    await ben.join()
    await expect(ann.tile("Ben")).to_be_visible(timeout=20_000)

    await ben.page.close()

    await expect(ann.tile("Ben")).to_be_hidden(timeout=20_000)


async def test_joining_works_without_camera_and_microphone(
    browser: Browser, product: Product
) -> None:
    profile = await browser.new_context()
    await profile.add_init_script(
        "navigator.mediaDevices.getUserMedia = () => "
        "Promise.reject(new DOMException('denied', 'NotAllowedError'));"
    )
    page = await profile.new_page()
    await page.goto(f"{product.base}/r/silent")
    await page.get_by_role("textbox", name="Your name").fill("Cleo")
    await page.get_by_role("button", name="Join", exact=True).click()

    await expect(page.get_by_role("button", name="Leave", exact=True)).to_be_visible(
        timeout=20_000
    )
