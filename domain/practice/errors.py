"""Why a role-play call is refused."""

from uuid import UUID

from domain.shared.errors import DomainError, ErrorKind


class ScenarioNotFound(DomainError):
    """There is no such scenario, or it is another learner's."""

    kind = ErrorKind.NOT_FOUND
    reason = "SCENARIO_NOT_FOUND"

    def __init__(self, scenario_id: str) -> None:
        super().__init__("There is no such scenario.", metadata={"scenario_id": scenario_id})


class ConversationNotFound(DomainError):
    """There is no such conversation, or it is another learner's."""

    kind = ErrorKind.NOT_FOUND
    reason = "CONVERSATION_NOT_FOUND"

    def __init__(self, conversation_id: str) -> None:
        super().__init__("There is no such conversation.", metadata={"conversation_id": conversation_id})


class GenerationNotFound(DomainError):
    """There is no such generation, or it is another learner's."""

    kind = ErrorKind.NOT_FOUND
    reason = "GENERATION_NOT_FOUND"

    def __init__(self, generation_id: str) -> None:
        super().__init__("There is no such generation.", metadata={"generation_id": generation_id})


class TokenBudgetExhausted(DomainError):
    """The learner has too few tokens left of this day. `retry_after` is when the next one begins."""

    kind = ErrorKind.RESOURCE_EXHAUSTED
    reason = "TOKEN_BUDGET_EXHAUSTED"

    def __init__(self, limit: int, retry_after: float) -> None:
        message = "The tokens of this day are used up."
        super().__init__(message, metadata={"limit": str(limit)}, retry_after=retry_after)


class ConversationEnded(DomainError):
    """The conversation takes no more messages."""

    kind = ErrorKind.FAILED_PRECONDITION
    reason = "CONVERSATION_ENDED"

    def __init__(self, conversation_id: UUID) -> None:
        super().__init__("The conversation has ended.", metadata={"conversation_id": str(conversation_id)})


class ConversationIsPaused(DomainError):
    """The conversation takes no messages until it is resumed."""

    kind = ErrorKind.FAILED_PRECONDITION
    reason = "CONVERSATION_PAUSED"

    def __init__(self, conversation_id: UUID) -> None:
        super().__init__("The conversation is paused.", metadata={"conversation_id": str(conversation_id)})


class TurnNotFound(DomainError):
    """There is no such turn, or it is another learner's."""

    kind = ErrorKind.NOT_FOUND
    reason = "TURN_NOT_FOUND"

    def __init__(self, turn_id: str) -> None:
        super().__init__("There is no such turn.", metadata={"turn_id": turn_id})


class TurnNotNewest(DomainError):
    """The turn is neither the learner's newest nor a reply to that one."""

    kind = ErrorKind.FAILED_PRECONDITION
    reason = "TURN_NOT_NEWEST"

    def __init__(self, turn_id: UUID) -> None:
        message = "Only the reply to the newest message can be made anew."
        super().__init__(message, metadata={"turn_id": str(turn_id)})


class GenerationInProgress(DomainError):
    """The partner is still replying to the message before."""

    kind = ErrorKind.FAILED_PRECONDITION
    reason = "GENERATION_IN_PROGRESS"

    def __init__(self, generation_id: UUID) -> None:
        super().__init__("The partner is still replying.", metadata={"generation_id": str(generation_id)})
        self.generation_id = generation_id


class ClientMessageIdReused(DomainError):
    """The client's id of the message or wish belongs to another one."""

    kind = ErrorKind.INVALID_ARGUMENT
    reason = "CLIENT_MESSAGE_ID_REUSED"

    def __init__(self, client_message_id: str) -> None:
        message = "This client_message_id was used for something else."
        super().__init__(message, metadata={"client_message_id": client_message_id})


class TooManyStreams(DomainError):
    """The user has as many streams open as they may."""

    kind = ErrorKind.RESOURCE_EXHAUSTED
    reason = "TOO_MANY_STREAMS"

    def __init__(self, limit: int) -> None:
        super().__init__(f"At most {limit} streams may be open at once.", metadata={"limit": str(limit)})


class CursorUnknown(DomainError):
    """The cursor was never sent for this reply, or this conversation."""

    kind = ErrorKind.INVALID_ARGUMENT
    reason = "CURSOR_UNKNOWN"

    def __init__(self, of: str = "reply") -> None:
        super().__init__(f"The cursor is not one that this {of} gave.")
