"""Reading and changing a profile."""

from datetime import date
from uuid import uuid4

import pytest

from domain.identity.errors import UserNotFound
from domain.identity.events import UserProfileUpdated
from domain.identity.profile import ProfileUpdate
from domain.shared.errors import EtagMismatch, InvalidRequest


@pytest.fixture
async def user(area):
    user, _ = await area.sign_up(date_of_birth="1990-12-31")
    area.store.events.clear()
    return user


async def test_the_fields_of_the_mask_are_changed(area, user):
    area.clock.advance(days=1)
    update = ProfileUpdate(("full_name", "date_of_birth"), "陳大文", "1991-01-01", user.etag)
    changed = await area.update_profile(user.id, update)

    assert (changed.full_name, changed.date_of_birth) == ("陳大文", date(1991, 1, 1))
    assert (changed.etag, changed.updated_at) == ("2", area.clock.now)
    assert await area.get_user(user.id) == changed
    assert area.store.events == [UserProfileUpdated(user_id=user.id, fields=("full_name", "date_of_birth"))]


async def test_a_field_outside_the_mask_is_not_read(area, user):
    changed = await area.update_profile(user.id, ProfileUpdate(("full_name",), "Bo Lee", "not a date"))
    assert changed.date_of_birth == user.date_of_birth
    assert area.store.events == [UserProfileUpdated(user_id=user.id, fields=("full_name",))]


@pytest.mark.parametrize("nothing", [None, ""])
async def test_a_date_of_birth_can_be_cleared(area, user, nothing):
    changed = await area.update_profile(user.id, ProfileUpdate(("date_of_birth",), date_of_birth=nothing))
    assert changed.date_of_birth is None
    assert (await area.get_user(user.id)).date_of_birth is None


@pytest.mark.parametrize("mask", [(), ("full_name",), ("full_name", "full_name", "date_of_birth")])
async def test_what_is_the_same_already_is_no_change(area, user, mask):
    update = ProfileUpdate(mask, user.full_name, "1990-12-31")
    assert await area.update_profile(user.id, update) == user
    assert area.store.events == []


async def test_a_stale_etag_changes_nothing_and_tells_the_present_one(area, user):
    await area.update_profile(user.id, ProfileUpdate(("full_name",), "Bo Lee", etag="1"))
    with pytest.raises(EtagMismatch) as refused:
        await area.update_profile(user.id, ProfileUpdate(("full_name",), "Cy Lee", etag="1"))
    assert refused.value.metadata == {"etag": "2"}
    assert (await area.get_user(user.id)).full_name == "Bo Lee"


async def test_every_violation_is_named_at_once_and_nothing_is_written(area, user):
    update = ProfileUpdate(("full_name", "date_of_birth", "email", "nonsense"), "", "2025-01-01")
    with pytest.raises(InvalidRequest) as refused:
        await area.update_profile(user.id, update)
    assert [(one.field, one.reason) for one in refused.value.violations] == [
        ("update_mask", "INVALID_FIELD"),
        ("user.full_name", "REQUIRED"),
        ("user.date_of_birth", "OUT_OF_RANGE"),
    ]
    assert await area.get_user(user.id) == user
    assert area.store.events == []


async def test_an_account_that_is_not_there_is_not_found(area):
    user_id = uuid4()
    for asking in (area.get_user(user_id), area.update_profile(user_id, ProfileUpdate(("full_name",), "Bo Lee"))):
        with pytest.raises(UserNotFound) as refused:
            await asking
        assert refused.value.metadata == {"user_id": str(user_id)}
