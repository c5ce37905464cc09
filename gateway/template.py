"""Path templates of `google.api.http`, such as `/v1/{name=shelves/*}:archive`, as data.

The grammar is the one of google/api/http.proto: segments parted by `/`, each a literal, `*` (one segment), `**` (all
that are left, at the end only) or a variable, and at most one `:verb` after them.
"""

import re
from dataclasses import dataclass

_LITERAL = re.compile(r"[A-Za-z0-9._~!$&'()+,;=@%-]+")
_FIELD_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)


class TemplateError(ValueError):
    """A template does not follow the grammar; the message says where."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A field that takes the segments `start` to `end` (None: to the last one) of the path."""

    field_path: str
    start: int
    end: int | None
    is_multi: bool
    """Whether more than one segment may stand here; then an encoded slash stays encoded."""


@dataclass(frozen=True, slots=True)
class Template:
    """One parsed template. `segments` are literals, `*` and `**`; `verb` is empty when there is none."""

    text: str
    segments: tuple[str, ...]
    variables: tuple[Variable, ...]
    verb: str

    @property
    def is_literal(self) -> bool:
        """Whether exactly one path matches."""
        return "*" not in self.segments and "**" not in self.segments


def parse(text: str) -> Template:
    """Read a template; TemplateError when it breaks the grammar."""
    if not text.startswith("/"):
        raise TemplateError(f"{text!r} does not begin with '/'")
    if text == "/":
        return Template(text, ("",), (), "")
    *pieces, last = _pieces(text)
    last, verb = _verb(last, text)
    segments: list[str] = []
    variables: list[Variable] = []
    for piece in (*pieces, last):
        inner = _take_variable(piece, len(segments), variables, text) if piece[:1] == "{" else [piece]
        segments.extend(_segment(part, text) for part in inner)
    if "**" in segments[:-1]:
        raise TemplateError(f"{text!r}: '**' may only stand at the end")
    names = [variable.field_path for variable in variables]
    if len(set(names)) < len(names):
        raise TemplateError(f"{text!r} binds one variable twice")
    return Template(text, tuple(segments), tuple(variables), verb)


def _pieces(text: str) -> list[str]:
    """Part a template at the slashes that stand outside braces."""
    pieces = [""]
    inside = False
    for char in text[1:]:
        if char in "{}":
            if inside == (char == "{"):
                raise TemplateError(f"{text!r}: braces do not pair")
            inside = not inside
        if char == "/" and not inside:
            pieces.append("")
        else:
            pieces[-1] += char
    if inside:
        raise TemplateError(f"{text!r}: a brace is not closed")
    return pieces


def _verb(piece: str, text: str) -> tuple[str, str]:
    tail = piece.rpartition("}")[2]
    if ":" not in tail:
        return piece, ""
    verb = tail.partition(":")[2]
    if not _LITERAL.fullmatch(verb):
        raise TemplateError(f"{text!r}: {verb!r} is no verb")
    return piece[: -len(verb) - 1], verb


def _take_variable(piece: str, start: int, variables: list[Variable], text: str) -> list[str]:
    if not piece.endswith("}"):
        raise TemplateError(f"{text!r}: a variable is a whole segment")
    field_path, equals, pattern = piece[1:-1].partition("=")
    if not _FIELD_PATH.fullmatch(field_path):
        raise TemplateError(f"{text!r}: {field_path!r} is no field path")
    parts = pattern.split("/") if equals else ["*"]
    is_open = parts[-1] == "**"
    end = None if is_open else start + len(parts)
    variables.append(Variable(field_path, start, end, is_open or len(parts) > 1))
    return parts


def _segment(part: str, text: str) -> str:
    if part in ("*", "**") or _LITERAL.fullmatch(part):
        return part
    raise TemplateError(f"{text!r}: {part!r} is no segment")
