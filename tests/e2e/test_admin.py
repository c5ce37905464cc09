"""`fluentpro admin`: who may administer, from the shell to the API."""

import httpx
import pytest
from e2e.command import Command

EVENTS = "/api/v2/admin/events?type=user.role_granted"


@pytest.fixture
def admin(start, dev: Command):
    """Run `fluentpro admin …` beside a running `dev`, and return its exit code and words."""

    async def admin(*words: str) -> tuple[int, str, str]:
        command = start("admin", *words, data_dir=dev.data_dir)
        code = await command.ended()
        assert "Traceback" not in command.err, command.story()
        return code, command.out.strip(), command.err.strip()

    return admin


@pytest.fixture
async def ask(dev: Command):
    """Ask for what only administrators may see; return the answer."""
    async with httpx.AsyncClient(base_url=f"http://{dev.http}", timeout=20) as client:

        async def ask(authorization: str) -> httpx.Response:
            return await client.get(EVENTS, headers={"authorization": authorization})

        yield ask


async def test_an_account_is_made_an_administrator_and_no_longer(dev: Command, admin, ask, sign_up):
    learner = await sign_up(dev)
    assert (await ask(learner.authorization)).status_code == 403
    assert await admin("grant", learner.email) == (
        0,
        f"{learner.email} is admin now, from the next log-in or refresh on",
        "",
    )
    assert await admin("grant", learner.email) == (0, f"{learner.email} is admin already", "")
    assert (await ask(learner.authorization)).status_code == 403, "the token is older"

    await learner.log_in()
    answer = await ask(learner.authorization)
    assert answer.status_code == 200, answer.text
    granted = answer.json()["data"]["events"][0]
    assert (granted["data"]["role"], granted["actor"]) == ("admin", "system:admin-command")
    assert granted["correlation_id"]

    code, said, _ = await admin("revoke", learner.email)
    assert (code, said) == (0, f"{learner.email} is not admin any more, and signed out everywhere")
    assert (await ask(learner.authorization)).status_code == 401
    assert await admin("revoke", learner.email) == (0, f"{learner.email} is not admin", "")
    await learner.log_in()
    assert (await ask(learner.authorization)).status_code == 403


@pytest.mark.parametrize("change", ["grant", "revoke"])
async def test_an_address_that_nobody_has_is_a_sentence(admin, change: str):
    told = await admin(change, "nobody@example.com")
    assert told == (1, "", "fluentpro: No account has this e-mail address.")


async def test_a_role_that_there_is_not_and_what_is_no_address_are_named(admin):
    code, said, told = await admin("grant", "nobody at home", "--role", "root")
    assert (code, said) == (2, "")
    assert "The roles are admin and internal." in told
    assert "address" in told
