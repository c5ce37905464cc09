"""Everything that is kept about a learner, as one document, through both doors."""

import json
from typing import Any
from uuid import UUID

import pytest
from api.contract import RPCS
from api.job_runner import recommend, run_job
from api.learner import PASSWORD, SCENARIO, Learner
from sqlalchemy import text

from adapters.choices import master_keys
from adapters.sql.export import NOT_EXPORTED, SECTIONS, SqlPersonalData
from adapters.sql.tables import metadata
from domain.identity.errors import UserNotFound
from domain.identity.export import ExportAccount
from server.mapping.v2.export import PIECE, document

EXPORT = "UserService/ExportMe"


async def export(door: Any, learner: Learner) -> Any:
    answer = await door.call(EXPORT, RPCS[EXPORT].request(), learner.token)
    assert answer.message.body.content_type == "application/json"
    return json.loads(answer.message.body.data)


@pytest.fixture
async def lived(product, learner) -> Learner:
    """Somebody who has used everything once."""
    await learner.answer()
    await learner.call(
        "OnboardingService/CreateCustomRole", title="Night porter", description="I keep the house.", level=1
    )
    conversation = await learner.converse()
    await learner.say(conversation.id, "My passport is in the harbour, dear.")
    await run_job(product, (await learner.generate()).id)
    await recommend(product, learner)
    return learner


async def test_it_has_all_that_the_learner_did(door, lived) -> None:
    found = await export(door, lived)
    account = found["account"][0]
    assert (account["id"], account["email"]) == (lived.user_id, lived.email)
    assert found["sessions"][0]["user_id"] == lived.user_id
    assert found["onboarding"][0]["industry_id"] == "hotels_hospitality"
    assert found["roles"][0]["title"] == "Night porter"
    assert len(found["scenarios"]) == 3
    assert found["recommendations"]
    assert found["conversations"][0]["scenario_id"] == SCENARIO
    assert "My passport is in the harbour, dear." in [turn["text"] for turn in found["turns"]]
    assert found["generations"]
    assert found["usage"]
    assert {job["state"] for job in found["jobs"]} == {"succeeded"}


async def test_its_events_can_be_read(door, lived) -> None:
    events = (await export(door, lived))["events"]
    registered = next(event for event in events if event["type"] == "user.registered")
    assert registered["data"]["email"] == lived.email
    said = {event["data"]["text"] for event in events if event["type"] == "conversation.turn_added"}
    assert "My passport is in the harbour, dear." in said
    areas = {event["type"].partition(".")[0] for event in events}
    assert areas >= {"user", "session", "onboarding", "conversation", "generation", "scenario"}


async def test_no_secret_is_in_it_and_nobody_elses_word(door, lived, owner) -> None:
    await owner.say((await owner.converse()).id, "The owner has said this.")
    text_of_it = json.dumps(await export(door, lived))
    for secret in (PASSWORD, "argon2", "password_hash", lived.refresh_token, owner.user_id, "The owner has said this."):
        assert secret not in text_of_it


async def test_of_somebody_new_it_is_nearly_empty_and_whole(door, learner) -> None:
    found = await export(door, learner)
    assert list(found) == [*(section.name for section in SECTIONS), "events"]
    assert found["turns"] == found["jobs"] == []


async def test_it_comes_in_pieces_and_joins_to_one_document(product, learner) -> None:
    conversation = await learner.converse()
    async with product.application.connections.transaction() as connection:
        await connection.execute(
            text(
                "INSERT INTO turn (id, conversation_id, position, author, text, partial, created_at) "
                "SELECT gen_random_uuid(), :id, n, 'learner', repeat('ä word ', 40), false, now() "
                "FROM generate_series(10, 1510) AS n"
            ),
            {"id": conversation.id},
        )
        await connection.commit()
    call = product.grpc.start(EXPORT, RPCS[EXPORT].request(), learner.token)
    pieces = [message.body.data async for message in call]
    assert len(pieces) > 4
    assert max(map(len, pieces)) < PIECE + 2000
    turns = json.loads(b"".join(pieces))["turns"]
    assert len({turn["id"] for turn in turns}) == len(turns) == 1502


async def test_a_learner_who_is_erased_meanwhile_gets_no_whole_document(product, learner) -> None:
    application = product.application
    data = SqlPersonalData(application.connections, master_keys(product.settings))
    written = b""
    with pytest.raises(UserNotFound):
        async for piece in document(_erased_on_the_way(product, ExportAccount(application.reads, data), learner)):
            written += piece
    assert not written.endswith(b"}\n")


async def _erased_on_the_way(product: Any, use_case: ExportAccount, learner: Learner) -> Any:
    async for found in use_case(UUID(learner.user_id)):
        yield found
        if found.section == "sessions":
            async with product.application.connections.transaction() as connection:
                await connection.execute(text("DELETE FROM account WHERE id = :id"), {"id": learner.user_id})
                await connection.commit()


def test_every_table_with_a_person_in_it_is_exported_or_has_a_reason_not_to_be() -> None:
    exported = {section.table.name for section in SECTIONS}
    personal = {
        table.name
        for table in metadata.sorted_tables
        if {"user_id", "owner_id", "conversation_id"} & set(table.c.keys())
        or any(key.column.table.name == "account" for key in table.foreign_keys)
    }
    assert personal - exported == set(NOT_EXPORTED)
