"""Every servicer of `fluentpro.v1` on a server."""

import grpc.aio

from adapters.wiring import Application
from fluentpro.v1.auth_service_pb2_grpc import add_AuthServiceServicer_to_server
from fluentpro.v1.onboarding_service_pb2_grpc import add_OnboardingServiceServicer_to_server
from fluentpro.v1.role_service_pb2_grpc import add_RoleServiceServicer_to_server
from fluentpro.v1.user_service_pb2_grpc import add_UserServiceServicer_to_server
from server.servicers.v1.auth import AuthServicer
from server.servicers.v1.onboarding import OnboardingServicer
from server.servicers.v1.roles import RoleServicer
from server.servicers.v1.users import UserServicer


def register_v1(application: Application, server: grpc.aio.Server) -> None:
    """Put the services of v1 on `server`."""
    identity, catalog, onboarding = application.identity, application.catalog, application.onboarding
    add_AuthServiceServicer_to_server(AuthServicer(identity), server)
    add_UserServiceServicer_to_server(UserServicer(identity, catalog, onboarding), server)
    add_RoleServiceServicer_to_server(RoleServicer(onboarding, catalog), server)
    add_OnboardingServiceServicer_to_server(OnboardingServicer(identity, catalog, onboarding), server)
