"""`fluentpro admin`: who may administer."""

from typing import Annotated

import typer

admin = typer.Typer(help="Who may administer.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(help="The address of an account.")]
Role = Annotated[str, typer.Option(help="admin or internal.")]


@admin.command()
def grant(email: Email, role: Role = "admin") -> None:
    """Give an account a role; it counts from its next log-in or refresh on."""
    from server.roles_command import grant

    grant(email, role)


@admin.command()
def revoke(email: Email, role: Role = "admin") -> None:
    """Take a role from an account, and end its sessions."""
    from server.roles_command import revoke

    revoke(email, role)
