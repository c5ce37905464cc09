"""What a process serves: our servicers within the chain, and the gateway on top of them."""

import time
from collections.abc import Callable, Mapping
from functools import partial

import grpc.aio
from google.protobuf import descriptor_pool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from prometheus_client import CollectorRegistry

from adapters.settings import Settings
from adapters.sql.readiness import check_catalogue, check_database
from adapters.telemetry.logs import AccessLog
from adapters.telemetry.metrics import GrpcServerMetrics
from adapters.wiring import Application
from fluentpro.v2.audit_service_pb2_grpc import add_AuditServiceServicer_to_server
from fluentpro.v2.auth_service_pb2_grpc import add_AuthServiceServicer_to_server
from fluentpro.v2.catalog_service_pb2_grpc import add_CatalogServiceServicer_to_server
from fluentpro.v2.conversation_service_pb2_grpc import add_ConversationServiceServicer_to_server
from fluentpro.v2.job_service_pb2_grpc import add_JobServiceServicer_to_server
from fluentpro.v2.onboarding_service_pb2_grpc import add_OnboardingServiceServicer_to_server
from fluentpro.v2.scenario_service_pb2_grpc import add_ScenarioServiceServicer_to_server
from fluentpro.v2.user_service_pb2_grpc import add_UserServiceServicer_to_server
from gateway.app import Gateway
from gateway.docs.page import docs_pages
from gateway.image import Image
from gateway.openapi.documents import Documents
from gateway.openapi.pages import openapi_pages
from gateway.options import GatewayOptions
from server.asgi import AsgiApp
from server.chain import Chain, DeadlineCaps, Interceptor
from server.checks import request_checks
from server.docs_intro import INTRO
from server.feed.serving import asyncapi_pages
from server.guide_pages import guide_pages
from server.hosting import Service
from server.image import our_image
from server.interceptors.access_log import AccessLogs
from server.interceptors.authentication import Authentication
from server.interceptors.deprecation import Deprecations, deprecations_of
from server.interceptors.idempotency import Idempotency
from server.interceptors.metrics import Metrics
from server.interceptors.origin import Origins
from server.interceptors.request_id import RequestIds
from server.interceptors.required import Required
from server.live_streams import Lifetimes, LiveStreams
from server.openapi_wording import WORDING
from server.policies import MethodPolicy, read_policies
from server.practice_page import practice_pages
from server.readiness import Readiness
from server.required_fields import RequiredFields
from server.servicers.v1.registration import register_v1
from server.servicers.v2.audit import AuditServicer
from server.servicers.v2.auth import AuthServicer
from server.servicers.v2.catalog import CatalogServicer
from server.servicers.v2.conversations import ConversationServicer
from server.servicers.v2.jobs import JobServicer
from server.servicers.v2.onboarding import OnboardingServicer
from server.servicers.v2.scenarios import ScenarioServicer
from server.servicers.v2.users import UserServicer
from server.sunset import with_sunsets

LIVE_METHODS = (
    "/fluentpro.v2.ConversationService/WatchConversation",
    "/fluentpro.v2.ConversationService/Converse",
)
"""Those that stay open for FLUENTPRO_STREAM_LIFETIME_SECONDS."""
_CLOSING_SECONDS = 30.0


def build_service(
    application: Application, settings: Settings, access_log: AccessLog, now: Callable[[], float] = time.time
) -> Service:
    """Put the doors on an application; `now` gives the seconds since the epoch.

    Raises PolicyError for a contract that says too little, and SettingsError for a sunset that it does not allow.
    """
    registry = CollectorRegistry()
    registry.register(application.api_use)
    image = with_sunsets(our_image(), settings.sunset)
    interceptors = _interceptors(application, image, registry, access_log, now)
    streams = LiveStreams(
        application.streams,
        application.identity.find_ended_sessions,
        Lifetimes(settings.stream_lifetime_seconds, settings.stream_idle_seconds),
    )
    application.sessions.listen(streams.end_session)
    options = GatewayOptions(
        cors_origins=settings.cors_origins, max_timeout_seconds=settings.stream_deadline_seconds, clock=now
    )
    return Service(
        chain=Chain(interceptors, _deadline_caps(settings)),
        register=partial(_register, application, streams),
        gateway=lambda upstream: Gateway(image, upstream, options),
        readiness=Readiness(
            {
                "database": partial(check_database, application.connections),
                "catalogue": partial(check_catalogue, application.connections),
                "log": application.log.ping,
            },
            dispensable={"log"},
        ),
        registry=registry,
        pages=partial(_pages, image, settings),
        end_live=streams.stop,
    )


def _deadline_caps(settings: Settings) -> DeadlineCaps:
    """Return them; streams that end by themselves, when their lifetime is over, get a little longer than that."""
    own = dict.fromkeys(LIVE_METHODS, settings.stream_lifetime_seconds + _CLOSING_SECONDS)
    return DeadlineCaps(settings.max_deadline_seconds, settings.stream_deadline_seconds, own)


def _pages(image: Image, settings: Settings, gateway: Gateway) -> dict[str, AsgiApp]:
    documents = Documents(image, gateway.routes, WORDING)
    practice = practice_pages() if settings.page else {}
    return openapi_pages(documents) | docs_pages(documents, INTRO) | guide_pages() | asyncapi_pages() | practice


def _interceptors(
    application: Application,
    image: Image,
    registry: CollectorRegistry,
    access_log: AccessLog,
    now: Callable[[], float],
) -> tuple[Interceptor, ...]:
    """Return them in the order in which they begin; they end in reverse."""
    policies = read_policies(image)
    return (
        RequestIds(),
        Metrics(GrpcServerMetrics(registry), policies.values()),
        AccessLogs(access_log),
        Deprecations(deprecations_of(image), application.api_use, now),
        Authentication(policies, application.tokens.identify, application.tokens.known),
        Origins(),
        Required(RequiredFields(image), request_checks(application.identity)),
        Idempotency(application.answers, _answer_types(policies)),
    )


def _answer_types(policies: Mapping[str, MethodPolicy]) -> dict[str, type[Message]]:
    """Return the generated class of what each idempotent method answers with."""
    pool = descriptor_pool.Default()  # the generated modules have put themselves there
    return {
        policy.name: GetMessageClass(pool.FindMessageTypeByName(policy.answer))
        for policy in policies.values()
        if policy.idempotent
    }


def _register(application: Application, streams: LiveStreams, server: grpc.aio.Server) -> None:
    register_v1(application, server)
    add_AuthServiceServicer_to_server(AuthServicer(application.identity), server)
    add_UserServiceServicer_to_server(UserServicer(application.identity), server)
    add_CatalogServiceServicer_to_server(CatalogServicer(application.catalog), server)
    add_OnboardingServiceServicer_to_server(OnboardingServicer(application.onboarding), server)
    add_ScenarioServiceServicer_to_server(ScenarioServicer(application.practice), server)
    add_ConversationServiceServicer_to_server(ConversationServicer(application.practice, streams), server)
    add_JobServiceServicer_to_server(JobServicer(application.jobs), server)
    add_AuditServiceServicer_to_server(AuditServicer(application.audit), server)
