"""Partial answers: the query parameter `$fields` names what is to be shown.

Paths are parted by commas, with dots for what is within, in either spelling of the fields' names. A path goes through
lists. Within a map the next name is a key, or `*` for all entries that no path names by their key.
"""

from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from gateway.codec.fault import UNKNOWN_FIELD, Fault
from gateway.codec.fields import entry_of, is_map
from gateway.codec.json_text import MAX_DEPTH
from gateway.codec.names import JsonStyle
from gateway.codec.well_known import SPECIAL
from gateway.percent import decode_query, raw_text

FIELDS = "$fields"
_KEYS = (b"$fields", b"%24fields")
_EVERY = "*"

Tree = dict[str, "Tree | None"]
"""What to show of an object, by the keys it has in JSON; None is all there is."""
Place = Descriptor | FieldDescriptor | None
"""Where a path has led: to a message, to a map, or to a value that holds nothing more."""


def cut_fields(query: bytes) -> tuple[str | None, bytes]:
    """Return the text of `$fields`, None when it is not there, and the rest of a raw query string."""
    pairs = [pair.partition(b"=") for pair in query.split(b"&")]
    texts = [value for key, _, value in pairs if key in _KEYS]
    if not texts:
        return None, query
    if len(texts) > 1:
        raise Fault("is given twice").under(FIELDS)
    try:
        text = decode_query(raw_text(texts[0]))
    except Fault as fault:
        fault.under(FIELDS)
        raise
    return text, b"&".join(b"".join(pair) for pair in pairs if pair[0] not in _KEYS)


def place_of(field: FieldDescriptor) -> Place:
    """Return where a field leads."""
    return field if is_map(field) else field.message_type


def tree_of(text: str, root: Place, style: JsonStyle) -> Tree:
    """Return what the paths of `text` show of an answer; Fault when one of them leads nowhere."""
    tree: Tree = {}
    for path in text.split(","):
        names = path.strip().split(".")
        try:
            _add(tree, _keys(names, root, style))
        except Fault as fault:
            raise Fault(f"{path.strip()!r}: {fault.message}", UNKNOWN_FIELD).under(FIELDS) from None
    return tree


def pick(value: Any, tree: Tree | None) -> Any:
    """Return what is to be shown of a JSON value."""
    if isinstance(value, list):
        return [pick(item, tree) for item in value]
    if tree is None or not isinstance(value, dict):
        return value
    every = _EVERY in tree
    return {key: pick(item, tree.get(key, tree.get(_EVERY))) for key, item in value.items() if every or key in tree}


def _keys(names: list[str], place: Place, style: JsonStyle) -> list[str]:
    """Return the keys that stand in JSON for the names of a path."""
    if len(names) > MAX_DEPTH:
        raise Fault(f"it has more than {MAX_DEPTH} names")
    keys: list[str] = []
    for name in names:
        if not name:
            raise Fault("it names nothing" if len(names) == 1 else "a name in it is empty")
        key, place = _step(name, place, style)
        keys.append(key)
    return keys


def _step(name: str, place: Place, style: JsonStyle) -> tuple[str, Place]:
    if isinstance(place, FieldDescriptor):
        return name, entry_of(place)[1].message_type
    if place is None or place.full_name in SPECIAL:
        raise Fault(f"there is nothing with a name where {name!r} is looked for")
    field = style.field(place, name)
    if field is None:
        raise Fault(f"there is no field {name!r}")
    return style.name(field), place_of(field)


def _add(tree: Tree, keys: list[str]) -> None:
    """Add a path; one that another has shown all of already adds nothing."""
    *parents, last = keys
    for key in parents:
        within = tree.setdefault(key, {})
        if within is None:
            return
        tree = within
    tree[last] = None
