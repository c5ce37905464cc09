"""What somebody writes stays text, and who is signed in stays so in one tab alone."""

import pytest
from api.stage import WORDS
from browser.practice.conftest import Visit
from playwright.async_api import Error, expect

from domain.practice.chat import Delta, Finish, FinishReason, Usage

HOSTILE = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">&lt;b&gt; </p>"
STRANGE = "مرحبا بالعالم 👩‍👩‍👧‍👦 שלום \u202eabc"
WHOLE = "".join(WORDS)

EXPIRE = """() => {
    const session = JSON.parse(sessionStorage.getItem("fluentpro.session"));
    sessionStorage.setItem("fluentpro.session", JSON.stringify({...session, until: 0}));
}"""


@pytest.mark.parametrize("text", [HOSTILE, STRANGE], ids=["markup", "scripts"])
async def test_whatever_is_said_is_shown_as_text(visit: Visit, newcomer, model, text: str):
    line = model.line(Delta(text), Usage(1, 1), Finish(FinishReason.STOP), text=f"{text} said the learner")
    practitioner = await visit(newcomer)
    await practitioner.begin()
    title = await practitioner.shown.page.title()
    await practitioner.say(line.text)
    await practitioner.hears(text)
    assert (await practitioner.texts())[-2:] == [line.text, text]
    assert await practitioner.shown.page.title() == title
    assert await practitioner.shown.page.locator(".turn img, .turn script, .turn b").count() == 0
    assert practitioner.shown.complaints == []


async def test_text_has_the_direction_of_its_letters(visit: Visit, newcomer, model):
    practitioner = await visit(newcomer)
    await practitioner.begin()
    await practitioner.say("مرحبا بالعالم")
    await practitioner.hears(WHOLE)
    directions = await practitioner.shown.page.locator(".turn .text").evaluate_all(
        "texts => texts.slice(-2).map(text => getComputedStyle(text).direction)"
    )
    assert directions == ["rtl", "ltr"]


async def test_the_page_runs_no_script_and_takes_no_markup_but_its_own(visit: Visit, newcomer, stranger):
    practitioner = await visit(newcomer)
    title = await practitioner.shown.page.title()
    with pytest.raises(Error):
        await practitioner.shown.page.add_script_tag(content="document.title = 'injected'")
    with pytest.raises(Error, match="TrustedHTML"):
        await practitioner.shown.run("() => { document.body.innerHTML = '<b>markup</b>'; }")
    assert await practitioner.shown.run("url => fetch(url).then(() => 'asked', () => 'refused')", stranger) == "refused"
    assert await practitioner.shown.page.title() == title


async def test_no_page_may_frame_it(open_page, friend, practice):
    page = (await open_page(friend)).page
    await page.evaluate("url => { document.body.innerHTML = `<iframe src='${url}'></iframe>`; }", practice.site)
    await page.wait_for_function("() => frames.length === 1")
    await page.wait_for_load_state("networkidle")
    assert await page.frame_locator("iframe").locator("#main").count() == 0


async def test_a_reload_keeps_one_signed_in_and_where_one_was(visit: Visit, newcomer):
    practitioner = await visit(newcomer)
    await practitioner.begin()
    await practitioner.shown.page.reload()
    await practitioner.composer.wait_for()
    assert practitioner.shown.complaints == []


async def test_an_expired_token_is_renewed_once_however_many_ask(visit: Visit, newcomer):
    practitioner = await visit(newcomer)
    await practitioner.shown.run(EXPIRE)
    await practitioner.shown.page.reload()
    await practitioner.heading("Hello").wait_for()
    assert len(practitioner.asked("/auth/refresh")) == 1
    assert practitioner.shown.complaints == []


async def test_a_copied_tab_signs_in_anew_and_the_first_stays_signed_in(visit: Visit, newcomer):
    practitioner = await visit(newcomer)
    async with practitioner.shown.page.context.expect_page() as opening:
        await practitioner.shown.run("() => { window.open('/', '_blank'); }")  # it takes sessionStorage along
    copy = await opening.value
    await copy.get_by_role("heading", name="Log in").wait_for()
    await practitioner.go("/sessions")
    await practitioner.heading("Devices").wait_for()


async def test_signing_out_leaves_nothing_in_the_tab(visit: Visit, newcomer):
    practitioner = await visit(newcomer)
    await practitioner.press_button("Sign out")
    await practitioner.heading("Log in").wait_for()
    await expect(practitioner.button("Log in")).to_be_visible()
    assert await practitioner.shown.run("() => sessionStorage.length") == 0
    assert len(practitioner.asked("/auth/logout")) == 1


async def test_a_device_can_be_signed_out_from_another(visit: Visit, newcomer):
    here, there = await visit(newcomer), await visit(newcomer)
    await here.go("/sessions")
    rows = here.shown.page.locator(".row")
    await expect(rows).to_have_count(3)  # the two, and where the learner signed up
    await expect(rows.filter(has_text="This device")).to_have_count(1)
    await here.shown.page.get_by_role("button", name="Sign out Chrome on Linux").click()
    await expect(rows).to_have_count(2)
    await there.shown.run(EXPIRE)
    await there.shown.page.reload()
    await there.heading("Log in").wait_for()
    await expect(there.shown.page.get_by_role("status").filter(has_text="Your session has ended")).to_be_visible()
    assert await here.button("Sign out").is_visible()


async def test_nothing_moves_for_who_wants_it_so(visit: Visit, newcomer, model):
    practitioner = await visit(newcomer, reduced_motion="reduce")
    await practitioner.begin()
    await practitioner.say("Good evening.")
    await practitioner.hears(WHOLE)
    assert await practitioner.shown.run("() => document.getAnimations().length") == 0


async def test_a_window_that_is_signed_out_elsewhere_shows_the_door_by_itself(visit: Visit, newcomer):
    here, there = await visit(newcomer), await visit(newcomer)
    await there.begin()
    await here.go("/sessions")
    await here.shown.page.get_by_role("button", name="Sign out Chrome on Linux").click()
    await there.heading("Log in").wait_for()
    await there.shown.page.get_by_text("Your session has ended").wait_for()
