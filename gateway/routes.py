"""Which route takes a path: a trie over the path's raw segments.

A literal wins over `*`, and `*` over `**`; where the rest of the path does not match, the search falls back. Nothing is
decoded here, so an encoded slash or colon never changes the way.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from gateway.template import Template

Target = TypeVar("Target")
Methods = dict[str, Target]

ANY_METHOD = "*"
"""The kind of a custom rule that leaves the HTTP method open."""


class RouteError(ValueError):
    """Two rules want the same method and path."""


@dataclass(slots=True)
class _Node(Generic[Target]):
    """A place in the trie; `ends` and `rest` hold methods by verb, for paths that end here and for `**`."""

    literals: dict[str, "_Node[Target]"] = field(default_factory=dict)
    star: "_Node[Target] | None" = None
    ends: dict[str, Methods[Target]] = field(default_factory=dict)
    rest: dict[str, Methods[Target]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Match(Generic[Target]):
    """A route found, and the path's raw segments without the verb (none for a literal path)."""

    target: Target
    segments: list[str]


class Routes(Generic[Target]):
    """All routes; iterating gives each target once, in the order of adding."""

    def __init__(self) -> None:
        self._root: _Node[Target] = _Node()
        self._literal: dict[str, Methods[Target]] = {}
        self._targets: list[Target] = []

    def __iter__(self) -> Iterator[Target]:
        """Iterate over the targets."""
        return iter(self._targets)

    def add(self, method: str, template: Template, target: Target, *, trailing_slash: bool = False) -> None:
        """Route `method` on `template` to `target`; with `trailing_slash` also with a slash at the path's end."""
        self._targets.append(target)
        self._register(method, template, template.segments, target)
        if trailing_slash and not template.verb and template.segments[-1] not in ("", "**"):
            self._register(method, template, (*template.segments, ""), target)

    def find(self, method: str, path: str) -> Match[Target] | None:
        """Return the route of `method` on the raw `path`, or None."""
        literal = self._literal.get(path)
        if literal is not None and (target := _pick(literal, method)) is not None:
            return Match(target, [])
        for segments, verb in _readings(path):
            found = _Search[Target](segments, verb, method).walk(self._root, 0)
            if found is not None:
                return Match(found, segments)
        return None

    def allowed(self, path: str) -> list[str]:
        """Return the HTTP methods that `path` has, sorted.

        A path whose last segment looks like it has a verb has only those of that verb: a wrong verb is not found
        rather than a wrong method.
        """
        methods: set[str] = set()
        segments, verb = _readings(path)[0]
        _Search[Target](segments, verb, "", methods).walk(self._root, 0)
        return sorted(methods)

    def _register(self, method: str, template: Template, segments: tuple[str, ...], target: Target) -> None:
        node = self._root
        for segment in segments:
            node = node if segment == "**" else _step(node, segment)
        leaf = node.rest if segments[-1] == "**" else node.ends
        methods = leaf.setdefault(template.verb, {})
        if method in methods:
            raise RouteError(f"{method} {template.text} is routed twice: {methods[method]} and {target}")
        methods[method] = target
        if template.is_literal:
            verb = f":{template.verb}" if template.verb else ""
            self._literal["/" + "/".join(segments) + verb] = methods


def _step(node: _Node[Target], segment: str) -> _Node[Target]:
    if segment != "*":
        return node.literals.setdefault(segment, _Node())
    if node.star is None:
        node.star = _Node()
    return node.star


def _readings(path: str) -> list[tuple[list[str], str]]:
    """Return the ways to read a path: with its verb, then with the verb's text as a part of the last segment."""
    segments = path[1:].split("/")
    stem, colon, verb = segments[-1].rpartition(":")
    if not colon:
        return [(segments, "")]
    return [([*segments[:-1], stem], verb), (segments, "")]


@dataclass(slots=True)
class _Search(Generic[Target]):
    """One walk through the trie; with `allowed` it collects every method on the way."""

    segments: list[str]
    verb: str
    method: str
    allowed: set[str] | None = None

    def walk(self, node: _Node[Target], index: int) -> Target | None:
        """Return what the segments from `index` on lead to, seen from `node`."""
        found = self._at(node.ends) if index == len(self.segments) else self._deeper(node, index)
        return self._at(node.rest) if found is None and node.rest else found

    def _deeper(self, node: _Node[Target], index: int) -> Target | None:
        segment = self.segments[index]
        found = None
        if (child := node.literals.get(segment)) is not None:
            found = self.walk(child, index + 1)
        if found is None and segment and node.star is not None:
            found = self.walk(node.star, index + 1)
        return found

    def _at(self, leaf: dict[str, Methods[Target]]) -> Target | None:
        methods = leaf.get(self.verb)
        if methods is None:
            return None
        if self.allowed is not None:
            self.allowed.update(methods)
        return _pick(methods, self.method)


def _pick(methods: Methods[Target], method: str) -> Target | None:
    found = methods.get(method)
    return methods.get(ANY_METHOD) if found is None else found
