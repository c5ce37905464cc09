"""Whom a stream is about."""

from uuid import UUID

import pytest

from workers.projections.streams import as_uuid, subject_of

ID = "d9f5a6d4-6f8e-4a3c-9ed4-0c6a7b1f2e3d"


@pytest.mark.parametrize(
    ("stream", "subject"),
    [(f"user-{ID}", UUID(ID)), (f"session-{ID}", None), ("user-nobody", None), (f"user{ID}", None), ("", None)],
)
def test_the_id_in_a_streams_name_is_whom_it_is_about(stream, subject):
    assert subject_of(stream, "user") == subject


@pytest.mark.parametrize("value", [None, 7, "", "Ann Lee"])
def test_what_is_no_id_is_nobody(value):
    assert as_uuid(value) is None
