"""Ways to tamper with the record, as a superuser of the database could. Each returns where it has to be found."""

import json
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.security.checkpoint_signatures import CheckpointSigner
from domain.audit.chain import event_hash
from domain.audit.checkpoint_check import CHECKPOINTS
from domain.audit.checkpoints import checkpoint_digest, signed_text

from .history import new_keys

Place = tuple[str, int]
Row = Mapping[str, Any]


class Scene:
    """What a forger sees."""

    def __init__(
        self, connection: AsyncConnection, rng: random.Random, events: Sequence[Row], checkpoints: Sequence[Row]
    ) -> None:
        self.connection = connection
        self.rng = rng
        self.events = events
        self.checkpoints = checkpoints

    async def run(self, statement: str, **values: Any) -> None:
        """Change something; every change must hit a row."""
        assert (await self.connection.execute(text(statement), values)).rowcount

    def row(self) -> Row:
        return self.rng.choice(self.events)

    def stream(self, stream_id: str) -> list[Row]:
        return [row for row in self.events if row["stream_id"] == stream_id]

    def long_row(self) -> Row:
        """Return a row that is not the last of its stream."""
        return self.rng.choice([row for row in self.events if row["version"] < len(self.stream(row["stream_id"]))])

    def last(self) -> Row:
        """Return the last row of some stream."""
        return self.stream(self.row()["stream_id"])[-1]

    def seen(self, row: Row) -> int | None:
        """Return the version at which the first checkpoint from this event on saw its stream."""
        heads = (each["heads"].get(row["stream_id"]) for each in self.checkpoints)
        return next((head[0] for head in heads if head and head[0] >= row["version"]), None)

    def seen_row(self) -> Row:
        return self.rng.choice([row for row in self.events if self.seen(row)])

    def free_positions(self, above: int = 0) -> list[int]:
        """Return the positions that no event has and a checkpoint covers."""
        taken = {row["position"] for row in self.events}
        upto = self.checkpoints[-1]["position"]
        return [place for place in range(above + 1, upto) if place not in taken]

    def free_position(self, above: int = 0) -> int:
        return self.rng.choice(self.free_positions(above))


Forgery = Callable[[Scene], Awaitable[Place]]


def place(row: Row) -> Place:
    return row["stream_id"], row["version"]


def flipped(content: bytes, rng: random.Random) -> bytes:
    """Return the bytes with one bit changed; of none, one."""
    if not content:
        return b"\0"
    changed = bytearray(content)
    changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def altered(value: Any, rng: random.Random) -> Any:
    """Return a JSON value that differs in one place."""
    if isinstance(value, dict):
        name = rng.choice(sorted(value))
        return {**value, name: altered(value[name], rng)}
    if isinstance(value, list):
        return [*value, "more"]
    if isinstance(value, str) and value:
        at = rng.randrange(len(value))
        return value[:at] + ("b" if value[at] == "a" else "a") + value[at + 1 :]
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else "x"


def _value(cast: str) -> str:
    first, *rest = cast.split("::")
    return "::".join([f"CAST(:value AS {first})", *rest])


def _edit(column: str, change: Callable[[Scene, Row], Any], cast: str, rows: str = "row") -> Forgery:
    async def forge(scene: Scene) -> Place:
        row = getattr(scene, rows)()
        statement = f"UPDATE event_store SET {column} = {_value(cast)} WHERE position = :position"
        await scene.run(statement, value=change(scene, row), position=row["position"])
        return place(row)

    return forge


def _json(column: str) -> Forgery:
    return _edit(column, lambda scene, row: json.dumps(altered(row[column], scene.rng)), "text::jsonb")


async def swap_two(scene: Scene) -> Place:
    one, other = scene.row(), scene.row()
    while one["data"] == other["data"]:
        other = scene.row()
    for row, data in ((one, other["data"]), (other, one["data"])):
        await _set_data(scene, row, data)
    return min(place(one), place(other))


