"""Who is calling, and whether they may."""

from collections.abc import Awaitable, Callable, Mapping

from domain.identity.errors import TokenInvalid, TokenMissing
from domain.identity.model import Identity
from domain.shared.errors import DomainError, ErrorKind
from server.call import Call
from server.chain import Interceptor
from server.policies import Access, MethodPolicy

# The role that each kind of access asks of an identity. Being signed in is enough for AUTHENTICATED.
_ROLES = {Access.ADMIN: "admin", Access.INTERNAL: "internal"}


class AccessDenied(DomainError):
    """The caller is known and may not call this."""

    kind = ErrorKind.PERMISSION_DENIED
    reason = "ACCESS_DENIED"

    def __init__(self, method: str) -> None:
        super().__init__("You may not call this method.", metadata={"method": method})


class Authentication(Interceptor):
    """Sets `call.identity` from the bearer token, and refuses those whom the method's policy does not name.

    `known` gives the identity of a token that was verified a moment ago, without waiting; `identify` verifies a token
    and raises TokenInvalid or TokenExpired.
    """

    def __init__(
        self,
        policies: Mapping[str, MethodPolicy],
        identify: Callable[[str], Awaitable[Identity]],
        known: Callable[[str], Identity | None],
    ) -> None:
        self._access = {name: policy.access for name, policy in policies.items()}
        self._identify = identify
        self._known = known

    async def begin(self, call: Call) -> None:
        """Find out who calls. Raises TokenMissing, TokenInvalid, TokenExpired, AccessDenied."""
        access = self._access[call.method]
        if Access.PUBLIC in access:
            await self._identify_if_possible(call)
            return
        call.identity = identity = await self._caller(call)
        if not _is_named(identity, access):
            raise AccessDenied(call.method)

    async def _identify_if_possible(self, call: Call) -> None:
        """Take everybody: a client whose token has expired must still get to LogIn."""
        if "authorization" not in call.headers:
            return
        try:
            call.identity = await self._caller(call)
        except DomainError:
            call.identity = None

    async def _caller(self, call: Call) -> Identity:
        token = _bearer(call.headers.get("authorization", ""))
        return self._known(token) or await self._identify(token)


def _bearer(header: str) -> str:
    if not header:
        raise TokenMissing
    scheme, _, token = header.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:  # the scheme in any case, RFC 9110 (11.1)
        raise TokenInvalid
    return token


def _is_named(identity: Identity, access: frozenset[Access]) -> bool:
    return Access.AUTHENTICATED in access or any(_ROLES.get(kind) in identity.roles for kind in access)
