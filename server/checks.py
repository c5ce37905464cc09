"""The checks that the chain runs on a request that lacks a required field, so that all that is wrong is told at once.

Only methods whose fields have rules beyond being there need one. A check writes nothing.
"""

from collections.abc import Mapping

from google.protobuf.message import Message

from adapters.application import IdentityUseCases
from domain.onboarding.choose_role import check_job, check_new_role
from domain.practice.messages import Message as LearnerMessage, check_message
from fluentpro.v1 import auth_service_pb2 as v1_auth, role_service_pb2 as v1_roles
from fluentpro.v2.auth_service_pb2 import SignUpRequest
from fluentpro.v2.conversation_service_pb2 import SendMessageRequest
from fluentpro.v2.onboarding_service_pb2 import CreateCustomRoleRequest, MatchRolesRequest
from server.interceptors.required import Check
from server.mapping.v1 import accounts
from server.mapping.v1.violations import ACCOUNT, NEW_ROLE, old_names
from server.mapping.v2 import catalog, users


def request_checks(identity: IdentityUseCases) -> Mapping[type[Message], Check]:
    """Return the check of each request type that has one."""
    return _v1_checks(identity) | {
        SignUpRequest: lambda request: identity.register_user.check(users.sign_up(request, device="")),
        MatchRolesRequest: lambda request: check_job(request.job_title, request.job_description),
        CreateCustomRoleRequest: lambda request: check_new_role(
            request.title, request.description, catalog.role_level(request.level)
        ),
        SendMessageRequest: lambda request: check_message(
            LearnerMessage(request.conversation_id, request.client_message_id, request.text)
        ),
    }


def _v1_checks(identity: IdentityUseCases) -> dict[type[Message], Check]:
    return {
        v1_auth.SignUpRequest: old_names(ACCOUNT)(
            lambda request: identity.register_user.check(accounts.sign_up(request, device=""))
        ),
        v1_auth.LogInRequest: accounts.check_log_in,
        v1_roles.MatchJobRequest: lambda request: check_job(request.job_title, request.job_description),
        v1_roles.CreateRoleRequest: old_names(NEW_ROLE)(
            lambda request: check_new_role(request.job_title, request.job_description, request.hierarchy_level)
        ),
    }