async def delete_one(scene: Scene) -> Place:
    row = scene.row()
    await _delete_from(scene, row, "=")
    return place(row)


async def cut_tail_and_move_head(scene: Scene) -> Place:
    row = scene.rng.choice([row for row in scene.events if row["version"] > 1 and scene.seen(row)])
    await _delete_from(scene, row, ">=")
    await _move_head(scene, row["stream_id"], row["version"] - 1, row["previous_hash"])
    return place(row)


async def delete_stream(scene: Scene) -> Place:
    row = scene.row()
    await scene.run("DELETE FROM event_store WHERE stream_id = :stream_id", stream_id=row["stream_id"])
    return row["stream_id"], 1


async def delete_stream_and_head(scene: Scene) -> Place:
    row = scene.seen_row()
    await scene.run("DELETE FROM event_store WHERE stream_id = :stream_id", stream_id=row["stream_id"])
    await scene.run("DELETE FROM stream_head WHERE stream_id = :stream_id", stream_id=row["stream_id"])
    return row["stream_id"], 1


async def delete_everything(scene: Scene) -> Place:
    await scene.run("DELETE FROM event_store")
    await scene.run("DELETE FROM stream_head")
    return min(place(row) for row in scene.events if row["version"] == 1 and scene.seen(row))


async def delete_head(scene: Scene) -> Place:
    last = scene.last()
    await scene.run("DELETE FROM stream_head WHERE stream_id = :stream_id", stream_id=last["stream_id"])
    return place(last)


async def move_head(scene: Scene) -> Place:
    last, step = scene.last(), scene.rng.choice((-1, 1, 7))
    await _move_head(scene, last["stream_id"], last["version"] + step, last["hash"])
    return last["stream_id"], last["version"] + (step > 0)


async def head_names_another(scene: Scene) -> Place:
    last = scene.last()
    await _move_head(scene, last["stream_id"], last["version"], flipped(last["hash"], scene.rng))
    return place(last)


async def append_beyond_head(scene: Scene) -> Place:
    forged = _next(scene.last(), 10**9)
    await _insert(scene, forged)
    return place(forged)


async def append_into_the_past(scene: Scene) -> Place:
    """Everything is made anew, head included, but a checkpoint counted the events up to there."""
    rows = [row for row in scene.events if row["version"] == len(scene.stream(row["stream_id"]))]
    last = scene.rng.choice([row for row in rows if scene.free_positions(row["position"])])
    forged = _next(last, scene.free_position(last["position"]))
    await _insert(scene, forged)
    await _move_head(scene, forged["stream_id"], forged["version"], forged["hash"])
    return place(forged)


async def begin_a_stream_in_the_past(scene: Scene) -> Place:
    row = scene.row()
    forged = _hashed({**row, "stream_id": f"user-{_uuid(scene.rng)}", "version": 1, "event_id": _uuid(scene.rng)}, b"")
    forged = _hashed({**forged, "position": scene.free_position()}, b"")
    await _insert(scene, forged)
    statement = "INSERT INTO stream_head (stream_id, version, hash) VALUES (:stream_id, 1, :hash)"
    await scene.run(statement, stream_id=forged["stream_id"], hash=forged["hash"])
    return place(forged)


async def rewrite_past(scene: Scene) -> Place:
    """Change an event and make all hashes after it anew, the head's too: the next checkpoint saw another hash."""
    changed = scene.seen_row()
    previous = changed["previous_hash"]
    for row in scene.stream(changed["stream_id"])[changed["version"] - 1 :]:
        data = altered(row["data"], scene.rng) if row is changed else row["data"]
        forged = _hashed({**row, "data": data}, previous)
        await _set_data(scene, forged, forged["data"])
        statement = "UPDATE event_store SET previous_hash = :previous, hash = :hash WHERE position = :position"
        await scene.run(statement, previous=previous, hash=forged["hash"], position=row["position"])
        previous = forged["hash"]
    await _move_head(scene, row["stream_id"], row["version"], previous)
    return changed["stream_id"], scene.seen(changed) or 0


