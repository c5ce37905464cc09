"""Choosing partners and their situations: whole sets, in order, with the learner's own among them."""

import pytest

from domain.onboarding.errors import PartnerNotChosen
from domain.onboarding.steps import Step
from domain.shared.errors import InvalidRequest


def names(view) -> list[tuple[str, bool, int]]:
    return [(one.partner.display_name, one.custom, one.priority) for one in view.partners]


def situation_names(view, partner: int = 0) -> list[tuple[str, bool]]:
    return [(one.situation.display_name, one.custom) for one in view.partners[partner].situations]


async def test_the_order_given_is_the_priority_and_own_ones_come_last(app):
    view = await app.partners(app.user_id, ["suppliers", "clients"], ["  Harbour  Pilots"])
    assert names(view) == [("Suppliers", False, 1), ("Clients", False, 2), ("Harbour  Pilots", True, 3)]


async def test_a_new_choice_replaces_the_whole_set_and_a_partner_that_stays_keeps_its_situations(app):
    await app.partners(app.user_id, ["clients", "suppliers"], [])
    await app.situations(app.user_id, "clients", ["meetings"], [])
    await app.situations(app.user_id, "suppliers", ["briefings"], [])
    view = await app.partners(app.user_id, ["colleagues", "suppliers"], [])
    assert [(one.partner.id, len(one.situations)) for one in view.partners] == [("colleagues", 0), ("suppliers", 1)]


async def test_the_situations_of_a_dropped_partner_are_gone(app):
    await app.partners(app.user_id, ["clients"], [])
    await app.situations(app.user_id, "clients", ["meetings"], [])
    await app.partners(app.user_id, ["suppliers"], [])
    view = await app.partners(app.user_id, ["clients"], [])
    assert view.partners[0].situations == ()


async def test_an_own_partner_is_kept_by_its_id_and_moved(app):
    first = await app.partners(app.user_id, ["clients"], ["Harbour Pilots"])
    own = first.partners[1].partner.id
    await app.situations(app.user_id, own, ["meetings"], [])
    view = await app.partners(app.user_id, [own, "clients"], ["Customs Officers"])
    assert names(view) == [("Harbour Pilots", True, 1), ("Clients", False, 2), ("Customs Officers", True, 3)]
    assert view.partners[0].partner.id == own
    assert situation_names(view) == [("Meetings", False)]


async def test_the_same_choice_again_changes_nothing_own_ones_included(app):
    first = await app.partners(app.user_id, ["clients"], ["Harbour Pilots"])
    again = await app.partners(app.user_id, ["clients"], ["Harbour Pilots"])
    assert again == first
    assert app.event_types.count("communication_partners_selected") == 1


async def test_a_name_chosen_twice_is_two_partners(app):
    first = await app.partners(app.user_id, [], ["Pilots"])
    own = first.partners[0].partner.id
    view = await app.partners(app.user_id, [own], ["Pilots", "Pilots"])
    assert len({one.partner.id for one in view.partners}) == 3


async def test_an_own_partner_that_was_dropped_is_not_known_any_more(app, violations):
    first = await app.partners(app.user_id, [], ["Harbour Pilots"])
    await app.partners(app.user_id, ["clients"], [])
    with pytest.raises(InvalidRequest) as caught:
        await app.partners(app.user_id, [first.partners[0].partner.id], [])
    assert violations(caught) == {"partner_ids[0]": "UNKNOWN_VALUE"}


async def test_another_learners_own_partner_is_not_known(app):
    somebody = app.store.new_account()
    theirs = (await app.partners(somebody, [], ["Harbour Pilots"])).partners[0].partner.id
    with pytest.raises(InvalidRequest):
        await app.partners(app.user_id, [theirs], [])


