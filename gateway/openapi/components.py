"""`components/schemas` of one document: each shape once, under a name that says what it is.

A message may have several shapes: as answers hold it, as requests do, as a PATCH does, and without what the path says.
Names are given last, when all shapes are known, so that a message with one shape has its plain name.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from gateway.codec.names import JsonStyle

Schema = dict[str, Any]

_PREFIX = "#/components/schemas/"


class Form(Enum):
    """Where a message stands; the value ends its schema's name where answers have another one."""

    ANSWER = ""
    INPUT = "Input"
    PATCH = "Patch"


@dataclass(frozen=True, slots=True)
class View:
    """How clients see a message."""

    form: Form
    style: JsonStyle
    omitted: frozenset[str] = frozenset()
    """Paths of fields that are left out, since the URL's path holds them."""

    def within(self, field: FieldDescriptor) -> "View":
        """Return how they see the message that a field holds."""
        if field.is_repeated:  # a list or a map is replaced as a whole, and no path binds what is in it
            form = Form.INPUT if self.form is Form.PATCH else self.form
            return View(form, self.style)
        prefix = f"{field.name}."
        omitted = (path.removeprefix(prefix) for path in self.omitted if path.startswith(prefix))
        return replace(self, omitted=frozenset(omitted))


@dataclass(frozen=True, slots=True)
class Shape:
    """What a schema is of."""

    full_name: str
    short_name: str
    """Within its package, such as `Outer.Inner`."""
    view: View


def shape_of(kind: Descriptor | EnumDescriptor, view: View) -> Shape:
    """Return the shape of a message or enum."""
    package = kind.file.package
    short = kind.full_name.removeprefix(f"{package}.") if package else kind.full_name
    return Shape(kind.full_name, short, view)


class Components:
    """The schemas of one document, and every reference to them."""

    def __init__(self) -> None:
        self._fixed: dict[str, Schema] = {}
        self._built: dict[Shape, Schema] = {}
        self._references: list[tuple[Schema, Shape]] = []

    def add(self, name: str, schema: Schema) -> Schema:
        """Put a schema under a name of our own, once; return a reference."""
        self._fixed.setdefault(name, schema)
        return {"$ref": f"{_PREFIX}{name}"}

    def reference(self, shape: Shape, build: Callable[[], Schema]) -> Schema:
        """Return a new reference to a shape, which `build` makes when it is not there yet.

        The caller may add to the reference; where it leads stands in it once `named` has been called.
        """
        if shape not in self._built:
            self._built[shape] = {}  # before its fields: it may hold itself
            self._built[shape].update(build())
        reference: Schema = {"$ref": ""}
        self._references.append((reference, shape))
        return reference

    def named(self) -> dict[str, Schema]:
        """Give every shape its name; return all schemas by name."""
        twins = self._twins()
        names = self._names(twins)
        self._point(lambda shape: names[twins.get(shape, shape)])
        schemas = {names[shape]: schema for shape, schema in self._built.items() if shape not in twins}
        return dict(sorted((self._fixed | schemas).items()))

    def _twins(self) -> dict[Shape, Shape]:
        """Return the input shapes that look as in answers, with the shape they look like."""
        inputs = (shape for shape in self._built if shape.view.form is Form.INPUT)
        pairs = ((shape, replace(shape, view=replace(shape.view, form=Form.ANSWER))) for shape in inputs)
        twins = {shape: answer for shape, answer in pairs if answer in self._built}
        while True:  # two that differ make those differ that hold them
            self._point(lambda shape: str(twins.get(shape, shape)))
            different = [shape for shape, answer in twins.items() if self._opened(shape) != self._opened(answer)]
            if not different:
                return twins
            for shape in different:
                del twins[shape]

    def _opened(self, shape: Shape) -> Schema:
        """Return a schema without what it says of unknown fields: answers may get more, and then have two shapes."""
        return {name: value for name, value in self._built[shape].items() if name != "additionalProperties"}

    def _point(self, target: Callable[[Shape], str]) -> None:
        for reference, shape in self._references:
            reference["$ref"] = _PREFIX + target(shape)

    def _names(self, twins: dict[Shape, Shape]) -> dict[Shape, str]:
        owners = Counter(short for _, short in {(shape.full_name, shape.short_name) for shape in self._built})
        in_answers = {shape.full_name for shape in self._built if shape.view.form is Form.ANSWER}
        names: dict[Shape, str] = {}
        taken = set(self._fixed)
        for shape in sorted(
            self._built, key=lambda shape: bool(shape.view.omitted)
        ):  # the whole message's name is plain
            if shape in twins:
                continue
            is_clear = owners[shape.short_name] == 1 and shape.short_name not in self._fixed
            name = shape.short_name if is_clear else shape.full_name
            if shape.view.form is Form.PATCH or shape.full_name in in_answers:
                name += shape.view.form.value
            names[shape] = _free(name, taken)
            taken.add(names[shape])
        return names


def _free(name: str, taken: set[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}{number}"
    return free
