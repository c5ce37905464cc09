"""AuthService."""

import json

from google.api.httpbody_pb2 import HttpBody

from adapters.application import IdentityUseCases
from fluentpro.v2 import auth_service_pb2 as pb
from fluentpro.v2.auth_service_pb2_grpc import AuthServiceServicer
from server.call import identity_of
from server.caller import Context, device_of, user_of
from server.mapping.v2 import sessions, users
from server.servicers.v2.pages import Listing


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

    async def ListSessions(self, request: pb.ListSessionsRequest, context: Context) -> pb.ListSessionsResponse:
        """List where the caller is signed in."""
        caller = identity_of(context)
        listing = Listing.of(request, caller.user_id)
        page = await self._identity.list_sessions(caller.user_id, listing.request)
        return pb.ListSessionsResponse(
            sessions=(sessions.session(each, caller.session_id) for each in page.items),
            next_page_token=listing.next_token(page),
        )

    async def RevokeSession(self, request: pb.RevokeSessionRequest, context: Context) -> pb.RevokeSessionResponse:
        """End a session from any device."""
        await self._identity.revoke_session(user_of(context), request.session_id)
        return pb.RevokeSessionResponse()

    async def GetJwks(self, request: pb.GetJwksRequest, context: Context) -> pb.GetJwksResponse:
        """Publish the keys of access tokens."""
        keys = json.dumps(await self._identity.get_public_keys()).encode()
        return pb.GetJwksResponse(body=HttpBody(content_type="application/jwk-set+json", data=keys))
