"""AuthService."""

import json

from google.api.httpbody_pb2 import HttpBody

from adapters.application import IdentityUseCases
from fluentpro.v2 import auth_service_pb2 as pb
from fluentpro.v2.auth_service_pb2_grpc import AuthServiceServicer
from server.caller import Context, device_of
from server.mapping.v2 import users


class AuthServicer(AuthServiceServicer):
    """Accounts, sessions and their tokens."""

    def __init__(self, identity: IdentityUseCases) -> None:
        self._identity = identity

    async def SignUp(self, request: pb.SignUpRequest, context: Context) -> pb.SignUpResponse:
        """Make an account and sign it in."""
        user, tokens = await self._identity.register_user(users.sign_up(request, device_of(context)))
        return pb.SignUpResponse(user=users.user(user), tokens=users.tokens(tokens))

    async def LogIn(self, request: pb.LogInRequest, context: Context) -> pb.LogInResponse:
        """Open a session."""
        user, tokens = await self._identity.authenticate_user(users.log_in(request, device_of(context)))
        return pb.LogInResponse(user=users.user(user), tokens=users.tokens(tokens))

    async def RefreshTokens(self, request: pb.RefreshTokensRequest, context: Context) -> pb.RefreshTokensResponse:
        """Give the next tokens."""
        tokens = await self._identity.refresh_tokens(request.refresh_token)
        return pb.RefreshTokensResponse(tokens=users.tokens(tokens))

    async def LogOut(self, request: pb.LogOutRequest, context: Context) -> pb.LogOutResponse:
        """End a session."""
        await self._identity.log_out(request.refresh_token)
        return pb.LogOutResponse()

    async def GetJwks(self, request: pb.GetJwksRequest, context: Context) -> pb.GetJwksResponse:
        """Publish the keys of access tokens."""
        keys = json.dumps(await self._identity.get_public_keys()).encode()
        return pb.GetJwksResponse(body=HttpBody(content_type="application/jwk-set+json", data=keys))
