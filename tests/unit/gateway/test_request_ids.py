"""Ids for requests that come without one."""

from uuid import RFC_4122, UUID

from gateway.request_ids import new_request_id


def test_an_id_is_a_random_uuid_as_everybody_writes_it():
    ids = [new_request_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    read = [UUID(each) for each in ids]
    assert [str(each) for each in read] == ids
    assert {(each.version, each.variant) for each in read} == {(4, RFC_4122)}
