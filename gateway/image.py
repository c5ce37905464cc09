"""A descriptor image: its types, its options and its comments, in a pool of their own.

Python reads options with the process's default pool. There, an option whose stub nobody imported stays an unknown
field, and a stranger's option with a number of ours is taken for ours. So nothing here calls `GetOptions()`: the
image is parsed a second time with its own pool, which knows the image's own options.
"""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import Descriptor, MethodDescriptor
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

_SET = "google.protobuf.FileDescriptorSet"
_DESCRIPTOR_PROTO = "google/protobuf/descriptor.proto"


class ImageError(ValueError):
    """The image cannot be served: it is incomplete or says something that contradicts itself."""


class Image:
    """The files of one serialized `FileDescriptorSet`, with everything it says about them."""

    def __init__(self, data: bytes) -> None:
        self.pool = DescriptorPool()
        self._load(data)
        self.files: list[Any] = list(_parse(self.pool, data).file)
        self._messages = {name: message for file in self.files for name, message in _messages_of(file)}

    @classmethod
    def read(cls, path: str | Path) -> "Image":
        """Load the image that stands in the file `path`; ImageError when it cannot be read or holds none."""
        try:
            return cls(Path(path).read_bytes())
        except OSError as error:
            raise ImageError(f"{path} cannot be read: {error.strerror}") from error

    def option(self, proto: Any, name: str) -> Any:
        """Return the option with the full name `name` of a descriptor proto of `files`; None when it is not set."""
        try:
            extension: Any = self.pool.FindExtensionByName(name)
        except KeyError:
            return None
        options = proto.options
        if extension.is_repeated:
            return list(options.Extensions[extension])
        return options.Extensions[extension] if options.HasExtension(extension) else None

    def field_options(self, message: Descriptor, name: str) -> dict[str, Any]:
        """Return the option `name` of each of a message's fields that sets it, by field name."""
        proto = self._messages.get(message.full_name)
        if proto is None:
            return {}
        values = ((field.name, self.option(field, name)) for field in proto.field)
        return {field: value for field, value in values if value}

    def methods(self) -> Iterator[tuple[MethodDescriptor, Any]]:
        """Yield every method of the image: its descriptor, and its proto with the options."""
        for file in self.files:
            for service in file.service:
                found = self.pool.FindServiceByName(_join(file.package, service.name))
                yield from ((found.methods_by_name[method.name], method) for method in service.method)

    def _load(self, data: bytes) -> None:
        bare = DescriptorPool()  # knows descriptor.proto and no option at all
        bare.AddSerializedFile(descriptor_pb2.DESCRIPTOR.serialized_pb)
        try:
            raw = {file.name: file for file in _parse(bare, data).file}
        except DecodeError as error:
            raise ImageError("this is no serialized FileDescriptorSet") from error
        added: set[str] = set()
        for name in (*raw, _DESCRIPTOR_PROTO):
            self._add(name, raw, added)

    def _add(self, name: str, raw: dict[str, Any], added: set[str]) -> None:
        if name in added:
            return
        added.add(name)
        file = raw[name] if name in raw else _installed(name)
        for dependency in file.dependency:  # dependencies first: not every writer sorts
            self._add(dependency, raw, added)
        try:
            self.pool.AddSerializedFile(file.SerializeToString())
        except TypeError as error:  # how protobuf says that a file contradicts itself or another
            raise ImageError(f"{name} cannot be loaded: {error}") from error


def _parse(pool: DescriptorPool, data: bytes) -> Any:
    return GetMessageClass(pool.FindMessageTypeByName(_SET)).FromString(data)


def _installed(name: str) -> Any:
    """Return a google file that the image left out, from the installed packages."""
    if not name.startswith("google/"):
        raise ImageError(f"the image lacks {name}: build it with its imports")
    module = import_module(name.removesuffix(".proto").replace("/", ".") + "_pb2")
    return descriptor_pb2.FileDescriptorProto.FromString(module.DESCRIPTOR.serialized_pb)


def _messages_of(file: Any) -> Iterator[tuple[str, Any]]:
    pending = [(file.package, message) for message in file.message_type]
    while pending:
        scope, message = pending.pop()
        name = _join(scope, message.name)
        yield name, message
        pending.extend((name, nested) for nested in message.nested_type)


def _join(scope: str, name: str) -> str:
    return f"{scope}.{name}" if scope else name
