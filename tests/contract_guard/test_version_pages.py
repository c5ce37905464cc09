"""What the guides say of the versions is what the contract says, and the contract keeps to the policy."""

import re
from calendar import monthrange
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from domain.onboarding.steps import Step
from gateway.image import Image
from server.contract_guard.document import document
from server.image import our_image
from server.mapping.v1.profiles import onboarding_status

_GUIDES = Path(__file__).parents[2] / "docs/guide"
_NOTICE_MONTHS = 6
_NONE = "–"  # noqa: RUF001 - as the page has it
_DATED = ("LIFECYCLE_DEPRECATED", "LIFECYCLE_SUNSET")


@pytest.fixture(scope="module")
def contract() -> dict[str, Any]:
    return document(our_image())


def _rows(page: str, heading: str) -> list[list[str]]:
    """Return the cells of the first table after a heading, without its two head lines."""
    lines = (_GUIDES / page).read_text().partition(heading)[2].splitlines()
    first = next(index for index, line in enumerate(lines) if line.startswith("|"))
    table = lines[first : next(index for index in range(first, len(lines)) if not lines[index].startswith("|"))]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def breaches(versions: dict[str, dict[str, Any]]) -> list[str]:
    """Return what the versions of a contract have against docs/guide/versioning.md."""
    found = []
    for package, said in versions.items():
        life = said["lifecycle"]
        days = [said[name] for name in ("deprecated_on", "sunset_on") if name in said]
        if life not in _DATED:
            found += [f"{package} is {life} and has dates"] * bool(days)
            continue
        if len(days) < 2:
            found.append(f"{package} ends without notice: it has no deprecated_on or no sunset_on")
        elif date.fromisoformat(days[1]) < _months_later(date.fromisoformat(days[0]), _NOTICE_MONTHS):
            found.append(f"{package} gives less than {_NOTICE_MONTHS} months' notice")
        successor = versions.get(said.get("successor", ""), {})
        if successor.get("lifecycle") not in ("LIFECYCLE_BETA", "LIFECYCLE_STABLE"):
            found.append(f"{package} names no successor that clients can move to")
        if life == "LIFECYCLE_SUNSET" and successor.get("lifecycle") != "LIFECYCLE_STABLE":
            found.append(f"{package} ended before its successor was STABLE")
        found += [f"{package} has no {name}" for name in ("migration_guide", "message") if not said.get(name)]
    return found


def test_every_version_keeps_to_the_policy(contract) -> None:
    assert breaches(contract["api_versions"]) == []


def test_the_policy_catches_what_is_against_it(contract) -> None:
    v1, v2 = (contract["api_versions"][f"fluentpro.{name}"] for name in ("v1", "v2"))
    plain = {name: v1[name] for name in v1 if name not in ("deprecated_on", "sunset_on", "successor", "message")}

    def told(**changed: Any) -> list[str]:
        return breaches({"fluentpro.v1": plain | changed, "fluentpro.v2": v2})

    good = {"successor": "fluentpro.v2", "message": "Move on."}
    assert told(**good, deprecated_on="2026-08-31", sunset_on="2027-02-28") == []
    assert told(**good, deprecated_on="2026-08-31", sunset_on="2027-02-27") == [
        "fluentpro.v1 gives less than 6 months' notice"
    ]
    assert told(**good, deprecated_on="2026-11-01") == [
        "fluentpro.v1 ends without notice: it has no deprecated_on or no sunset_on"
    ]
    dates = {"deprecated_on": "2026-11-01", "sunset_on": "2028-12-31"}
    assert told(**dates, message="Move on.", successor="fluentpro.v9") == [
        "fluentpro.v1 names no successor that clients can move to"
    ]
    assert told(**dates, successor="fluentpro.v2") == ["fluentpro.v1 has no message"]
    assert told(**good, **dates, lifecycle="LIFECYCLE_STABLE") == ["fluentpro.v1 is LIFECYCLE_STABLE and has dates"]
    if v2["lifecycle"] == "LIFECYCLE_BETA":
        assert told(**good, **dates, lifecycle="LIFECYCLE_SUNSET") == [
            "fluentpro.v1 ended before its successor was STABLE"
        ]


def test_the_page_has_the_dates_of_every_version(contract) -> None:
    shown = {re.sub(r"\[(\w+)\].*", r"\1", row[0]): row[1:] for row in _rows("versioning.md", "# Versions")}
    said = {
        package.rpartition(".")[2]: [
            version["lifecycle"].removeprefix("LIFECYCLE_"),
            version.get("deprecated_on", _NONE),
            version.get("sunset_on", _NONE),
            version.get("successor", _NONE).rpartition(".")[2],
        ]
        for package, version in contract["api_versions"].items()
    }
    assert shown == said


def test_the_migration_guide_has_every_method_of_v1_once(contract) -> None:
    rows = _rows("v1-to-v2.md", "## Every method")
    routes = {f"fluentpro.v1.{method.strip('`')}": http.strip("`") for method, http, *_ in rows}
    said = {
        route["rpc"]: f"{route['method']} {route['path']}/" for route in contract["routes"] if ".v1." in route["rpc"]
    }
    assert len(rows) == len(routes)
    assert routes == said


def test_every_path_of_v2_in_the_migration_guide_is_there(contract) -> None:
    served = {f"{route['method']} {route['path']}" for route in contract["routes"] if ".v2." in route["rpc"]}
    named = set(re.findall(r"`((?:GET|POST|PUT|PATCH|DELETE) /api/v2[^`]*)`", (_GUIDES / "v1-to-v2.md").read_text()))
    assert len(named) > 15
    assert named - served == set()
    for method, _, target, _ in _rows("v1-to-v2.md", "## Every method"):
        assert re.search(r"`[A-Z]+ /api/v2", target), method


def test_every_new_name_of_an_rpc_is_one_of_v2(contract) -> None:
    named = re.findall(r"named (\w+)", (_GUIDES / "v1-to-v2.md").read_text())
    assert named
    assert set(named) <= {rpc.rpartition(".")[2] for rpc in contract["methods"] if ".v2." in rpc}


def test_the_table_of_statuses_is_the_mapping() -> None:
    shown = {step.strip("`"): status.strip("`") for step, status in _rows("v1-to-v2.md", "## onboarding_status")}
    assert shown == {f"ONBOARDING_STEP_{step.name}": onboarding_status(step) for step in Step}


def test_the_days_in_the_migration_guide_are_those_of_v1(contract) -> None:
    v1 = contract["api_versions"]["fluentpro.v1"]
    text = (_GUIDES / "v1-to-v2.md").read_text()
    assert f"deprecated since {v1['deprecated_on']}" in text
    assert f"on {v1['sunset_on']} it is gone" in text


def test_an_image_without_versions_has_nothing_to_compare() -> None:
    assert document(Image(b"")) == {"api_versions": {}, "routes": [], "methods": {}, "messages": {}}
