"""Lists come in pages, and a page token is good for nothing else."""

from typing import Any

import pytest
from api.contract import RPCS
from api.job_runner import recommend
from api.learner import SCENARIO, Learner, example

from domain.shared.pages import Page, page_token

LISTS = [name for name, rpc in RPCS.items() if "page_token" in rpc.request.DESCRIPTOR.fields_by_name]
CONVERSATIONS = "ConversationService/ListConversations"
START = "ConversationService/StartConversation"


@pytest.fixture(scope="module")
async def lister(product) -> Learner:
    """Somebody with a few conversations."""
    lister = await Learner.new(product.grpc)
    for _ in range(3):
        await lister.reply()
        await lister.staff.new_dead_letter()
    await lister.answer()
    await recommend(product, lister)
    return lister


@pytest.fixture(scope="module")
async def requests(lister) -> dict[str, Any]:
    """A good request for each list."""
    return {name: await example(name, lister) for name in LISTS}


@pytest.mark.parametrize("name", LISTS)
async def test_lists_bound_their_pages(door, lister, requests, name) -> None:
    refused = await door.call(name, _paged(requests[name], page_size=-1), lister.token_for(name))
    assert refused.violations == [("page_size", "OUT_OF_RANGE")]
    by_default, all_of_them = [
        (await door.call(name, _paged(requests[name], page_size=size), lister.token_for(name))).message
        for size in (0, 101)
    ]
    assert 0 < len(_items(by_default)) <= 20
    assert _items(all_of_them)[: len(_items(by_default))] == _items(by_default)


@pytest.mark.parametrize("name", LISTS)
async def test_pages_joined_are_the_list(door, lister, requests, name) -> None:
    whole = _items((await door.call(name, _paged(requests[name], page_size=100), lister.token_for(name))).message)
    joined, token = [], ""
    while True:
        request = _paged(requests[name], page_size=1 if len(whole) < 10 else 7, page_token=token)
        page = (await door.call(name, request, lister.token_for(name))).message
        joined += _items(page)
        token = page.next_page_token
        if not token:
            break
    assert joined == whole


@pytest.mark.parametrize("name", LISTS)
async def test_a_page_token_is_good_for_its_own_list_alone(door, lister, other, requests, name) -> None:
    foreign = "ScenarioService/ListScenarios" if name != "ScenarioService/ListScenarios" else "CatalogService/ListRoles"
    request = _paged(RPCS[foreign].request(), page_size=1)
    token = (await door.call(foreign, request, lister.token)).message.next_page_token
    for bad in (token, token[:-2], "garbage!", "AAAA", "🙂"):
        refused = await door.call(name, _paged(requests[name], page_token=bad), lister.token_for(name))
        assert refused.violations == [("page_token", "INVALID_FORMAT")], bad


async def test_a_page_token_is_good_for_its_own_user_alone(door, lister, other) -> None:
    name = "ScenarioService/ListScenarios"
    first = (await door.call(name, RPCS[name].request(page_size=1), lister.token)).message
    refused = await door.call(name, RPCS[name].request(page_token=first.next_page_token), other.token)
    assert refused.violations == [("page_token", "INVALID_FORMAT")]


@pytest.mark.parametrize(
    "place", ["\0", "x" * 3000, "0001-01-01T00:00:00+00:00 00000000-0000-4000-8000-000000000000", "999999999", "é"]
)
async def test_a_forged_page_token_is_no_fault_of_ours(door, lister, requests, place) -> None:
    for name in LISTS:
        scopes = [name.partition("/")[2] + "Request"]
        if not RPCS[name].is_public:
            scopes.append(lister.user_id)
        if "conversation_id" in RPCS[name].required:
            scopes.append(requests[name].conversation_id)
        forged = page_token(Page((), place), "\n".join(scopes))
        answer = await door.call(name, _paged(requests[name], page_token=forged), lister.token_for(name))
        assert answer.code == "OK" or answer.violations == [("page_token", "INVALID_FORMAT")], name


def _paged(request: Any, **fields: Any) -> Any:
    paged = type(request)()
    paged.CopyFrom(request)
    for name, value in fields.items():
        setattr(paged, name, value)
    return paged


def _items(page: Any) -> list[Any]:
    """Return what is listed, without what a call may change: when a session was last used, and so when it expires."""
    items = list(next(value for field, value in page.ListFields() if field.is_repeated))
    for item in items:
        if "last_seen_at" in item.DESCRIPTOR.fields_by_name:
            item.ClearField("last_seen_at")
            item.ClearField("expires_at")
    return items


async def test_a_page_has_twenty_items_unless_asked_and_a_hundred_at_most(door, learner) -> None:
    for _ in range(101):
        await learner.call(START, scenario_id=SCENARIO)
    sizes = []
    for size in (0, 1, 100, 101, 2**31 - 1):
        page = (await door.call(CONVERSATIONS, RPCS[CONVERSATIONS].request(page_size=size), learner.token)).message
        sizes.append(len(page.conversations))
        assert page.next_page_token
    assert sizes == [20, 1, 100, 100, 100]
