"""Accounts and their tokens."""

from domain.identity import model
from domain.identity.log_in import LogIn
from domain.identity.profile import ProfileUpdate
from domain.identity.sign_up import SignUp
from fluentpro.v2 import auth_service_pb2, tokens_pb2, user_pb2, user_service_pb2
from server.mapping.v2.times import timestamp


def user(value: model.User) -> user_pb2.User:
    """Map an account."""
    return user_pb2.User(
        id=str(value.id),
        email=value.email,
        full_name=value.full_name,
        date_of_birth=value.date_of_birth.isoformat() if value.date_of_birth else None,
        email_verified=value.email_verified,
        created_at=timestamp(value.created_at),
        updated_at=timestamp(value.updated_at),
        etag=value.etag,
    )


def tokens(value: model.Tokens) -> tokens_pb2.Tokens:
    """Map the tokens of a session."""
    return tokens_pb2.Tokens(
        access_token=value.access_token,
        refresh_token=value.refresh_token,
        token_type="Bearer",  # noqa: S106 - a scheme, no secret
        expires_in=value.expires_in,
    )


def sign_up(request: auth_service_pb2.SignUpRequest, device: str) -> SignUp:
    """Map a sign-up; `device` is what the client calls itself."""
    return SignUp(
        email=request.email,
        password=request.password,
        full_name=request.full_name,
        accept_terms=request.accept_terms,
        date_of_birth=request.date_of_birth if request.HasField("date_of_birth") else None,
        device=device,
    )


def log_in(request: auth_service_pb2.LogInRequest, device: str) -> LogIn:
    """Map a log-in; `device` is what the client calls itself."""
    return LogIn(email=request.email, password=request.password, device=device)


def profile_update(request: user_service_pb2.UpdateMeRequest) -> ProfileUpdate:
    """Map a change of the profile. Without a mask it is the fields that `user` sets."""
    account = request.user
    mask = tuple(request.update_mask.paths)
    if not request.HasField("update_mask"):
        mask = tuple(field.name for field, _ in account.ListFields() if field.name in ("full_name", "date_of_birth"))
    return ProfileUpdate(
        mask=mask,
        full_name=account.full_name,
        date_of_birth=account.date_of_birth if account.HasField("date_of_birth") else None,
        etag=request.etag,
    )
