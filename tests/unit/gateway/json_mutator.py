"""JSON that went wrong at random."""

import re


class Mutator:
    """Changes JSON values, and then their text, in the ways clients get it wrong."""

    def __init__(self, random):
        self.random = random

    def value(self, value):
        """Return `value` with one of its parts replaced, removed, renamed or doubled."""
        if isinstance(value, dict) and value and self.random.randint(0, 3):
            return self._object(dict(value))
        if isinstance(value, list) and value and self.random.randint(0, 3):
            at = self.random.randint(0, len(value) - 1)
            return [*value[:at], self.value(value[at]), *value[at + 1 :]]
        return self._wild(value)

    def text(self, text):
        """Return the JSON text with a piece cut out, doubled or put in."""
        at = self.random.randint(0, len(text))
        to = min(len(text), at + self.random.randint(0, 6))
        pieces = ["", text[at:to] * 2, '"a":1,', "NaN", "[", "}", "\\ud800", "0", "-", ".5", "e999", '"', "\ufeff", " "]
        return text[:at] + self.random.choice(pieces) + text[to:]

    def _object(self, value):
        key = self.random.choice(sorted(value))
        item = value.pop(key)
        change = self.random.randint(0, 5)
        if change <= 2:
            value[key] = self.value(item)
        elif change == 3:
            value[self.random.choice([_snake(key), "nope", "[second.v1.size_ext]", "[no.such]", key.upper()])] = item
        elif change == 4:
            value |= {key: item, _snake(key): item}
        return value

    def _wild(self, value):
        near = [str(value), [value], {"a": value}, {"@type": "x/kinds.v1.Kinds"}, {"value": value}]
        words = [
            "",
            "NaN",
            "1",
            " 1",
            "1.0",
            "1e3",
            "-1.5",
            "+1",
            "1_0",
            "0x1",
            "true",
            "LARGE",
            "COLOR_RED",
            "AQ",
            "A?",
            "==",
        ]
        times = [
            "2026-01-02T03:04:05Z",
            "2026-1-2T3:4:5Z",
            "2026-01-02T24:00:00Z",
            "2026-01-02T03:04:05+24:00",
            "1s",
            "-.5s",
            "1.0000000001s",
        ]
        numbers = [
            0,
            1,
            -1,
            5,
            1.0,
            1.5,
            -0.0,
            2**31,
            2**53 + 1,
            2**63,
            2**64,
            -(2**63) - 1,
            1e39,
            3.4028235e38,
            1e300,
            10**400,
        ]
        others = [None, True, False, [], {}, [None], {"a": None}, "a,bC,,d_e", "\ud800", "9007199254740993e0"]
        return self.random.choice([*near, *words, *times, *numbers, *others])


def _snake(name):
    return re.sub("[A-Z]", lambda found: "_" + found[0].lower(), name)
