"""From the first look to a finished reply, with nothing but a keyboard."""

from uuid import uuid4

import pytest
from api.job_runner import run_job
from api.stage import WORDS
from browser.conftest import DESKTOP
from browser.practice.practitioner import PASSWORD, Practitioner
from playwright.async_api import ViewportSize, expect

SMARTPHONE = ViewportSize(width=390, height=844)


async def sign_up(practitioner: Practitioner) -> None:
    await practitioner.tab_to(practitioner.shown.page.get_by_role("link", name="Create an account"))
    await practitioner.press("Enter")
    for label, text in [
        ("Your name", "Mei Chan"),
        ("E-mail address", f"{uuid4().hex}@example.com"),
        ("Password", PASSWORD),
    ]:
        await practitioner.tab_to(practitioner.field(label))
        await practitioner.type(text)
    await practitioner.tab_to(practitioner.field("I accept the terms"))
    await practitioner.press("Space")
    await practitioner.press_button("Sign up")


async def tick(practitioner: Practitioner, *labels: str) -> None:
    for label in labels:
        await practitioner.tab_to(practitioner.field(label))
        await practitioner.press("Space")
    await practitioner.press_button("Continue")


async def describe_the_job(practitioner: Practitioner) -> None:
    await practitioner.tab_to(practitioner.field("Job title"))
    await practitioner.type("Front desk agent")
    await practitioner.tab_to(practitioner.field("What do you do all day?"))
    await practitioner.type("I check guests in and out and answer their questions.")
    await practitioner.press_button("Find my role")
    await practitioner.shown.page.get_by_text("Which of these is it?").wait_for()
    await practitioner.press_button("Continue")


async def be_onboarded(practitioner: Practitioner) -> None:
    await practitioner.heading("Which language").wait_for()
    await practitioner.tab_to(practitioner.field("English"))
    await practitioner.press("ArrowDown")
    await practitioner.press_button("Continue")
    await practitioner.heading("Where do you work?").wait_for()
    await practitioner.tab_to(practitioner.field("Banking & Finance"))
    await practitioner.press("ArrowUp")
    await practitioner.press_button("Continue")
    await describe_the_job(practitioner)
    await practitioner.heading("Whom do you").wait_for()
    await tick(practitioner, "Suppliers", "Customers")
    await practitioner.heading("With Suppliers (1 of 2)").wait_for()
    await tick(practitioner, "Meetings")
    await practitioner.heading("With Customers (2 of 2)").wait_for()
    await tick(practitioner, "Phone Calls")
    await practitioner.press_button("Yes, that is right")


async def test_from_sign_up_to_a_finished_reply_by_keyboard_alone(visit, practice):
    practitioner = await visit()
    await sign_up(practitioner)
    await be_onboarded(practitioner)

    await practitioner.heading("Hello, Mei Chan").wait_for()
    await practitioner.tab_to(practitioner.shown.page.get_by_role("link", name="The guest who came too early").first)
    await practitioner.press("Enter")
    await practitioner.press_button("Start the conversation")
    await expect(practitioner.composer).to_be_focused()
    await practitioner.type("Good evening.")
    await practitioner.press("Shift+Enter")
    await practitioner.type("Welcome!")
    await practitioner.press("Enter")

    await practitioner.hears("".join(WORDS))
    await expect(practitioner.read_out).to_have_text(f"Your partner says: {''.join(WORDS)}")
    await practitioner.tab_to(practitioner.button("Try again"))
    stored = await practitioner.stored(practice.site)
    assert await practitioner.texts() == [turn["text"] for turn in stored]
    assert stored[1]["text"] == "Good evening.\nWelcome!"
    assert practitioner.shown.foreign_requests == []
    assert practitioner.shown.complaints == []


