"""Accounts and their tokens."""

from domain.identity import model
from domain.identity.log_in import LogIn
from domain.identity.sign_up import SignUp
from domain.shared.checks import Checks
from fluentpro.v1 import auth_service_pb2 as pb, user_pb2
from server.mapping.v2.times import timestamp

_TOKEN_TYPE = "Bearer"  # noqa: S105 - a scheme, no secret


def user(value: model.User) -> user_pb2.User:
    """Map an account."""
    return user_pb2.User(
        id=str(value.id),
        user_name=value.full_name,
        user_email=value.email,
        date_of_birth=value.date_of_birth.isoformat() if value.date_of_birth else None,
        created=timestamp(value.created_at),
        modified=timestamp(value.updated_at),
    )


def signed_up(value: model.User, tokens: model.Tokens) -> pb.SignUpResponse:
    """Map a new account and the tokens of its first session."""
    return pb.SignUpResponse(
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token,
        token_type=_TOKEN_TYPE,
        expires_in=tokens.expires_in,
        user=user(value),
    )


def logged_in(value: model.User, tokens: model.Tokens) -> pb.LogInResponse:
    """Map an account and the tokens of its new session."""
    return pb.LogInResponse(
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token,
        token_type=_TOKEN_TYPE,
        expires_in=tokens.expires_in,
        user=user(value),
    )


def refreshed(tokens: model.Tokens) -> pb.RefreshResponse:
    """Map the next tokens of a session."""
    return pb.RefreshResponse(
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token,
        token_type=_TOKEN_TYPE,
        expires_in=tokens.expires_in,
    )


def sign_up(request: pb.SignUpRequest, device: str) -> SignUp:
    """Map a sign-up, which accepts the terms; `device` is what the client calls itself."""
    return SignUp(
        email=request.user_email or request.email,
        password=request.password,
        full_name=request.user_name or request.full_name,
        accept_terms=True,
        date_of_birth=request.date_of_birth if request.HasField("date_of_birth") else None,
        device=device,
    )


def log_in(request: pb.LogInRequest, device: str) -> LogIn:
    """Map a log-in; `device` is what the client calls itself."""
    return LogIn(email=request.user_email or request.email, password=request.password, device=device)


def check_log_in(request: pb.LogInRequest) -> None:
    """Look for the address, which is not marked as REQUIRED since it has two names. Raises InvalidRequest."""
    with Checks() as check:
        if not (request.user_email or request.email):
            check.refuse("user_email", "REQUIRED", "A value is required.")
