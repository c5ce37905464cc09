"""`fluentpro admin grant` and `revoke`: who may administer."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias
from uuid import uuid4

import typer

from adapters.choices import master_keys
from adapters.settings import Settings
from adapters.sql.engine import Connections
from adapters.sql.unit_of_work import SqlUnitOfWork
from domain.identity.ports import IdentityWork
from domain.identity.roles import GrantRole, RevokeRole
from domain.shared.clock import system_clock
from domain.shared.errors import InvalidRequest
from domain.shared.origin import Origin, current_origin
from server.command_database import on_database

Change: TypeAlias = Callable[[str, str], Awaitable[bool]]
"""Changes the roles of an address, and tells whether that was a change."""


def grant(email: str, role: str) -> None:
    """Give an account a role, and say what changed. Raises what REFUSALS names.

    Exit code 1: no account has the address; 2: there is no such role, or that is no address.
    """
    if _run(GrantRole, email, role):
        typer.echo(f"{email} is {role} now, from the next log-in or refresh on")
    else:
        typer.echo(f"{email} is {role} already")


def revoke(email: str, role: str) -> None:
    """Take a role from an account, and say what changed. Exit codes as of `grant`. Raises what REFUSALS names."""
    if _run(lambda uow: RevokeRole(uow, system_clock), email, role):
        typer.echo(f"{email} is not {role} any more, and signed out everywhere")
    else:
        typer.echo(f"{email} is not {role}")


def _run(make: Callable[[Callable[[], IdentityWork]], Change], email: str, role: str) -> bool:
    async def change(settings: Settings, connections: Connections) -> bool:
        current_origin.set(Origin(correlation_id=str(uuid4()), actor="system:admin-command"))
        master = master_keys(settings)
        try:
            return await make(lambda: SqlUnitOfWork(connections, system_clock, master))(email, role)
        except InvalidRequest as refused:
            raise typer.BadParameter(" ".join(each.message for each in refused.violations)) from refused

    return on_database(change)