async def rename_stream(scene: Scene) -> Place:
    row, other = scene.seen_row(), f"user-{_uuid(scene.rng)}"
    for table in ("event_store", "stream_head"):
        statement = f"UPDATE {table} SET stream_id = :other WHERE stream_id = :stream_id"
        await scene.run(statement, other=other, stream_id=row["stream_id"])
    return min((row["stream_id"], 1), (other, 1))


async def move_to_another_stream(scene: Scene) -> Place:
    row = scene.row()
    others = [each for each in scene.events if each["stream_id"] != row["stream_id"]]
    last = scene.stream(scene.rng.choice(others)["stream_id"])[-1]
    statement = "UPDATE event_store SET stream_id = :stream_id, version = :version WHERE position = :position"
    goal = last["stream_id"], last["version"] + 1
    await scene.run(statement, stream_id=goal[0], version=goal[1], position=row["position"])
    return min(place(row), goal)


def _checkpoint(column: str, change: Callable[[Scene, Row], Any], cast: str) -> Forgery:
    async def forge(scene: Scene) -> Place:
        row = scene.rng.choice(scene.checkpoints)
        statement = f"UPDATE checkpoint SET {column} = {_value(cast)} WHERE number = :number"
        await scene.run(statement, value=change(scene, row), number=row["number"])
        return CHECKPOINTS, row["number"]

    return forge


async def delete_checkpoint(scene: Scene) -> Place:
    row = scene.rng.choice(scene.checkpoints[:-1])
    await scene.run("DELETE FROM checkpoint WHERE number = :number", number=row["number"])
    return CHECKPOINTS, row["number"]


async def make_checkpoint_anew(scene: Scene) -> Place:
    """Its columns agree; the key is the forger's own, under our key's name or under another."""
    row = scene.rng.choice(scene.checkpoints)
    content = {**row, "heads": altered(row["heads"], scene.rng), "created_at": row["created_at"].isoformat()}
    digest = checkpoint_digest(content, row["previous_digest"])
    key_id, signature = CheckpointSigner(new_keys()).sign(signed_text(digest))
    await scene.run(
        """
        UPDATE checkpoint SET heads = CAST(:heads AS text)::jsonb, digest = :digest, signature = :signature,
            key_id = :key_id WHERE number = :number
        """,
        heads=json.dumps(content["heads"]),
        digest=digest,
        signature=signature,
        key_id=scene.rng.choice((key_id, row["key_id"])),
        number=row["number"],
    )
    return CHECKPOINTS, row["number"]


async def _delete_from(scene: Scene, row: Row, operator: str) -> None:
    statement = f"DELETE FROM event_store WHERE stream_id = :stream_id AND version {operator} :version"
    await scene.run(statement, stream_id=row["stream_id"], version=row["version"])


async def _move_head(scene: Scene, stream_id: str, version: int, head_hash: bytes) -> None:
    statement = "UPDATE stream_head SET version = :version, hash = :hash WHERE stream_id = :stream_id"
    await scene.run(statement, stream_id=stream_id, version=version, hash=head_hash)


async def _set_data(scene: Scene, row: Row, data: Any) -> None:
    statement = "UPDATE event_store SET data = CAST(:data AS text)::jsonb WHERE position = :position"
    await scene.run(statement, data=json.dumps(data), position=row["position"])


async def _insert(scene: Scene, row: Row) -> None:
    await scene.run(
        """
        INSERT INTO event_store (position, stream_id, version, event_id, type, schema_version, data, meta,
            occurred_at, previous_hash, hash)
        VALUES (:position, :stream_id, :version, :event_id, :type, :schema_version, CAST(:data AS text)::jsonb,
            CAST(:meta AS text)::jsonb, :occurred_at, :previous_hash, :hash)
        """,
        **{**row, "data": json.dumps(row["data"]), "meta": json.dumps(row["meta"])},
    )


