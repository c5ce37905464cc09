"""Rules of the house that no linter knows."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

import pytest
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncConnection

import adapters.wiring  # imports every table and every error class
from adapters.sql.engine import Connections
from adapters.sql.tables import metadata
from domain.shared.errors import DomainError
from fluentpro.contract.v1.error_reason_pb2 import ErrorReason

ROOT = Path(__file__).parents[2]
AREAS = ("identity", "catalog", "onboarding", "practice")


def _subclasses(cls: type) -> Iterator[type]:
    for subclass in cls.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


def _is_ours(cls: type) -> bool:
    """Tell the product's classes from those that a test makes for itself."""
    return (ROOT / cls.__module__.partition(".")[0] / "__init__.py").exists()


def test_every_reason_of_the_domain_is_in_the_contract() -> None:
    assert adapters.wiring
    reasons = {cls.reason for cls in _subclasses(DomainError) if "reason" in vars(cls) and _is_ours(cls)}
    assert len(reasons) > 10
    assert reasons - {name.removeprefix("ERROR_REASON_") for name in ErrorReason.keys()} == set()  # noqa: SIM118 - no dict


def test_the_command_line_starts_without_the_heavy_imports() -> None:
    heavy = "{'grpc', 'sqlalchemy', 'pydantic', 'google.protobuf', 'redis', 'openai'}"
    code = f"import server.cli, sys; print(*sorted({heavy} & sys.modules.keys()))"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == ""


@pytest.mark.parametrize("page", sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]), ids=lambda path: path.name)
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize(
    "lock", [*ROOT.glob("*.lock"), *ROOT.glob("examples/*/package-lock.json")], ids=lambda lock: lock.name
)
def test_a_lock_says_what_and_not_from_where(lock: Path) -> None:
    assert "://" not in lock.read_text()


def test_every_area_has_the_same_files() -> None:
    for area in AREAS:
        assert (ROOT / "domain" / area / "model.py").exists() or area == "practice"
        assert (ROOT / "domain" / area / "ports.py").exists()


def test_no_test_sleeps_but_between_two_looks_at_a_condition_or_to_pace_somebody() -> None:
    for path in sorted(ROOT.glob("tests/**/*.py")):
        if "benchmarks" in path.parts or path.is_relative_to(ROOT / "tests" / "conformance" / "gateway"):
            continue
        text = path.read_text()
        tree, lines = ast.parse(text), text.splitlines()
        loops = (node for node in ast.walk(tree) if isinstance(node, ast.While))
        looking = {id(node) for loop in loops for node in ast.walk(loop)}
        sleeps = [node.lineno for node in ast.walk(tree) if _sleeps(node) and id(node) not in looking]
        waiting = [number for number in sleeps if "# paces" not in lines[number - 1]]
        assert not waiting, f"{path.name}:{waiting[0]} sleeps"


def _sleeps(node: ast.AST) -> TypeGuard[ast.Call]:
    """Whether it is a sleep of some length; `asyncio.sleep(0)` only lets others run."""
    if not isinstance(node, ast.Call) or ast.unparse(node.func) not in {"time.sleep", "sleep", "asyncio.sleep"}:
        return False
    return ast.unparse(node.args[0]) != "0"


async def test_the_tables_are_what_the_migrations_make(connections: Connections) -> None:
    async with connections.reading() as connection:
        found = await _reflected(connection)
    found.pop("alembic_version")
    declared = {table.name: _shape(table.columns) for table in metadata.sorted_tables}
    assert found == declared


async def _reflected(connection: AsyncConnection) -> dict[str, dict[str, bool]]:
    reflected = MetaData()
    await connection.run_sync(reflected.reflect)
    return {table.name: _shape(table.columns) for table in reflected.sorted_tables}


def _shape(columns: object) -> dict[str, bool]:
    return {column.name: bool(column.nullable) for column in columns}  # type: ignore[attr-defined]
