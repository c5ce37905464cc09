"""The `fluentpro` command. Each subcommand imports what it needs when it runs, so that `--help` is quick."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from server.admin_commands import admin
from server.events_commands import events
from server.gateway_command import gateway
from server.jobs_commands import jobs
from server.state_commands import state

app = typer.Typer(
    name="fluentpro",
    help="FluentPro: practise speaking English at work. Settings come from FLUENTPRO_* variables.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

MISCONFIGURED = 78
"""EX_CONFIG of sysexits.h: what every start-up refusal exits with."""


@app.command()
def dev() -> None:
    """Run everything on this machine: engines, migrations, seed, gRPC and HTTP."""
    from server.dev import run

    run()


@app.command()
def server(
    *,
    http: Annotated[bool, typer.Option(help="Serve HTTP beside gRPC.")] = True,
    child: Annotated[bool, typer.Option(hidden=True, help="One of several that a parent started.")] = False,
) -> None:
    """Serve gRPC and HTTP against the engines that the settings name."""
    from server.run import run

    run(http=http, is_child=child)


@app.command()
def migrate() -> None:
    """Bring the database to the newest revision."""
    from server.tools import run_migrate

    run_migrate()


@app.command()
def seed() -> None:
    """Load the catalogue and the scenarios. A second time changes nothing."""
    from server.tools import run_seed

    run_seed()


@app.command()
def routes(
    descriptors: Annotated[Path | None, typer.Option(help="A descriptor image; ours when absent.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Print the HTTP routes of the contract."""
    from server.routes import show

    show(descriptors, as_json=as_json)


@app.command()
def openapi(
    descriptors: Annotated[Path | None, typer.Option(help="A descriptor image; ours when absent.")] = None,
    output: Annotated[Path | None, typer.Option(help="Where to write it; stdout when absent.")] = None,
    version: Annotated[str | None, typer.Option(help="Such as v2; the newest when absent.")] = None,
) -> None:
    """Write the OpenAPI document of the contract."""
    from server.openapi_command import write

    write(descriptors, output, version)


@app.command()
def asyncapi(
    output: Annotated[Path | None, typer.Option(help="Where to write it; stdout when absent.")] = None,
    *,
    markdown: Annotated[bool, typer.Option("--markdown", help="The page docs/reference/events.md instead.")] = False,
) -> None:
    """Write the AsyncAPI document of the event feed."""
    from server.asyncapi_command import write

    write(output, markdown=markdown)


@app.command()
def versions() -> None:
    """Print the API versions: where they stand in their life, and who calls those that are deprecated."""
    from server.versions_command import show

    show()


app.command()(gateway)
app.add_typer(events, name="events")
app.add_typer(jobs, name="jobs")
app.add_typer(state, name="state")
app.add_typer(admin, name="admin")


@app.command()
def background() -> None:
    """Run the relay, the consumers and what else works behind requests; any number of processes may."""
    from server.background import run

    run()


@app.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as installed

    typer.echo(installed("fluentpro"))


def main() -> None:
    """Run the command; a refusal to start is a line for each problem on stderr and exit code 78."""
    try:
        app()
    except Exception as error:
        from server.refusals import REFUSALS, lines

        if not isinstance(error, REFUSALS):
            raise
        for line in lines(error):
            typer.echo(f"fluentpro: {line}", err=True)
        sys.exit(MISCONFIGURED)


if __name__ == "__main__":
    main()
