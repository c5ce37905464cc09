"""The query string of one route: its keys are fields of the request message."""

from typing import Any

from google.protobuf.descriptor import Descriptor

from gateway.codec.decode import Readers
from gateway.codec.fault import Fault
from gateway.field_path import TextField, resolve, text_field
from gateway.percent import decode_query, raw_text

UNKNOWN_PARAMETER = "UNKNOWN_PARAMETER"
# Keys remembered a route, and characters of one: clients choose them, and a message that holds itself has endless ones.
_MAX_KEYS = 256
_MAX_KEY = 64


class Query:
    """The parameters of one route, each resolved when it is first seen.

    `body` is the rule's: the field it names, or everything when it is `*`, cannot come by the query. `path_fields` are
    the fields the path binds: the query may only repeat their value. With `ignore_unknown`, names that are no field are
    passed over.
    """

    def __init__(
        self, message: Descriptor, readers: Readers, body: str, path_fields: frozenset[str], *, ignore_unknown: bool
    ) -> None:
        self._message = message
        self._readers = readers
        self._body = body
        self._path_fields = path_fields
        self._ignore_unknown = ignore_unknown
        self._known: dict[str, TextField] = {}

    def apply(self, message: Any, query: bytes) -> None:
        """Set the message's fields from a raw query string; Fault names the parameter that is wrong."""
        seen: set[str] = set()
        for pair in raw_text(query).split("&"):
            if not pair:
                continue
            raw_key, _, raw_value = pair.partition("=")
            try:
                self._set(message, decode_query(raw_key), decode_query(raw_value), seen)
            except Fault as fault:
                fault.under(raw_key)
                raise

    def _set(self, message: Any, key: str, value: str, seen: set[str]) -> None:
        field = self._known.get(key) or self._learn(key)
        if field is None:
            return
        if not field.is_repeated and field.name in seen:
            raise Fault("is given twice")
        seen.add(field.name)
        if field.name in self._path_fields:
            field.set_as(message, value, "the path")
        else:
            field.set(message, value)

    def _learn(self, key: str) -> TextField | None:
        field = self._resolve(key)
        if field is not None and len(key) <= _MAX_KEY and len(self._known) < _MAX_KEYS:
            self._known[key] = field
        return field

    def _resolve(self, key: str) -> TextField | None:
        path, bracket, entry = key.removesuffix("]").partition("[") if key.endswith("]") else (key, "", "")
        try:
            fields = resolve(self._message, path, self._readers.style)
        except Fault as fault:
            if self._ignore_unknown:
                return None
            raise Fault(fault.message, UNKNOWN_PARAMETER) from None
        if self._body == "*":
            raise Fault("all fields come from the body here", UNKNOWN_PARAMETER)
        if fields[0].name == self._body:
            raise Fault("the field comes from the body", UNKNOWN_PARAMETER)
        return text_field(fields, self._readers, entry if bracket else None)
