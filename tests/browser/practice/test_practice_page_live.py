"""A conversation as the page shows it: word by word, across breaks of the network, in two windows at once."""

import asyncio

from api.stage import WORDS, Line, StageModel
from browser.practice.conftest import Visit
from browser.practice.practitioner import Practitioner
from faults.rig.proxy import Proxy
from playwright.async_api import expect

from domain.practice.chat import Delta, Finish, FinishReason, Usage

REST = (Usage(120, 9), Finish(FinishReason.STOP))
WHOLE = "".join(WORDS)


def halting(model: StageModel) -> tuple[Line, asyncio.Event]:
    """Write a reply that halts after two words until the event is set."""
    goes_on = asyncio.Event()
    return model.line(*map(Delta, WORDS[:2]), goes_on, *map(Delta, WORDS[2:]), *REST), goes_on


async def same_as_stored(practitioner: Practitioner, site: str) -> None:
    await practitioner.button("Try again").wait_for()  # the reply has ended
    stored = [turn["text"] for turn in await practitioner.stored(site)]
    await expect(practitioner.shown.page.locator(".turn .text")).to_have_count(len(stored))
    assert await practitioner.texts() == stored


async def test_words_appear_as_they_are_said(visit: Visit, newcomer, model, practice):
    line, goes_on = halting(model)
    practitioner = await visit(newcomer)
    await practitioner.begin()
    await practitioner.say(line.text)
    await practitioner.hears("Good evening, ")
    assert await practitioner.read_out.inner_text() == ""  # a screen reader is not told token by token
    assert not await practitioner.button("Try again").is_visible()
    goes_on.set()
    await practitioner.hears(WHOLE)
    await expect(practitioner.button("Stop")).to_be_hidden()
    await expect(practitioner.read_out).to_have_text(f"Your partner says: {WHOLE}")
    await same_as_stored(practitioner, practice.site)
    assert practitioner.shown.complaints == []


async def test_stop_keeps_what_was_said(visit: Visit, newcomer, model, practice):
    line, _ = halting(model)
    practitioner = await visit(newcomer)
    await practitioner.begin()
    await practitioner.say(line.text)
    await practitioner.hears("Good evening, ")
    await practitioner.press_button("Stop")
    await practitioner.shown.page.get_by_text("Stopped here.").wait_for()
    await asyncio.wait_for(line.closed.wait(), 5)
    await practitioner.hears("Good evening, ")
    assert (await practitioner.stored(practice.site))[-1]["partial"]
    await same_as_stored(practitioner, practice.site)
    await expect(practitioner.composer).to_be_focused()  # where the button was there is none any more


async def test_escape_stops_before_the_first_word(visit: Visit, newcomer, model):
    line = model.line(asyncio.Event(), *map(Delta, WORDS), *REST)
    practitioner = await visit(newcomer)
    await practitioner.begin()
    await practitioner.say(line.text)
    await practitioner.button("Stop").wait_for()
    await asyncio.wait_for(line.begun.wait(), 5)
    await practitioner.press("Escape")
    await asyncio.wait_for(line.closed.wait(), 5)
    await practitioner.button("Try again").wait_for()
    assert await practitioner.partner.count() == 2  # the opening line, and an empty one that is not shown
    assert await practitioner.partner.last.is_hidden()


async def test_try_again_puts_another_reply_in_the_place_of_the_first(visit: Visit, newcomer, model, practice):
    line = model.line(Delta("First."), *REST)
    practitioner = await visit(newcomer)
    await practitioner.begin()
    await practitioner.say(line.text)
    await practitioner.hears("First.")
    goes_on = asyncio.Event()
    line.parts = (Delta("Second "), goes_on, Delta("thought."), *REST)
    await practitioner.press_button("Try again")
    await practitioner.hears("Second ")
    assert "First." not in await practitioner.texts()
    goes_on.set()
    await practitioner.hears("Second thought.")
    await practitioner.button("Try again").wait_for()
    await same_as_stored(practitioner, practice.site)
    assert practitioner.shown.complaints == []


async def test_another_reply_that_says_nothing_leaves_the_first(visit: Visit, newcomer, model, practice):
    line = model.line(Delta("First."), *REST)
    practitioner = await visit(newcomer)
    await practitioner.begin()
    await practitioner.say(line.text)
    await practitioner.hears("First.")
    line.parts = (asyncio.Event(),)
    await practitioner.press_button("Try again")
    await practitioner.button("Stop").wait_for()
    await practitioner.press("Escape")
    await practitioner.button("Try again").wait_for()
    await practitioner.hears("First.")
    await same_as_stored(practitioner, practice.site)


async def test_a_message_interrupts_the_reply_under_way(visit: Visit, newcomer, model, practice):
    line, _ = halting(model)
    practitioner = await visit(newcomer)
    await practitioner.begin()
    await practitioner.say(line.text)
    await practitioner.hears("Good evening, ")
    await practitioner.say("Wait a moment, please.")
    await practitioner.hears(WHOLE)
    await practitioner.button("Try again").wait_for()
    assert (await practitioner.texts())[-3:] == ["Good evening, ", "Wait a moment, please.", WHOLE]
    await same_as_stored(practitioner, practice.site)


