"""Specs, by the grammar, over all that can be called: sense, nonsense, and both of them broken."""

from __future__ import annotations

import functools

from lrdsl.language.catalog import Entry, entries
from tests.fuzz.choices import Choices

NUMBERS = (
    *("0", "1", "2", "3", "5", "10", "100", "0.1", "0.5", "1e-3", "1e-4", "0.9", "0.999", "1.5"),
    *("-1", "-0.0", "1e3", "1e6", "1e9", "1e12", "1e15", "9007199254740992", "9007199254740993"),
    *("1e-9", "1e-300", "5e-324", "1e-400", "1e200", "1e300", "1.7976931348623157e308", "1e400"),
    *("0.30000000000000004", "0.3333333333333333", "1_000", "2k", "3M", "1B", "1T", ".5"),
    *("2.", "7e179", "1e154", "-1e-3"),
)  # fmt: skip
DURATIONS = (
    *("0", "1", "2", "3", "5", "7", "10", "50", "100", "333", "1000", "1e6", "1e12", "2.5", "-3"),
    *("5%", "33%", "100%", "0.1dur", "1ep", "2.5ep", "0.5ep", "3ba", "8ksp", "2Btok", "1e-9%"),
    *("total", "rest", "epoch", "rest / 3", "total // 7", "n", "2 * n", "50% - 1", "t", "prev"),
)  # fmt: skip
CALM_NUMBERS = ("1", "0.1", "0.5", "1e-3", "0.25", "2", "1e-4", "0.9", "0.999", "3", "0.01")
CALM_DURATIONS = (
    "5",
    "10",
    "50",
    "3",
    "7",
    "100",
    "5%",
    "10%",
    "33%",
    "20",
    "total // 7",
    "1",
    "2.5%",
)
VALUES = ("base", "prev", "next", "_", "none", "pi", "t", "n", "peak", "inf", "true", "cycle", "lr")
RUNS: tuple[dict[str, object], ...] = (
    {"total_steps": 1000, "steps_per_epoch": 33.3, "samples_per_step": 8, "tokens_per_step": 1024,
     "base_lr": 0.1, "peak": 0.3, "n": 40},
    {"total_steps": 1000, "base_lr": 1.0, "n": 7, "peak": 1e-3},
    {"total_steps": 1, "steps_per_epoch": 0.1, "base_lr": 1e-300, "n": 0, "peak": 0},
    {"total_steps": 10**6, "steps_per_epoch": 1e5 / 3, "base_lr": 1e300, "n": 999, "peak": -1},
    {"total_steps": 10**12, "base_lr": 0.5, "n": 10**9, "peak": 1e-12},
    {"base_lr": 0.1},
    {"total_steps": 50},
    {},
)  # fmt: skip
"""What is known of a run, from all to nothing."""

WORDS = (
    *("(", ")", "[", "]", ",", ":", "=", ">>", "|", "+", "-", "*", "/", "//", "**", "..", "%", "'"),
    *("if", "else", "and", "or", "not", "def", "==", "<=", "#", "\n", "\r\n", " ", "\0", "\ufeff"),
    *("é", "\ud800", "😀", "${x}", "${oc.env:HOME}", "{", "}", '"', "\\", "@", ";", "->", "lambda"),
)  # fmt: skip


@functools.cache
def catalog() -> dict[str, tuple[Entry, ...]]:
    """All that can be called, by kind."""
    found: dict[str, list[Entry]] = {}
    for entry in entries():
        found.setdefault(entry.kind, []).append(entry)
    return {kind: tuple(each) for kind, each in found.items()}


