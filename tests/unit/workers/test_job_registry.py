"""The registry: what does not fit together is found before anything runs."""

import ast
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from workers.celery_app import UNKNOWN, broker_url, configuration, hard_limit, headers
from workers.flower import FlowerRefused, guard
from workers.tasks.registry import AREAS, RegistryError, checked, periodic, tasks
from workers.tasks.task import BadArguments, Policy, Task

ROOT = Path(__file__).parents[3]


async def greet(context, *, user_id: UUID, times: int = 1):
    pass


async def untyped(context, user_id):
    pass


async def anything(context, **more: str):
    pass


def at_once(context):
    pass


def test_every_task_that_is_registered_can_be_run():
    assert {name.partition(".")[0] for name in tasks()} == set(AREAS)
    assert {request.name for request in periodic()} <= set(tasks())


def test_every_job_that_our_code_asks_for_has_a_task():
    known = set(tasks())
    for path in [*ROOT.glob("domain/**/*.py"), *ROOT.glob("workers/**/*.py")]:
        tree = ast.parse(path.read_text())
        constants = {
            target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        }
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "JobRequest":
                name = call.args[0] if call.args else next(each.value for each in call.keywords if each.arg == "name")
                value = name.value if isinstance(name, ast.Constant) else constants.get(ast.unparse(name))
                assert value is None or value in known, f"{path.name}:{call.lineno} asks for {value}"


@pytest.mark.parametrize(
    "task",
    [
        Task("other.greet", greet),
        Task("area.greet.twice", greet),
        Task("area", greet),
        Task("area.greet", untyped),
        Task("area.greet", anything),
        Task("area.greet", at_once),
        Task("area.greet", greet, Policy(tries=0)),
    ],
)
def test_what_does_not_fit_is_refused(task):
    with pytest.raises(RegistryError):
        checked({"area": [task]})


def test_a_name_is_registered_once():
    with pytest.raises(RegistryError, match="twice"):
        checked({"area": [Task("area.greet", greet), Task("area.greet", greet)]})


def test_arguments_are_read_as_the_task_takes_them():
    user_id = uuid4()
    assert Task("area.greet", greet).parse({"user_id": str(user_id)}) == {"user_id": user_id, "times": 1}


@pytest.mark.parametrize("wrong", [{}, {"user_id": "secret"}, {"user_id": None}, {"times": "3"}, {"secret": 1}])
def test_arguments_that_do_not_fit_are_named_and_not_repeated(wrong):
    with pytest.raises(BadArguments) as refused:
        Task("area.greet", greet).parse({"user_id": str(uuid4())} | wrong if wrong else wrong)
    assert "secret:" in str(refused.value) or "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("redis://:pass@host:6379/2", "redis://:pass@host:6379/2"),
        ("rediss://host:6380/0", "rediss://host:6380/0"),
        ("unix:///run/valkey.sock", "redis+socket:///run/valkey.sock"),
        ("unix:///run/valkey.sock?db=3", "redis+socket:///run/valkey.sock?virtual_host=3"),
        ("unix://me:pass@/run/valkey.sock", "redis+socket://me:pass@/run/valkey.sock"),
    ],
)
def test_a_socket_is_named_as_kombu_names_it(ours, theirs):
    assert broker_url(ours) == theirs


def test_redis_keeps_a_message_longer_than_two_of_the_longest_task():
    long = Task("maintenance.long", greet, Policy(seconds=7200))
    visible = configuration("redis://localhost", [long])["broker_transport_options"]["visibility_timeout"]
    assert visible > 2 * hard_limit(long.policy)


def test_each_job_has_a_trace_of_its_own():
    job_id = uuid4()
    version, trace, span, flags = headers(job_id, "request")["traceparent"].split("-")
    assert (version, UUID(trace), len(span), flags) == ("00", job_id, 16, "01")


def test_the_task_of_unknown_names_is_no_name_of_ours():
    assert UNKNOWN not in tasks()


@pytest.mark.parametrize(
    ("words", "environ"),
    [
        (["celery", "-A", "workers.app", "flower"], {}),
        (["celery", "-A", "workers.app", "flower"], {"FLOWER_BASIC_AUTH": "me:short"}),
        (["celery", "-A", "workers.app", "flower"], {"FLOWER_BASIC_AUTH": "onlyonelongword"}),
        (["celery", "flower", "--basic-auth=a:b"], {"FLOWER_BASIC_AUTH": "me:a long password"}),
        (["celery", "flower", "--basic_auth", "a:b"], {"FLOWER_BASIC_AUTH": "me:a long password"}),
    ],
)
def test_flower_without_a_password_from_the_environment_is_refused(words, environ):
    with pytest.raises(FlowerRefused) as refused:
        guard(words, environ)
    assert not any(value in str(refused.value) for value in environ.values())


def test_flower_listens_on_this_machine_unless_told_otherwise():
    environ = {"FLOWER_BASIC_AUTH": "me:a long password"}
    guard(["celery", "-A", "workers.app", "flower"], environ)
    assert environ["FLOWER_ADDRESS"] == "127.0.0.1"
    guard(["celery", "flower"], elsewhere := environ | {"FLOWER_ADDRESS": "10.0.0.1"})
    assert elsewhere["FLOWER_ADDRESS"] == "10.0.0.1"


def test_a_worker_may_be_called_flower():
    guard(["celery", "-A", "workers.app", "worker", "-n", "flower"], {})
