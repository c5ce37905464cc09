"""Path templates of google.api.http as OpenAPI writes them.

OpenAPI's parameters take a segment each, so `/v1/{name=shelves/*/books/*}` is `/v1/shelves/{shelf}/books/{book}`.
"""

import re
from dataclasses import dataclass, replace

from gateway.template import Template, Variable

_SINGULAR = (("ies", "y"), ("ves", "f"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh"), ("s", ""))


@dataclass(frozen=True, slots=True)
class PathParameter:
    """One parameter of an expanded path."""

    name: str
    field_path: str
    """The field of the request whose value it is, or is a part of; empty when no field takes it."""
    pattern: str = ""
    """The pattern it is a part of, such as `shelves/*`; empty when the parameter is the field's whole value."""
    is_multi: bool = False
    """Whether it may hold several segments."""


@dataclass(frozen=True, slots=True)
class ExpandedPath:
    """A path with its parameters in braces, in order."""

    text: str
    parameters: tuple[PathParameter, ...]

    @property
    def shape(self) -> str:
        """The path without its parameters' names: two paths of one shape are the same to OpenAPI."""
        return re.sub(r"{[^}]*}", "{}", self.text)

    def renamed(self, names: list[str]) -> "ExpandedPath":
        """Return the same path with other names for its parameters."""
        left = iter(names)
        text = re.sub(r"{[^}]*}", lambda _: f"{{{next(left)}}}", self.text)
        pairs = zip(self.parameters, names, strict=True)
        return ExpandedPath(text, tuple(replace(parameter, name=name) for parameter, name in pairs))


def expand(template: Template) -> ExpandedPath:
    """Return a template as OpenAPI writes it."""
    parameters: list[PathParameter] = []
    pieces: list[str] = []
    for index, segment in enumerate(template.segments):
        if segment not in ("*", "**"):
            pieces.append(segment)
            continue
        taken = {each.name for each in parameters} | {variable.field_path for variable in template.variables}
        parameter = _parameter(template, index, taken)
        parameters.append(parameter)
        pieces.append(f"{{{parameter.name}}}")
    verb = f":{template.verb}" if template.verb else ""
    return ExpandedPath(f"/{'/'.join(pieces)}{verb}", tuple(parameters))


def _parameter(template: Template, index: int, taken: set[str]) -> PathParameter:
    is_multi = template.segments[index] == "**"
    variable = next((each for each in template.variables if _holds(each, index)), None)
    if variable is not None:
        pattern = "/".join(template.segments[variable.start : variable.end])
        if pattern in ("*", "**"):
            return PathParameter(variable.field_path, variable.field_path, is_multi=is_multi)
        name = _free(_name_after(template, index), taken)
        return PathParameter(name, variable.field_path, pattern, is_multi)
    return PathParameter(_free(_name_after(template, index), taken), "", is_multi=is_multi)


def _holds(variable: Variable, index: int) -> bool:
    return variable.start <= index and (variable.end is None or index < variable.end)


def _name_after(template: Template, index: int) -> str:
    """Return a name for what follows a collection, such as `shelf` after `shelves`."""
    before = template.segments[index - 1] if index else ""
    word = re.sub(r"\W", "_", before)
    if not word.strip("_*"):
        return "segment"
    for plural, singular in _SINGULAR:
        if word.endswith(plural) and len(word) > len(plural) + 1:
            return word.removesuffix(plural) + singular
    return word


def _free(name: str, taken: set[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free
