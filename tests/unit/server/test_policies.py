from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf.message_factory import GetMessageClass

from gateway.image import Image
from server.image import our_image
from server.policies import API_VERSION, POLICY, Access, PolicyError, read_policies

GET_ME = "fluentpro.v2.UserService.GetMe"
UPDATE_ME = "fluentpro.v2.UserService.UpdateMe"


class Contract:
    """Our own contract, to be spoilt: one of its versions and one of its methods."""

    def __init__(self) -> None:
        image = our_image()
        set_of_files = GetMessageClass(image.pool.FindMessageTypeByName("google.protobuf.FileDescriptorSet"))
        self._files = set_of_files(file=image.files)
        self._policy: Any = image.pool.FindExtensionByName(POLICY)
        self._version: Any = image.pool.FindExtensionByName(API_VERSION)

    def file(self, name: str) -> Any:
        return next(file for file in self._files.file if file.name == name)

    @property
    def get_me(self) -> Any:
        return self.file("fluentpro/v2/user_service.proto").service[0].method[0]

    @property
    def update_me(self) -> Any:
        return self.file("fluentpro/v2/user_service.proto").service[0].method[1]

    @property
    def policy(self) -> Any:
        return self.get_me.options.Extensions[self._policy]

    @property
    def version(self) -> Any:
        return self.file("fluentpro/v2/version.proto").options.Extensions[self._version]

    def drop_policy(self) -> None:
        self.get_me.options.ClearExtension(self._policy)

    def drop_version(self) -> None:
        self.file("fluentpro/v2/version.proto").options.ClearExtension(self._version)

    def say_version_twice(self) -> None:
        self.file("fluentpro/v2/user.proto").options.Extensions[self._version].CopyFrom(self.version)

    def image(self) -> Image:
        return Image(self._files.SerializeToString())


def test_our_contract_is_complete() -> None:
    policies = read_policies(our_image())
    assert policies["/fluentpro.v2.AuthService/SignUp"].access == {Access.PUBLIC}
    assert policies["/fluentpro.v2.AuthService/SignUp"].rate_limit == "auth"
    me = policies["/fluentpro.v2.UserService/GetMe"]
    assert (me.access, me.rate_limit, me.server_streams) == ({Access.AUTHENTICATED}, "default", False)
    reply = policies["/fluentpro.v2.ConversationService/SendMessage"]
    assert (reply.rate_limit, reply.client_streams, reply.server_streams) == ("cost", False, True)
    assert all(name.startswith("/fluentpro.") for name in policies)


def spoil_dates(deprecated_on: str, sunset_on: str) -> Callable[[Contract], None]:
    def spoil(contract: Contract) -> None:
        contract.version.lifecycle = 4  # deprecated
        contract.version.deprecated_on = deprecated_on
        contract.version.sunset_on = sunset_on

    return spoil


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (Contract.drop_policy, f"{GET_ME}: it has no policy"),
        (Contract.drop_version, f"{GET_ME}: it has a policy, and its package has no api_version"),
        (Contract.say_version_twice, "fluentpro.v2: api_version stands in 2 files"),
        (lambda c: c.version.ClearField("lifecycle"), "fluentpro.v2: api_version has no lifecycle"),
        (lambda c: setattr(c.policy, "rate_limit", "lavish"), f"{GET_ME}: there is no rate limit 'lavish'"),
        (lambda c: c.policy.ClearField("access"), f"{GET_ME}: its policy has no access"),
        (lambda c: c.policy.access.append(0), f"{GET_ME}: ACCESS_UNSPECIFIED says nothing about who may call it"),
        (lambda c: c.policy.access.append(99), f"{GET_ME}: 99 says nothing about who may call it"),
        (lambda c: setattr(c.policy, "idempotent", True), f"{GET_ME}: idempotent and a field idempotency_key"),
        (
            lambda c: setattr(c.get_me, "server_streaming", True) or setattr(c.policy, "idempotent", True),
            f"{GET_ME}: only a unary method can be idempotent",
        ),
        (
            lambda c: c.update_me.options.Extensions[c._policy].access.append(1),
            f"{UPDATE_ME}: an idempotent method knows who calls, so it cannot be public",
        ),
        (
            lambda c: setattr(c.update_me, "output_type", ".fluentpro.v2.LogInResponse"),
            f"{UPDATE_ME}: its answer holds fluentpro.v2.Tokens.access_token, and answers of idempotent methods are",
        ),
        (
            lambda c: c.get_me.options.ClearField("idempotency_level"),
            f"{GET_ME}: it is a GET, and its idempotency_level is not NO_SIDE_EFFECTS",
        ),
        (spoil_dates("2026-11-01", "2026-10-31"), "fluentpro.v2: it is sunset on 2026-10-31, not after 2026-11-01"),
        (spoil_dates("", "2028-12-31"), "fluentpro.v2: it has a sunset_on and no deprecated_on"),
        (spoil_dates("2026-11-31", "2028-12-31"), "fluentpro.v2: deprecated_on is no date: '2026-11-31'"),
        (spoil_dates("20261101", "2028-12-31"), "fluentpro.v2: deprecated_on is no date: '20261101'"),
    ],
)
def test_a_contract_that_says_too_little_is_refused_by_name(spoil: Callable[[Contract], None], problem: str) -> None:
    contract = Contract()
    spoil(contract)
    with pytest.raises(PolicyError) as refusal:
        read_policies(contract.image())
    assert problem in str(refusal.value)


def test_dates_in_order_are_accepted() -> None:
    contract = Contract()
    spoil_dates("2026-11-01", "2028-12-31")(contract)
    assert read_policies(contract.image())


def test_all_problems_are_told_at_once() -> None:
    contract = Contract()
    contract.drop_policy()
    spoil_dates("never", "")(contract)
    with pytest.raises(PolicyError) as refusal:
        read_policies(contract.image())
    assert len(str(refusal.value).splitlines()) == 2


def test_methods_of_other_packages_need_no_policy() -> None:
    contract = Contract()
    other = contract._files.file.add(name="other.proto", package="other", syntax="proto3")
    other.message_type.add(name="Empty")
    other.service.add(name="Other").method.add(name="Do", input_type=".other.Empty", output_type=".other.Empty")
    assert "/other.Other/Do" not in read_policies(contract.image())