class SpecWriter:
    """Writes a spec; `depth` is how deep parts may still be nested."""

    def __init__(self, choices: Choices) -> None:
        self.choices = choices
        calm = choices.chance(60)
        self.numbers = CALM_NUMBERS if calm else NUMBERS
        self.durations = CALM_DURATIONS if calm else DURATIONS
        self.values = ("base", "prev", "next", "_", "pi") if calm else VALUES
        """Most specs that make sense have numbers that do."""

    def spec(self, depth: int | None = None) -> str:
        """The text of a spec, with parts in parts so many levels deep, none or one as a rule."""
        depth = len(self.choices.some(0, 3)) if depth is None else depth
        pick = self.choices.below(10) if depth > 0 else 9
        if pick < 3:
            return " >> ".join([self.part(depth - 1) for _ in self.choices.some(2, 5)])
        if pick < 5:
            return self.modified(depth - 1)
        if pick < 6:
            operator = self.choices.pick(("+", "-", "*", "/", "**", "//"))
            return f" {operator} ".join([self.part(depth - 1) for _ in self.choices.some(2, 3)])
        if pick < 7:
            condition = self.condition()
            return f"{self.part(depth - 1)} if {condition} else {self.part(depth - 1)}"
        return self.leaf(depth)

    def part(self, depth: int) -> str:
        """A spec that can stand inside another, in brackets where it needs some, as a rule."""
        text = self.spec(depth)
        if depth <= 0 or self.choices.chance(5):
            return text
        is_one = " " not in text or not self.choices.chance(90)
        return text if is_one and self.choices.chance(90) else f"({text})"

    def modified(self, depth: int) -> str:
        """A spec under modifiers."""
        modifiers = [self.modifier(depth) for _ in self.choices.some(1, 3)]
        return " | ".join([self.part(depth), *modifiers])

    def modifier(self, depth: int) -> str:
        entry = self.choices.pick(catalog()["modifier"])
        if not entry.bracket:
            return self.call(entry, depth)
        return f"{entry.name}[{', '.join(self.entries(depth))}]"

    def entries(self, depth: int) -> list[str]:
        """The entries of an `interval`."""
        found, at = [], 0
        for _ in self.choices.some(1, 5):
            at += self.choices.pick((1, 3, 10, 0, 100))
            start = f"{at}" if self.choices.chance(80) else self.duration()
            stop = f"..{at + self.choices.below(20)}" if self.choices.chance(30) else ""
            factor = "*" if self.choices.chance(40) else ""
            value = self.value() if self.choices.chance(60) else self.part(depth - 1)
            found.append(f"{start}{stop}:{factor}{value}")
        return found

    def leaf(self, depth: int) -> str:
        """A call of a shape, a definition or a function, a number, or a name."""
        pick = self.choices.below(20)
        if pick < 11:
            return self.call(self.choices.pick(catalog()["shape"]), depth)
        if pick < 15:
            return self.call(self.choices.pick(catalog()["definition"]), depth)
        if pick < 17:
            function = self.choices.pick(catalog()["function"]).name
            given = [self.part(depth - 1) for _ in self.choices.some(1, 2)]
            if function in ("product", "sequence", "count"):
                given = [f"[{', '.join(given)}]", *["[10, 30]"] * (function == "sequence")]
            return f"{function}({', '.join(given)})"
        return self.value()

    def call(self, entry: Entry, depth: int) -> str:
        """A call with arguments that mostly fit their parameters."""
        if entry.bracket:
            points = [f"{10 * i}:{self.value()}" for i in self.choices.some(1, 4)]
            return f"{entry.name}[{', '.join(points)}]"
        given: list[str] = []
        is_named = False
        for row in entry.parameters:
            if row.default and self.choices.chance(40):
                is_named = True
                continue
            is_named = is_named or row.by_name or self.choices.chance(10)
            value = self.argument(row.kind, depth)
            given.append(f"{row.name}={value}" if is_named else value)
        if self.choices.chance(3):
            given.append(self.choices.pick(("until=50%", "steps=5", "1", "x=1", "closed=true")))
        return f"{entry.name}({', '.join(given)})"

    def argument(self, kind: str, depth: int) -> str:
        """An argument for a kind of parameter, as the catalog names it."""
        if self.choices.chance(2):
            kind = self.choices.pick(("a value", "a duration", "a list", "a schedule"))
        if "list" in kind and self.choices.chance(90):
            item = self.duration if "duration" in kind else self.value
            if "schedules" in kind:
                return f"[{', '.join([self.part(depth - 1) for _ in self.choices.some(0, 3)])}]"
            return f"[{', '.join([item() for _ in self.choices.some(0, 4)])}]"
        if "`" in kind:
            return self.choices.pick(kind.split("`")[1::2])
        if "curve" in kind:
            return self.choices.pick(catalog()["curve"]).name
        if "true" in kind:
            return self.choices.pick(("true", "false"))
        if "count" in kind:
            return self.choices.pick(("1", "2", "3", "10", "1000", "1e6", "inf", "0", "2.5"))
        if "duration" in kind:
            return self.duration()
        if "schedule" in kind and self.choices.chance(50):
            return self.part(depth - 1)
        return self.value()

    def duration(self) -> str:
        return self.choices.pick(self.durations)

    def value(self) -> str:
        pick = self.choices.below(10)
        if pick < 7:
            return self.choices.pick(self.numbers)
        if pick < 9:
            return self.choices.pick(self.values)
        operator = self.choices.pick(("+", "-", "*", "/", "**"))
        return f"{self.choices.pick(self.numbers)} {operator} {self.choices.pick(self.values)}"

    def condition(self) -> str:
        operator = self.choices.pick(("==", "!=", "<", ">="))
        left = self.choices.pick(("total", "base", "epoch", "n", "mode", "peak", "5%"))
        return f"{left} {operator} {self.choices.pick(('none', '_', '500', '10%', self.value()))}"

    def definitions(self) -> str:
        """The text of a few definitions, which call each other and what comes with lrdsl."""
        lines = []
        for i in self.choices.some(1, 3):
            comment = "  # why" if self.choices.chance(20) else ""
            default = f"={self.value()}" if self.choices.chance(50) else ""
            body = self.spec(2)
            if i and self.choices.chance(50):
                body = f"f{i - 1}({self.value()}) >> {body}"
            lines.append(f"def f{i}(n{default}) = {body}{comment}")
        return "\n".join(lines)


def broken(choices: Choices, text: str) -> str:
    """A text with a few pieces put in, taken out, doubled or moved."""
    for _ in choices.some(1, 4):
        at = choices.below(len(text) + 1)
        stop = min(len(text), at + choices.below(8))
        match choices.below(4):
            case 0:
                text = text[:at] + choices.pick(WORDS) + text[at:]
            case 1:
                text = text[:at] + text[stop:]
            case 2:
                text = text[:stop] + text[at:]
            case _:
                text = text[:at] + choices.pick((*NUMBERS, *DURATIONS, *VALUES)) + text[stop:]
    return text
