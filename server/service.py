"""What a process serves: our servicers within the chain, and the gateway on top of them."""

from functools import partial

import grpc.aio
from prometheus_client import CollectorRegistry

from adapters.settings import Settings
from adapters.sql.readiness import check_catalogue, check_database
from adapters.telemetry.logs import AccessLog
from adapters.telemetry.metrics import GrpcServerMetrics
from adapters.wiring import Application
from fluentpro.v2.auth_service_pb2_grpc import add_AuthServiceServicer_to_server
from fluentpro.v2.catalog_service_pb2_grpc import add_CatalogServiceServicer_to_server
from fluentpro.v2.conversation_service_pb2_grpc import add_ConversationServiceServicer_to_server
from fluentpro.v2.onboarding_service_pb2_grpc import add_OnboardingServiceServicer_to_server
from fluentpro.v2.scenario_service_pb2_grpc import add_ScenarioServiceServicer_to_server
from fluentpro.v2.user_service_pb2_grpc import add_UserServiceServicer_to_server
from gateway.app import Gateway
from gateway.docs.page import docs_pages
from gateway.openapi.documents import Documents
from gateway.openapi.pages import openapi_pages
from gateway.options import GatewayOptions
from server.asgi import AsgiApp
from server.chain import Chain, DeadlineCaps
from server.checks import request_checks
from server.docs_intro import INTRO
from server.hosting import Service
from server.image import our_image
from server.interceptors.access_log import AccessLogs
from server.interceptors.authentication import Authentication
from server.interceptors.metrics import Metrics
from server.interceptors.origin import Origins
from server.interceptors.request_id import RequestIds
from server.interceptors.required import Required
from server.openapi_wording import WORDING
from server.policies import read_policies
from server.readiness import Readiness
from server.required_fields import RequiredFields
from server.servicers.v2.auth import AuthServicer
from server.servicers.v2.catalog import CatalogServicer
from server.servicers.v2.conversations import ConversationServicer
from server.servicers.v2.onboarding import OnboardingServicer
from server.servicers.v2.scenarios import ScenarioServicer
from server.servicers.v2.users import UserServicer


def build_service(application: Application, settings: Settings, access_log: AccessLog) -> Service:
    """Put the doors on an application. Raises PolicyError for a contract that says too little."""
    registry = CollectorRegistry()
    return Service(
        chain=_chain(application, settings, registry, access_log),
        register=partial(_register, application),
        gateway=lambda upstream: Gateway(our_image(), upstream, _gateway_options(settings)),
        readiness=Readiness(
            {
                "database": partial(check_database, application.connections),
                "catalogue": partial(check_catalogue, application.connections),
                "log": application.log.ping,
            }
        ),
        registry=registry,
        pages=_pages,
    )


def _pages(gateway: Gateway) -> dict[str, AsgiApp]:
    documents = Documents(our_image(), gateway.routes, WORDING)
    return openapi_pages(documents) | docs_pages(documents, INTRO)


def _gateway_options(settings: Settings) -> GatewayOptions:
    return GatewayOptions(cors_origins=settings.cors_origins, max_timeout_seconds=settings.stream_deadline_seconds)


def _chain(application: Application, settings: Settings, registry: CollectorRegistry, access_log: AccessLog) -> Chain:
    """Return the interceptors in the order in which they begin; they end in reverse."""
    image = our_image()
    policies = read_policies(image)
    interceptors = (
        RequestIds(),
        Metrics(GrpcServerMetrics(registry), policies.values()),
        AccessLogs(access_log),
        Authentication(policies, application.tokens.identify, application.tokens.known),
        Origins(),
        Required(RequiredFields(image), request_checks(application.identity)),
    )
    return Chain(interceptors, DeadlineCaps(settings.max_deadline_seconds, settings.stream_deadline_seconds))


def _register(application: Application, server: grpc.aio.Server) -> None:
    add_AuthServiceServicer_to_server(AuthServicer(application.identity), server)
    add_UserServiceServicer_to_server(UserServicer(application.identity), server)
    add_CatalogServiceServicer_to_server(CatalogServicer(application.catalog), server)
    add_OnboardingServiceServicer_to_server(OnboardingServicer(application.onboarding), server)
    add_ScenarioServiceServicer_to_server(ScenarioServicer(application.practice), server)
    add_ConversationServiceServicer_to_server(ConversationServicer(application.practice), server)
