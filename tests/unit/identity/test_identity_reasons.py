"""Refusals of accounts and sessions."""

from domain.identity import errors
from domain.shared.errors import DomainError
from fluentpro.contract.v1 import error_reason_pb2


def test_every_reason_of_the_area_stands_in_the_contract():
    reasons = [
        one.reason
        for one in vars(errors).values()
        if isinstance(one, type) and issubclass(one, DomainError) and one is not DomainError
    ]
    assert len(reasons) == 10
    assert all(f"ERROR_REASON_{reason}" in error_reason_pb2.ErrorReason.keys() for reason in reasons)  # noqa: SIM118
