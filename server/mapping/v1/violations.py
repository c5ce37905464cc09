"""The use cases name the fields at fault by their present names; consumers of v1 know the old ones."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from domain.shared.errors import InvalidRequest, Violation

ACCOUNT: Mapping[str, str] = {"full_name": "user_name", "email": "user_email"}
PROFILE: Mapping[str, str] = {"user.full_name": "user_name", "user.date_of_birth": "date_of_birth"}
"""Without `profile.`: the body of the request is the profile itself, and the gateway's own paths begin within it."""

LANGUAGE: Mapping[str, str] = {"language_id": "native_language"}
NEW_ROLE: Mapping[str, str] = {"title": "job_title", "description": "job_description", "level": "hierarchy_level"}
PARTNERS: Mapping[str, str] = {"custom_partners": "other_partners"}
UNIT_IDS: Mapping[str, str] = {"situation_ids": "unit_ids", "custom_situations": "other_units"}
UNIT_SELECTIONS: Mapping[str, str] = {"situation_ids": "unit_selections", "custom_situations": "other_units"}


@contextmanager
def old_names(names: Mapping[str, str]) -> Iterator[None]:
    """Raise an InvalidRequest of this block with the old names of its fields. `names` gives them by the present ones.

    Indices stay: `custom_partners[2]` becomes `other_partners[2]`. A field that is not in `names` keeps its name.
    """
    try:
        yield
    except InvalidRequest as invalid:
        raise InvalidRequest(tuple(_renamed(violation, names) for violation in invalid.violations)) from None


def _renamed(violation: Violation, names: Mapping[str, str]) -> Violation:
    field, bracket, rest = violation.field.partition("[")
    return replace(violation, field=f"{names.get(field, field)}{bracket}{rest}")