async def test_a_cut_in_the_middle_of_a_reply_is_not_seen_in_its_text(
    visit: Visit, newcomer, model, practice, network: Proxy
):
    line, goes_on = halting(model)
    practitioner = await visit(newcomer)
    await practitioner.begin()
    await practitioner.say(line.text)
    await practitioner.hears("Good evening, ")

    await network.refuse()
    network.reset()
    await expect(practitioner.banner).to_have_text("Reconnecting…")
    goes_on.set()  # it is said to its end while nobody hears it
    await asyncio.wait_for(line.closed.wait(), 5)
    assert await practitioner.partner.last.text_content() == "Good evening, "
    await network.restore()

    await practitioner.hears(WHOLE)
    await expect(practitioner.banner).to_be_hidden()
    await same_as_stored(practitioner, practice.site)
    assert "after=" in practitioner.asked("/events")[-1]
    assert line.asked == 1


async def test_a_browser_that_is_offline_for_a_while_reads_on(visit: Visit, newcomer, model, practice):
    line, goes_on = halting(model)
    practitioner = await visit(newcomer)
    await practitioner.begin()
    await practitioner.say(line.text)
    await practitioner.hears("Good evening, ")
    await practitioner.shown.page.context.set_offline(True)
    goes_on.set()
    await asyncio.wait_for(line.closed.wait(), 5)
    await practitioner.shown.page.context.set_offline(False)
    await practitioner.hears(WHOLE)
    await same_as_stored(practitioner, practice.site)


async def test_a_message_of_a_dead_spot_is_said_once_when_there_is_a_network_again(
    visit: Visit, newcomer, practice, network: Proxy
):
    practitioner = await visit(newcomer)
    await practitioner.begin()
    await network.refuse()
    network.reset()
    await practitioner.say("Is anybody there?")
    await practitioner.shown.page.get_by_text("Sending…").wait_for()
    await expect(practitioner.banner).to_have_text("Reconnecting…")
    await practitioner.say("And this waits.")  # until the first has arrived
    await expect(practitioner.composer).to_have_value("And this waits.")
    await network.restore()
    await practitioner.hears(WHOLE)
    await same_as_stored(practitioner, practice.site)
    assert (await practitioner.texts()).count("Is anybody there?") == 1


async def test_a_message_that_was_not_sent_outlives_a_reload(visit: Visit, newcomer, practice, network: Proxy):
    practitioner = await visit(newcomer)
    await practitioner.begin()
    await practitioner.shown.page.route("**/messages", lambda route: route.abort())
    await practitioner.say("Is anybody there?")
    await practitioner.shown.page.get_by_text("Sending…").wait_for()
    await practitioner.shown.page.unroute("**/messages")
    await practitioner.shown.page.reload()
    await practitioner.hears(WHOLE)
    await same_as_stored(practitioner, practice.site)


async def test_two_windows_show_the_same(visit: Visit, newcomer, model, practice):
    line, goes_on = halting(model)
    here, there = await visit(newcomer), await visit(newcomer)
    conversation = await here.begin()
    await there.go(f"/conversations/{conversation}")
    await there.composer.wait_for()
    await here.say(line.text)
    for window in (here, there):
        await window.hears("Good evening, ")
    goes_on.set()
    for window in (here, there):
        await window.hears(WHOLE)

    await there.say("And from the other side.")
    await expect(here.shown.page.get_by_text("And from the other side.")).to_be_visible()
    for window in (here, there):
        await expect(window.partner).to_have_count(3)
        await window.hears(WHOLE)
        await window.button("Try again").wait_for()
    assert await here.texts() == await there.texts()
    await same_as_stored(here, practice.site)
    assert here.shown.complaints == there.shown.complaints == []


async def test_the_other_window_stops_it_too(visit: Visit, newcomer, model):
    line, _ = halting(model)
    here, there = await visit(newcomer), await visit(newcomer)
    conversation = await here.begin()
    await here.say(line.text)
    await there.go(f"/conversations/{conversation}")
    await there.hears("Good evening, ")
    await there.button("Stop").click()
    await here.shown.page.get_by_text("Stopped here.").wait_for()
    await asyncio.wait_for(line.closed.wait(), 5)


async def test_a_conversation_pauses_goes_on_and_ends(visit: Visit, newcomer, practice):
    here, there = await visit(newcomer), await visit(newcomer)
    conversation = await here.begin()
    await there.go(f"/conversations/{conversation}")
    await there.composer.wait_for()
    await here.press_button("Pause")
    for window in (here, there):
        await window.shown.page.get_by_text("This conversation is paused.").wait_for()
    await here.press_button("Resume")
    await there.composer.wait_for()
    await here.composer.wait_for()
    await here.press_button("End")
    await here.press_button("Go on talking")
    await here.composer.wait_for()
    await here.press_button("End")
    await here.press_button("End it")
    for window in (here, there):
        await window.shown.page.get_by_text("This conversation has ended.").wait_for()
    assert here.shown.complaints == there.shown.complaints == []


async def test_a_message_that_is_refused_can_be_mended(visit: Visit, newcomer):
    practitioner = await visit(newcomer)
    await practitioner.begin()
    await practitioner.say("a" * 2001)
    await practitioner.button("Edit").wait_for()
    assert "2000" in await practitioner.shown.page.locator(".turn .note").last.inner_text()
    await practitioner.press_button("Edit")
    await expect(practitioner.composer).to_have_value("a" * 2001)
    await expect(practitioner.composer).to_be_focused()
    await practitioner.say("Shorter.")
    await practitioner.hears(WHOLE)


async def test_a_reply_that_breaks_off_says_why(visit: Visit, newcomer, model, practice):
    line = model.line(Delta("Good "), ConnectionResetError("gone"))
    practitioner = await visit(newcomer)
    await practitioner.begin()
    await practitioner.say(line.text)
    await practitioner.button("Try again").wait_for()
    await practitioner.hears("Good ")
    assert await practitioner.shown.page.locator(".turn .note").last.inner_text() != ""
    await same_as_stored(practitioner, practice.site)
