"""google.protobuf.Any: a message of any type the pool knows, named by its `@type`."""

from collections.abc import Callable
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from gateway.codec.containers import Fill
from gateway.codec.fault import Fault
from gateway.codec.scalars import base64_json
from gateway.codec.well_known import SPECIAL, Write
from gateway.codec.wire import nests, serialize

TYPE = "@type"


def any_reader(pool: DescriptorPool, reader_of: Callable[[Descriptor], Fill]) -> Fill:
    """Return the reader of Any; `reader_of` gives the reader of the type inside."""
    may_nest = cache(nests)

    def fill(value: Any, message: Any) -> None:
        if type(value) is not dict:
            raise Fault("an object is expected")
        message.SetInParent()
        if not value:
            return
        if TYPE not in value:
            raise Fault("the object says no @type")
        descriptor = _named(pool, value[TYPE])
        inner = GetMessageClass(descriptor)()
        reader_of(descriptor)(_content(value, descriptor), inner)
        message.type_url = value[TYPE]
        message.value = serialize(inner, may_nest=may_nest(descriptor), deterministic=True)

    return fill


def any_writer(pool: DescriptorPool, writer_of: Callable[[Descriptor], Write]) -> Write:
    """Return the writer of Any; a type that the pool does not know keeps its bytes in base64."""

    def write(message: Any) -> dict[str, Any]:
        url = message.type_url
        if not url and not message.value:
            return {}
        try:
            descriptor = pool.FindMessageTypeByName(url.rpartition("/")[2])
            inner = GetMessageClass(descriptor).FromString(message.value)
        except (KeyError, DecodeError):
            return {TYPE: url, "value": base64_json(message.value)}
        written = writer_of(descriptor)(inner)
        return {TYPE: url, "value": written} if descriptor.full_name in SPECIAL else {TYPE: url, **written}

    return write


def _named(pool: DescriptorPool, url: Any) -> Descriptor:
    if type(url) is not str or "/" not in url:
        raise Fault("a type is written as type.googleapis.com/<its full name>").under(TYPE)
    try:
        return pool.FindMessageTypeByName(url.rpartition("/")[2])
    except (KeyError, TypeError):  # TypeError: half a surrogate pair
        raise Fault("there is no such type").under(TYPE) from None


def _content(value: dict[str, Any], descriptor: Descriptor) -> Any:
    content = {key: item for key, item in value.items() if key != TYPE}
    if descriptor.full_name not in SPECIAL:
        return content
    if content.keys() != {"value"}:
        raise Fault("a value of this type stands under `value`, alone")
    return content["value"]
