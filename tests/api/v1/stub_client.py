"""A client of v1 over gRPC, by the stubs that its consumers generate."""

from typing import Any

from api.learner import new_address
from api.v1.first_client import Step, filled
from google.protobuf.json_format import ParseDict
from google.protobuf.message_factory import GetMessageClass

from fluentpro.v1 import (
    auth_service_pb2,
    auth_service_pb2_grpc,
    onboarding_service_pb2,
    onboarding_service_pb2_grpc,
    role_service_pb2,
    role_service_pb2_grpc,
    user_service_pb2,
    user_service_pb2_grpc,
)

STUBS = {
    "AuthService": (auth_service_pb2, auth_service_pb2_grpc.AuthServiceStub),
    "UserService": (user_service_pb2, user_service_pb2_grpc.UserServiceStub),
    "RoleService": (role_service_pb2, role_service_pb2_grpc.RoleServiceStub),
    "OnboardingService": (onboarding_service_pb2, onboarding_service_pb2_grpc.OnboardingServiceStub),
}


class StubClient:
    """Makes the same requests by the stubs, and remembers the tokens that it is given."""

    def __init__(self, channel: Any) -> None:
        self._channel = channel
        self.email = new_address()
        self.token = ""
        self.refresh_token = ""

    async def make(self, step: Step) -> Any:
        """Make a request and return the answer's message."""
        service, _, name = step.method.partition("/")
        module, stub = STUBS[service]
        method = module.DESCRIPTOR.services_by_name[service].methods_by_name[name]
        body = filled(step.body or {}, self.email, self.refresh_token)
        fields = {"profile": body} if name == "UpdateProfile" else body | step.partner
        request = ParseDict(fields, GetMessageClass(method.input_type)())
        metadata = [("authorization", f"Bearer {self.token}")] if step.signed_in else []
        answer = await getattr(stub(self._channel), name)(request, metadata=metadata, timeout=20)
        self.token = getattr(answer, "access_token", self.token)
        self.refresh_token = getattr(answer, "refresh_token", self.refresh_token)
        return answer
