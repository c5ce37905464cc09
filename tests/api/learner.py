"""A learner who uses the product, and one valid request for every RPC."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import uuid4

from api.contract import RPCS
from api.doors import GrpcDoor, Outcome
from google.protobuf.message import Message

PASSWORD = "harbour view at dawn"
SCENARIO = "early_check_in"
_SCENARIO_WANTED = {"role_id": "front_desk_reception", "partner_id": "customers", "situation_id": "phone_calls"}
JOB = {"job_title": "Receptionist", "job_description": "I look after the front desk and check guests in"}


def new_address() -> str:
    """Return an address that nobody has."""
    return f"{uuid4().hex}@example.com"


def sign_up(**changes: Any) -> Message:
    """Return a good sign-up, with changes."""
    good = {"email": new_address(), "password": PASSWORD, "full_name": "Aylin Demir", "accept_terms": True}
    return RPCS["AuthService/SignUp"].request(**good | changes)


@dataclass
class Staff:
    """Who calls what is for administrators alone, and what they find to do there."""

    token: str
    new_dead_letter: Callable[[], Awaitable[str]]


@dataclass
class Learner:
    """Somebody who is signed in. What a test takes for granted is done through `door`."""

    staff: ClassVar[Staff]
    """Of the product that all learners use."""

    door: GrpcDoor
    email: str
    user_id: str
    token: str
    refresh_token: str

    @classmethod
    async def new(cls, door: GrpcDoor) -> "Learner":
        """Sign somebody up."""
        answer = (await door.call("AuthService/SignUp", sign_up())).message
        tokens = answer.tokens
        return cls(door, answer.user.email, answer.user.id, tokens.access_token, tokens.refresh_token)

    def token_for(self, name: str) -> str:
        """Return the token to call an RPC with: the learner's own, or one of the staff's."""
        return self.staff.token if RPCS[name].is_for_admins else self.token

    async def log_in(self) -> Any:
        """Return the tokens of a new session."""
        request = RPCS["AuthService/LogIn"].request(email=self.email, password=PASSWORD)
        return (await self.door.call("AuthService/LogIn", request)).message.tokens

    async def call(self, name: str, **fields: Any) -> Outcome:
        """Call an RPC as this learner."""
        return await self.door.call(name, RPCS[name].request(**fields), self.token)

    async def answer(self, **fields: Any) -> Any:
        """Give every answer of onboarding, for the front desk of a hotel."""
        await self.call("OnboardingService/SetNativeLanguage", language_id="chinese_traditional")
        await self.call("OnboardingService/SetIndustry", industry_id="hotels_hospitality")
        await self.call("OnboardingService/SelectRole", role_id="front_desk_reception")
        await self.call("OnboardingService/SetCommunicationPartners", partner_ids=["customers"])
        await self.call("OnboardingService/SetSituations", partner_id="customers", situation_ids=["phone_calls"])

    async def converse(self) -> Any:
        """Start a conversation and return it."""
        return (await self.call("ConversationService/StartConversation", scenario_id=SCENARIO)).message.conversation

    async def say(self, conversation_id: str, text: str = "Good evening.", key: str = "") -> list[Any]:
        """Say something and return the whole reply."""
        return (await self.call("ConversationService/SendMessage", **message(conversation_id, text, key))).events

    async def follow(self, generation_id: str) -> list[Any]:
        """Return a whole reply, once it has ended."""
        return (await self.call("ConversationService/ResumeReply", generation_id=generation_id)).events

    async def generate(self, **fields: Any) -> Any:
        """Have scenarios made for somebody at the front desk, and return the job, which nobody works on."""
        asked = _SCENARIO_WANTED | fields
        return (await self.call("ScenarioService/GenerateScenarios", **asked)).message.job

    async def turns(self, conversation_id: str) -> list[Any]:
        """Return what was said."""
        return list((await self.call("ConversationService/ListTurns", conversation_id=conversation_id)).message.turns)

    async def reply(self) -> str:
        """Return the id of a reply that has ended."""
        conversation = await self.converse()
        return (await self.say(conversation.id))[0].generation_id


def message(conversation_id: str, text: str = "Good evening.", key: str = "") -> dict[str, str]:
    """Return the fields of a message under a new id, or under `key`."""
    return {"conversation_id": conversation_id, "client_message_id": key or uuid4().hex, "text": text}


async def _log_in(learner: Learner) -> dict[str, Any]:
    return {"email": learner.email, "password": PASSWORD}


async def _refresh(learner: Learner) -> dict[str, Any]:
    return {"refresh_token": (await learner.log_in()).refresh_token}


async def _sign_up(_learner: Learner) -> dict[str, Any]:
    return {"email": new_address(), "password": PASSWORD, "full_name": "Aylin Demir", "accept_terms": True}


async def _in_an_industry(learner: Learner, **fields: Any) -> dict[str, Any]:
    await learner.call("OnboardingService/SetIndustry", industry_id="hotels_hospitality")
    return fields


async def _situations(learner: Learner) -> dict[str, Any]:
    await learner.answer()
    return {"partner_id": "customers", "situation_ids": ["meetings"], "custom_situations": ["Lost luggage"]}


async def _complete(learner: Learner) -> dict[str, Any]:
    await learner.answer()
    return {}


async def _of_conversation(learner: Learner) -> dict[str, Any]:
    return {"conversation_id": (await learner.converse()).id}


async def _message(learner: Learner) -> dict[str, Any]:
    return message((await learner.converse()).id)


async def _of_ended_conversation(learner: Learner) -> dict[str, Any]:
    conversation = await _of_conversation(learner)
    await learner.call("ConversationService/EndConversation", **conversation)
    return conversation


async def _of_generation(learner: Learner) -> dict[str, Any]:
    return {"generation_id": await learner.reply()}


async def _to_regenerate(learner: Learner) -> dict[str, Any]:
    conversation = await learner.converse()
    await learner.say(conversation.id)
    return {"turn_id": (await learner.turns(conversation.id))[-1].id, "client_message_id": uuid4().hex}


async def _of_paused_conversation(learner: Learner) -> dict[str, Any]:
    conversation = await _of_conversation(learner)
    await learner.call("ConversationService/PauseConversation", **conversation)
    return conversation


async def _of_other_session(learner: Learner) -> dict[str, Any]:
    await learner.log_in()
    sessions = (await learner.call("AuthService/ListSessions")).message.sessions
    return {"session_id": next(each.id for each in sessions if not each.current)}


async def _of_job(learner: Learner) -> dict[str, Any]:
    return {"job_id": (await learner.generate()).id}


async def _of_ended_job(learner: Learner) -> dict[str, Any]:
    job = await _of_job(learner)
    await learner.call("JobService/CancelJob", **job)
    return job


async def _listing_jobs(learner: Learner) -> dict[str, Any]:
    await learner.generate()
    return {}


async def _stream_of(learner: Learner) -> dict[str, Any]:
    return {"stream_id": f"user-{learner.user_id}"}


async def _own_events(learner: Learner) -> dict[str, Any]:
    return {"user_id": learner.user_id, "page_size": 3}


async def _of_dead_letter(learner: Learner) -> dict[str, Any]:
    return {"dead_letter_id": await learner.staff.new_dead_letter()}


def _just(**fields: Any) -> Callable[[Learner], Awaitable[dict[str, Any]]]:
    async def give(_learner: Learner) -> dict[str, Any]:
        return fields

    return give


_EXAMPLES: dict[str, Callable[[Learner], Awaitable[dict[str, Any]]]] = {
    "AuthService/SignUp": _sign_up,
    "AuthService/LogIn": _log_in,
    "AuthService/RefreshTokens": _refresh,
    "AuthService/LogOut": _refresh,
    "AuthService/ListSessions": _just(page_size=2),
    "AuthService/RevokeSession": _of_other_session,
    "AuthService/GetJwks": _just(),
    "UserService/GetMe": _just(),
    "UserService/ExportMe": _just(),
    "UserService/UpdateMe": _just(user={"full_name": "陳大文 🙂"}, update_mask={"paths": ["full_name"]}),
    "UserService/DeleteMe": _just(),
    "CatalogService/ListLanguages": _just(page_size=2),
    "CatalogService/ListIndustries": _just(),
    "CatalogService/ListRoles": _just(industry_id="real_estate", page_size=3),
    "CatalogService/ListCommunicationPartners": _just(),
    "CatalogService/ListSituations": _just(),
    "OnboardingService/GetOnboarding": _just(),
    "OnboardingService/SetNativeLanguage": _just(language_id="english"),
    "OnboardingService/SetIndustry": _just(industry_id="banking_finance"),
    "OnboardingService/MatchRoles": lambda learner: _in_an_industry(learner, **JOB),
    "OnboardingService/SelectRole": lambda learner: _in_an_industry(learner, role_id="concierge"),
    "OnboardingService/CreateCustomRole": lambda learner: _in_an_industry(
        learner, title="Night porter", description="I keep the house at night.", level="ROLE_LEVEL_ASSOCIATE"
    ),
    "OnboardingService/SetCommunicationPartners": _just(partner_ids=["clients"], custom_partners=["Bell boys"]),
    "OnboardingService/SetSituations": _situations,
    "OnboardingService/GetSummary": _just(),
    "OnboardingService/CompleteOnboarding": _complete,
    "OnboardingService/ResetOnboarding": _just(),
    "ScenarioService/GetScenario": _just(scenario_id=SCENARIO),
    "ScenarioService/ListScenarios": _just(page_size=2),
    "ScenarioService/GenerateScenarios": _just(**_SCENARIO_WANTED, level="A2", count=2),
    "ScenarioService/ListRecommendations": _just(page_size=2),
    "JobService/GetJob": _of_job,
    "JobService/ListJobs": _listing_jobs,
    "JobService/WatchJob": _of_ended_job,
    "JobService/CancelJob": _of_job,
    "ConversationService/StartConversation": _just(scenario_id=SCENARIO),
    "ConversationService/GetConversation": _of_conversation,
    "ConversationService/ListConversations": _just(),
    "ConversationService/ListTurns": _of_conversation,
    "ConversationService/SendMessage": _message,
    "ConversationService/RegenerateReply": _to_regenerate,
    "ConversationService/WatchConversation": _of_ended_conversation,
    "ConversationService/ResumeReply": _of_generation,
    "ConversationService/CancelReply": _of_generation,
    "ConversationService/PauseConversation": _of_conversation,
    "ConversationService/ResumeConversation": _of_paused_conversation,
    "ConversationService/EndConversation": _of_conversation,
    "AuditService/ListEvents": _own_events,
    "AuditService/VerifyEvents": _stream_of,
    "AuditService/ListDeadLetters": _just(page_size=3),
    "AuditService/RetryDeadLetter": _of_dead_letter,
    "AuditService/DiscardDeadLetter": _of_dead_letter,
    "AuditService/InspectConversation": _of_conversation,
}


ENDS_ITS_CALLER = frozenset({"UserService/DeleteMe"})
"""What nobody can do twice, nor anything else after it."""


async def example(name: str, learner: Learner) -> Message:
    """Return a request of `learner` that succeeds, once. Raises KeyError for an RPC that nobody wrote one for."""
    return RPCS[name].request(**await _EXAMPLES[name](learner))


def changed(request: Any, path: str, value: Any) -> Any:
    """Return a request with another value at `path`, such as `user.full_name`; one more value of a repeated field."""
    copy = type(request)()
    copy.CopyFrom(request)
    *parents, name = path.split(".")
    inner = copy
    for parent in parents:
        inner = getattr(inner, parent)
    if inner.DESCRIPTOR.fields_by_name[name].is_repeated:
        getattr(inner, name).append(value)
    else:
        setattr(inner, name, value)
    return copy