def _next(last: Row, position: int) -> Row:
    """Return a copy of an event that would come after it."""
    event_id = UUID(int=last["event_id"].int ^ 1)
    return _hashed({**last, "version": last["version"] + 1, "position": position, "event_id": event_id}, last["hash"])


def _hashed(row: Row, previous: bytes) -> Row:
    return {**row, "previous_hash": previous, "hash": event_hash(row, previous)}


def _uuid(rng: random.Random) -> UUID:
    return UUID(int=rng.getrandbits(128), version=4)


def _deep(_scene: Scene, _row: Row) -> str:
    return "[" * 3_000 + "]" * 3_000


FORGERIES: Mapping[str, Forgery] = {
    "data edited": _json("data"),
    "meta edited": _json("meta"),
    "type edited": _edit("type", lambda scene, row: altered(row["type"], scene.rng), "text"),
    "schema version edited": _edit("schema_version", lambda _scene, row: row["schema_version"] + 1, "int"),
    "time moved": _edit(
        "occurred_at",
        lambda scene, row: row["occurred_at"].replace(microsecond=scene.rng.randrange(10**6)),
        "timestamptz",
    ),
    "time before our era": _edit("occurred_at", lambda *_: "0044-03-15 BC", "text::timestamptz"),
    "time without end": _edit("occurred_at", lambda *_: "infinity", "text::timestamptz"),
    "a number beyond bounds": _edit("data", lambda *_: "1" + "0" * 5_000, "text::jsonb"),
    "nesting without end": _edit("data", _deep, "text::jsonb"),
    "event id edited": _edit("event_id", lambda scene, _row: _uuid(scene.rng), "uuid"),
    "position moved up": _edit("position", lambda scene, _row: scene.rng.randrange(10**6, 10**9), "bigint"),
    "position moved into a gap": _edit("position", lambda scene, _row: scene.free_position(), "bigint"),
    "version raised": _edit("version", lambda _scene, row: row["version"] + 100, "int", rows="long_row"),
    "hash edited": _edit("hash", lambda scene, row: flipped(row["hash"], scene.rng), "bytea"),
    "previous hash edited": _edit(
        "previous_hash", lambda scene, row: flipped(row["previous_hash"], scene.rng), "bytea"
    ),
    "data of two swapped": swap_two,
    "event deleted": delete_one,
    "tail cut, head moved": cut_tail_and_move_head,
    "stream deleted": delete_stream,
    "stream and head deleted": delete_stream_and_head,
    "everything deleted": delete_everything,
    "head deleted": delete_head,
    "head moved": move_head,
    "head names another hash": head_names_another,
    "event forged beyond the head": append_beyond_head,
    "event forged into the past": append_into_the_past,
    "stream forged into the past": begin_a_stream_in_the_past,
    "past rewritten": rewrite_past,
    "stream renamed": rename_stream,
    "event moved to another stream": move_to_another_stream,
    "checkpoint's heads edited": _checkpoint(
        "heads", lambda scene, row: json.dumps(altered(row["heads"], scene.rng)), "text::jsonb"
    ),
    "checkpoint's position edited": _checkpoint("position", lambda _scene, row: row["position"] - 1, "bigint"),
    "checkpoint's count edited": _checkpoint("events", lambda _scene, row: row["events"] + 1, "bigint"),
    "checkpoint's time edited": _checkpoint("created_at", lambda *_: "2001-01-01", "text::timestamptz"),
    "checkpoint's digest edited": _checkpoint("digest", lambda scene, row: flipped(row["digest"], scene.rng), "bytea"),
    "checkpoint's link edited": _checkpoint(
        "previous_digest", lambda scene, row: flipped(row["previous_digest"], scene.rng), "bytea"
    ),
    "checkpoint's signature edited": _checkpoint(
        "signature", lambda scene, row: flipped(row["signature"], scene.rng), "bytea"
    ),
    "checkpoint's key edited": _checkpoint("key_id", lambda *_: "mine", "text"),
    "checkpoint deleted": delete_checkpoint,
    "checkpoint made anew": make_checkpoint_anew,
}
"""By what each does."""
