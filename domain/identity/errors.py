"""What the identity area refuses."""

from uuid import UUID

from domain.shared.errors import DomainError, ErrorKind


class EmailTaken(DomainError):
    """An account with this address exists, in whatever spelling."""

    kind = ErrorKind.ALREADY_EXISTS
    reason = "EMAIL_TAKEN"

    def __init__(self) -> None:
        super().__init__("An account with this e-mail address exists.")


class InvalidCredentials(DomainError):
    """Address or password is wrong; which of them is not said."""

    kind = ErrorKind.UNAUTHENTICATED
    reason = "INVALID_CREDENTIALS"

    def __init__(self) -> None:
        super().__init__("The e-mail address or the password is wrong.")


class RefreshTokenInvalid(DomainError):
    """The refresh token is unknown, expired, or of a session that has ended."""

    kind = ErrorKind.UNAUTHENTICATED
    reason = "REFRESH_TOKEN_INVALID"

    def __init__(self) -> None:
        super().__init__("The refresh token opens no session. Log in again.")


class RefreshTokenReused(DomainError):
    """The refresh token had been used before, so that one of its two holders is a thief: the session has ended."""

    kind = ErrorKind.UNAUTHENTICATED
    reason = "REFRESH_TOKEN_REUSED"

    def __init__(self) -> None:
        super().__init__("The refresh token had been used before; its session has been ended. Log in again.")


class SessionNotFound(DomainError):
    """The caller has no such session that is open."""

    kind = ErrorKind.NOT_FOUND
    reason = "SESSION_NOT_FOUND"

    def __init__(self, session_id: str) -> None:
        super().__init__("The session does not exist.", metadata={"session_id": session_id})


class UserNotFound(DomainError):
    """There is no such account any more."""

    kind = ErrorKind.NOT_FOUND
    reason = "USER_NOT_FOUND"

    def __init__(self, user_id: UUID) -> None:
        super().__init__("The account does not exist.", metadata={"user_id": str(user_id)})


class AddressUnknown(DomainError):
    """No account has this address. Only operators are told so."""

    kind = ErrorKind.NOT_FOUND
    reason = "USER_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("No account has this e-mail address.")


class TokenMissing(DomainError):
    """A call that needs an access token came without one."""

    kind = ErrorKind.UNAUTHENTICATED
    reason = "TOKEN_MISSING"

    def __init__(self) -> None:
        super().__init__("An access token is required: authorization: Bearer <access_token>.")


class TokenInvalid(DomainError):
    """The access token is not one of ours, was tampered with, or its session has ended."""

    kind = ErrorKind.UNAUTHENTICATED
    reason = "TOKEN_INVALID"

    def __init__(self) -> None:
        super().__init__("The access token is not valid.")


class TokenExpired(DomainError):
    """The access token was good and has expired."""

    kind = ErrorKind.UNAUTHENTICATED
    reason = "TOKEN_EXPIRED"

    def __init__(self) -> None:
        super().__init__("The access token has expired. Refresh it.")