@pytest.mark.parametrize(
    ("partner_ids", "custom_partners", "expected"),
    [
        ([], [], {"partner_ids": "REQUIRED"}),
        (["clients", "suppliers", "clients"], [], {"partner_ids[2]": "DUPLICATE"}),
        (["clients", ""], [], {"partner_ids[1]": "UNKNOWN_VALUE"}),
        (["x"] * 11, [], {"partner_ids": "TOO_MANY"}),
        (["clients"], ["Somebody"] * 6, {"custom_partners": "TOO_MANY"}),
        (
            ["nobody", "clients", "nobody"],
            ["x", "", "y" * 101, "a\x07b"],
            {
                "partner_ids[0]": "UNKNOWN_VALUE",
                "partner_ids[2]": "DUPLICATE",
                "custom_partners[0]": "TOO_SHORT",
                "custom_partners[1]": "REQUIRED",
                "custom_partners[2]": "TOO_LONG",
                "custom_partners[3]": "INVALID_CHARACTER",
            },
        ),
    ],
)
async def test_all_that_is_wrong_with_a_choice_of_partners_is_said_at_once(
    app, violations, partner_ids, custom_partners, expected
):
    with pytest.raises(InvalidRequest) as caught:
        await app.partners(app.user_id, partner_ids, custom_partners)
    assert violations(caught) == expected
    assert app.store.onboardings == {}


async def test_what_could_have_been_chosen_is_said_once(app):
    with pytest.raises(InvalidRequest) as caught:
        await app.partners(app.user_id, ["nobody", "no one"], [])
    first, second = caught.value.violations
    assert "clients, senior_management" in first.message
    assert "clients" not in second.message


async def test_situations_are_a_whole_set_of_one_partner_in_order(app):
    await app.partners(app.user_id, ["clients", "suppliers"], [])
    first = await app.situations(app.user_id, "clients", ["phone_calls", "meetings"], ["Ship Launches"])
    assert situation_names(first) == [("Phone Calls", False), ("Meetings", False), ("Ship Launches", True)]
    own = first.partners[0].situations[2].situation.id
    view = await app.situations(app.user_id, "clients", [own], [])
    assert situation_names(view) == [("Ship Launches", True)]
    assert view.partners[0].situations[0].situation.id == own
    assert view.partners[1].situations == ()


async def test_an_own_situation_belongs_to_its_partner(app, violations):
    await app.partners(app.user_id, ["clients", "suppliers"], [])
    view = await app.situations(app.user_id, "clients", [], ["Ship Launches"])
    own = view.partners[0].situations[0].situation.id
    with pytest.raises(InvalidRequest) as caught:
        await app.situations(app.user_id, "suppliers", [own], [])
    assert violations(caught) == {"situation_ids[0]": "UNKNOWN_VALUE"}


async def test_the_last_situations_reach_the_summary(app):
    await app.answer_everything()
    assert app.onboarding.step is Step.SUMMARY
    assert app.onboarding.next_step is Step.COMPLETED


async def test_a_partner_that_is_not_chosen_has_no_situations(app):
    await app.partners(app.user_id, ["clients"], [])
    with pytest.raises(PartnerNotChosen) as caught:
        await app.situations(app.user_id, "suppliers", ["meetings"], [])
    assert caught.value.metadata == {"partner_id": "suppliers"}


@pytest.mark.parametrize(
    ("partner_id", "situation_ids", "custom_situations", "expected"),
    [
        ("clients", [], [], {"situation_ids": "REQUIRED"}),
        ("", [], ["x"], {"partner_id": "REQUIRED", "custom_situations[0]": "TOO_SHORT"}),
        (
            "clients",
            ["meetings"] * 21,
            ["Launches"] * 11,
            {"situation_ids": "TOO_MANY", "custom_situations": "TOO_MANY"},
        ),
        ("clients", ["meetings", "tea"], [], {"situation_ids[1]": "UNKNOWN_VALUE"}),
    ],
)
async def test_all_that_is_wrong_with_a_choice_of_situations_is_said_at_once(
    app, violations, *, partner_id, situation_ids, custom_situations, expected
):
    await app.partners(app.user_id, ["clients"], [])
    with pytest.raises(InvalidRequest) as caught:
        await app.situations(app.user_id, partner_id, situation_ids, custom_situations)
    assert violations(caught) == expected


async def test_events_hold_the_catalogues_ids_and_count_the_own_ones(app):
    view = await app.partners(app.user_id, ["clients"], ["Harbour Pilots"])
    await app.situations(app.user_id, view.partners[1].partner.id, ["meetings"], ["Ship Launches", "Regattas"])
    selected, configured = (
        next(event for event in app.store.events if event.type == f"onboarding.{name}")
        for name in ("communication_partners_selected", "partner_situations_configured")
    )
    assert (selected.partner_ids, selected.custom_partners) == (("clients",), 1)
    assert (configured.situation_ids, configured.custom_situations) == (("meetings",), 2)
    assert all("Harbour" not in str(event.to_dict()) for event in app.store.events)