async def test_what_was_answered_is_in_the_summary(visit, newcomer):
    practitioner = await visit(newcomer)
    await practitioner.go("/onboarding")
    await be_onboarded(practitioner)
    await practitioner.heading("Hello").wait_for()
    await practitioner.go("/onboarding")
    rows = practitioner.shown.page.locator(".summary-row")
    await rows.first.wait_for()
    assert [
        (await row.locator("dt").inner_text(), await row.locator("dd").inner_text()) for row in await rows.all()
    ] == [
        ("Native language", "Traditional Chinese"),
        ("Industry", "Hotels & Hospitality"),
        ("Role", "Front Desk and Reception"),
        ("Suppliers", "Meetings"),
        ("Customers", "Phone Calls"),
    ]


async def test_a_job_that_fits_no_role_becomes_one_of_ones_own(visit, newcomer):
    practitioner = await visit(newcomer)
    await practitioner.go("/onboarding/industry")
    await practitioner.field("Real Estate").check()
    await practitioner.button("Continue").click()
    await practitioner.field("Job title").fill("Zzyzx")
    await practitioner.field("What do you do all day?").fill("Qwerty uiop asdfgh jklzxc.")
    await practitioner.button("Find my role").click()
    await practitioner.field("How senior are you?").select_option("I lead a team at its work")
    await practitioner.button("Continue").click()
    await practitioner.heading("Whom do you").wait_for()
    await practitioner.go("/onboarding/summary")
    await practitioner.shown.page.locator("dd", has_text="Zzyzx").wait_for()


@pytest.mark.parametrize("size", [DESKTOP, SMARTPHONE], ids=["desktop", "phone"])
async def test_every_view_fits_its_window(visit, newcomer, size: ViewportSize):
    practitioner = await visit(newcomer, size=size)
    for path in ("/", "/onboarding/language", "/onboarding/role", "/onboarding/partners", "/sessions"):
        await practitioner.go(path)
        await expect(practitioner.shown.page.locator("main")).not_to_have_attribute("aria-busy", "true")
        assert await practitioner.shown.overflow() == 0
    await practitioner.begin()
    await practitioner.say("W" * 300)
    await practitioner.hears("".join(WORDS))
    assert await practitioner.shown.overflow() == 0
    assert await practitioner.composer.evaluate("field => parseFloat(getComputedStyle(field).fontSize)") >= 16
    box = await practitioner.composer.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= size["height"]  # in sight, however long the conversation


async def test_mistakes_stand_beside_their_fields_in_the_servers_words(visit):
    practitioner = await visit()
    await practitioner.shown.page.get_by_role("link", name="Create an account").click()
    await practitioner.field("E-mail address").fill("mei")
    await practitioner.button("Sign up").click()
    await expect(practitioner.field("Your name")).to_be_focused()
    assert await practitioner.field("Your name").get_attribute("aria-invalid") == "true"
    described = practitioner.shown.page.locator("#email-wrong")
    assert await described.inner_text() == "An e-mail address is needed, such as name@example.com."
    assert "email-wrong" in (await practitioner.field("E-mail address").get_attribute("aria-describedby") or "")


async def test_a_wrong_password_is_told_in_words(visit, newcomer):
    practitioner = await visit()
    await practitioner.field("E-mail address").fill(newcomer.email)
    await practitioner.field("Password").fill("not the password")
    await practitioner.button("Log in").click()
    await expect(practitioner.shown.page.get_by_role("alert")).to_contain_text("password")


async def test_scenarios_are_made_with_a_bar_that_shows_how_far_it_is(visit, newcomer, practice):
    practitioner = await visit(newcomer)
    await practitioner.go("/onboarding")
    await be_onboarded(practitioner)
    await practitioner.button("Make scenarios for me").click()
    bar = practitioner.shown.page.get_by_role("progressbar", name="Making scenarios")
    await bar.wait_for()
    jobs = await practitioner.shown.run(
        """async (headers) => (await (await fetch("/api/v2/jobs", {headers})).json()).data.jobs""",
        await practitioner.bearer(),
    )
    await run_job(practice, jobs[0]["id"])
    await practitioner.shown.page.locator("main").get_by_text("Done: your new scenarios").wait_for()
    assert not await bar.is_visible()
    await expect(practitioner.button("Make scenarios for me")).to_be_visible()
    assert practitioner.shown.complaints == []
