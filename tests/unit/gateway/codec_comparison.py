"""The codec beside json_format."""

import re
from functools import cache

from google.protobuf import json_format
from google.protobuf.message_factory import GetMessageClass
from unit.gateway.reading_differences import DIFFERENCES, Refused

from gateway.codec.decode import Readers
from gateway.codec.encode import Writers
from gateway.codec.fault import Fault
from gateway.codec.json_text import parse
from gateway.codec.names import JsonStyle


@cache
def codec(image, style):
    """Return the readers and writers of a style: made once, as the gateway does."""
    return Readers(image.pool, style), Writers(image.pool, style)


def theirs_of(image, root, text, *, ignore_unknown):
    """Return the message json_format reads, or the text of its refusal."""
    message = GetMessageClass(image.pool.FindMessageTypeByName(root))()
    try:
        return json_format.Parse(text, message, ignore_unknown_fields=ignore_unknown, descriptor_pool=image.pool)
    except Exception as error:  # noqa: BLE001  # whatever it fails with, it refuses
        return str(error)


def ours_of(image, root, data, *, ignore_unknown):
    """Return the message the codec reads, or what it refused."""
    message = GetMessageClass(image.pool.FindMessageTypeByName(root))()
    value = None
    try:
        value = parse(data)
        readers, _ = codec(image, JsonStyle(ignore_unknown=ignore_unknown))
        readers.message(message.DESCRIPTOR)(value, message)
    except Fault as fault:
        return Refused(fault.message, *_at(value, fault))
    return message


def _at(value, fault):
    """Return the JSON value that a fault names, and its key."""
    key = ""
    for part in reversed(fault._parts):
        key = part if isinstance(value, dict) and part in value else part.removeprefix("[").removesuffix("]")
        if isinstance(value, list):
            value = value[int(key)]
        elif isinstance(value, dict):
            value = value.get(key)
    return value, key


def bytes_of(message):
    return message.SerializePartialToString(deterministic=True)


def _same(image, ours, theirs):
    if bytes_of(ours) == bytes_of(theirs):
        return True
    return json_format.MessageToDict(ours, descriptor_pool=image.pool) == json_format.MessageToDict(
        theirs, descriptor_pool=image.pool
    )


def unexplained(image, root, text, *, ignore_unknown):
    """Return how the two differ over a text; empty when they do not, or when the difference is a listed one."""
    listed = [difference for difference in DIFFERENCES if ignore_unknown or not difference.ignore_unknown]
    data = text.encode(errors="surrogatepass")
    theirs = theirs_of(image, root, data, ignore_unknown=ignore_unknown)
    ours = ours_of(image, root, data, ignore_unknown=ignore_unknown)
    if isinstance(ours, Refused):
        is_listed = isinstance(theirs, str) or any(difference.strict(ours) for difference in listed)
        return "" if is_listed else f"refused: {ours}"
    if isinstance(theirs, str):
        is_listed = any(re.search(difference.lenient, theirs) for difference in listed)
        return "" if is_listed else f"taken: {theirs}"
    if _same(image, ours, theirs) or any(re.search(difference.differs, text) for difference in listed):
        return ""
    return f"read as {ours} and {theirs}"
