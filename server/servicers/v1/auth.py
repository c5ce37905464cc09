"""AuthService."""

from adapters.application import IdentityUseCases
from fluentpro.v1 import auth_service_pb2 as pb
from fluentpro.v1.auth_service_pb2_grpc import AuthServiceServicer
from server.caller import Context, device_of
from server.mapping.v1 import accounts
from server.mapping.v1.violations import ACCOUNT, old_names


class AuthServicer(AuthServiceServicer):
    """Accounts, sessions and their tokens."""

    def __init__(self, identity: IdentityUseCases) -> None:
        self._identity = identity

    async def SignUp(self, request: pb.SignUpRequest, context: Context) -> pb.SignUpResponse:
        """Make an account and sign it in."""
        with old_names(ACCOUNT):
            user, tokens = await self._identity.register_user(accounts.sign_up(request, device_of(context)))
        return accounts.signed_up(user, tokens)

    async def LogIn(self, request: pb.LogInRequest, context: Context) -> pb.LogInResponse:
        """Open a session."""
        with old_names(ACCOUNT):
            user, tokens = await self._identity.authenticate_user(accounts.log_in(request, device_of(context)))
        return accounts.logged_in(user, tokens)

    async def Refresh(self, request: pb.RefreshRequest, context: Context) -> pb.RefreshResponse:
        """Give the next tokens."""
        return accounts.refreshed(await self._identity.refresh_tokens(request.refresh_token))

    async def LogOut(self, request: pb.LogOutRequest, context: Context) -> pb.LogOutResponse:
        """End a session."""
        await self._identity.log_out(request.refresh_token)
        return pb.LogOutResponse()
