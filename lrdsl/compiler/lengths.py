"""Measuring: how long each term is by its own durations, without those of its neighbours."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from lrdsl import diagnostics as diag
from lrdsl.compiler.argument_values import Arguments
from lrdsl.compiler.environment import Environment
from lrdsl.compiler.evaluate import decide
from lrdsl.compiler.ir import (
    Apply,
    Called,
    Choice,
    Clock,
    EntryTerm,
    InUpdates,
    Modify,
    Poison,
    Reference,
    Scalar,
    Sequence,
    ShapeCall,
    Term,
)
from lrdsl.diagnostics import Mistake, Mistakes
from lrdsl.language.length import (
    ENDLESS,
    Exact,
    Length,
    as_time,
    divisible,
    longest,
    round_half_up,
    rounded,
)
from lrdsl.language.modifiers import Modifier
from lrdsl.language.modifiers.interval import Entry
from lrdsl.language.parameters import Kind, ParameterError
from lrdsl.language.signal import LAST_STEP, ConstantSignal
from lrdsl.syntax import ast
from lrdsl.syntax.unparse import unparse, unparse_short


class Measured(NamedTuple):
    """A term with its length, in an environment.

    `length` is None for a term that fills the rest of the run. A plain number has no length at all
    and lets the others decide (`is_number`). `fixed` is the part of the length that is known of a
    chain that fills the rest. A term that never ends only for want of a total (`by_default`) would
    rather fill the rest when something follows. `cause` is the node that sets the length.

    A term that is not `is_sound` has a mistake, which has been reported, and no length.
    """

    term: Term
    environment: Environment
    cause: ast.Node
    is_sound: bool = True
    length: Length | None = None
    is_number: bool = False
    by_default: bool = False
    fixed: Exact = 0
    parts: tuple[Measured, ...] = ()
    """The terms inside; of a modifier the source, then the values of its entries."""
    starts: tuple[Exact | None, ...] = ()
    """Where the entries in brackets start."""
    modifier: Modifier | None = None
    """The modifier with its parameters; its entries have lengths, but no signals yet."""


class Measurer(NamedTuple):
    """Measures the terms of one spec."""

    arguments: Arguments
    mistakes: Mistakes

    def measure(self, term: Term, environment: Environment) -> Measured:
        """How long a term is; of a condition, how long the chosen term is."""
        match term:  # the most frequent first
            case ShapeCall():
                return self._shape(term, environment)
            case Scalar() | InUpdates() | Reference():
                return Measured(term, environment, term.node, True, ENDLESS, is_number=True)
            case Clock():
                return Measured(term, environment, term.node, True, ENDLESS)
            case Apply():
                return self._pointwise(term, environment)
            case Sequence():
                return self._chain(term, environment)
            case Modify():
                return self._modified(term, environment)
            case Choice():
                chosen = self._decide(term.condition)
                if chosen is not None:
                    return self.measure(term.then if chosen else term.otherwise, environment)
            case Called(inner=inner):
                body = self.measure(inner, Environment(0, environment.rest, environment))
                return body._replace(
                    term=term, environment=environment, parts=(body,), modifier=None
                )
            case Poison(parts=parts):
                found = tuple([self.measure(part, environment) for part in parts])
                return _faulty(term, environment, found)
        return _faulty(term, environment)

    def complain(
        self, problem: diag.Problem, message: str, node: ast.Node, fix: str | None = None
    ) -> None:
        """Report a mistake at a node."""
        self.mistakes.found.append(Mistake(problem, message, node.span, None, fix))

    def needs_total(self, node: ast.Node) -> None:
        """Report a term that fills the rest of a run whose length is unknown."""
        message = f"`{unparse_short(node)}` has no length, and total_steps is not known"
        self.complain(diag.NEEDS_CONTEXT, message, node, "give its steps, or pass total_steps=…")

    def _decide(self, condition: ast.Node) -> bool | None:
        return decide(condition, self.arguments.context, self.mistakes)

    def _updates(self, node: ast.Node, where: str, environment: Environment) -> Exact | None:
        return self.arguments.updates(node, where, environment)

    def _pointwise(self, term: Apply, environment: Environment) -> Measured:
        parts = tuple([self.measure(part, environment) for part in term.parts])
        if not all([part.is_sound for part in parts]):
            return _faulty(term, environment, parts)
        lengths = [part.length for part in parts if not part.is_number]
        known = [length for length in lengths if length is not None]
        length: Length | None = ENDLESS
        if None in lengths and ENDLESS not in known:
            length = None
        elif known:
            length = longest(known)
        is_number = not lengths
        return Measured(term, environment, term.node, True, length, is_number, parts=parts)

    def _shape(self, term: ShapeCall, environment: Environment) -> Measured:
        node = term.node
        is_given = "steps" in term.arguments or "until" in term.arguments
        if not term.sound:
            if is_given:
                self._given_length(term, environment)  # it may have mistakes of its own
            return _faulty(term, environment)
        if term.signature.bracket:
            starts = self._starts(term.entries, environment)
            if not starts or starts[-1] is None:
                return _faulty(term, environment)
            return Measured(term, environment, node, True, starts[-1], starts=starts)
        if not term.signature.has(Kind.STEPS):
            return Measured(term, environment, node, True, ENDLESS)
        if is_given:
            length = self._given_length(term, environment)
            return Measured(term, environment, node, length is not None, length)
        is_endless = (
            term.signature.cls.allows_no_length and self.arguments.context.total_steps is None
        )
        length_or_rest = ENDLESS if is_endless else None
        return Measured(term, environment, node, True, length_or_rest, by_default=is_endless)

    def _given_length(self, term: ShapeCall, environment: Environment) -> Exact | None:
        """The length that `steps` or `until` sets."""
        steps, until = term.arguments.get("steps"), term.arguments.get("until")
        where = until if steps is None else steps
        assert where is not None
        if steps is not None:
            length = self._updates(steps, f"`steps` of `{term.signature.name}`", environment)
        else:
            length = self._until(term, where, environment)
        if length is None or 0 < length <= LAST_STEP:
            return length
        why = "which is longer than any run" if length > 0 else "but it needs more than 0"
        fix = "leave the segment out" if length == 0 else None
        message = f"the segment has {float(length):g} updates, {why}"
        self.complain(diag.BAD_LENGTH, message, where, fix)
        return None

    def _until(self, term: ShapeCall, node: ast.Node, environment: Environment) -> Exact | None:
        end = self._updates(node, f"`until` of `{term.signature.name}`", environment)
        clock = environment.clock
        if end is None:
            return None
        if clock is None:
            message = "`until` cannot set a length here: the start of the segment is unknown"
            fix = "a segment before it has no length: give `steps`"
            self.complain(diag.NO_LENGTH, message, node, fix)
            return None
        if end <= clock:
            message = f"the segment starts at update {float(clock):g}, after it would end"
            self.complain(diag.BAD_LENGTH, message, node)
            return None
        return end - clock

    def _chain(self, term: Sequence, environment: Environment) -> Measured:
        at: Exact | None = 0  # unknown after a part that fills the rest
        rest = environment.rest
        parts: list[Measured] = []
        fixed: Exact = 0
        open_part: ast.Node | None = None
        is_sound = True
        for i, inner in enumerate(term.parts):
            left = None if at is None or rest is None else rest - at
            part = self.measure(inner, Environment(at, left, environment.caller))
            following = term.parts[i + 1] if i + 1 < len(term.parts) else None
            if part.by_default and following is not None:
                part = part._replace(length=None)
            parts.append(part)
            if not part.is_sound:
                is_sound, at = False, None
                continue
            fixed += part.fixed
            length = part.length
            if length is None:
                if open_part is not None:
                    self._two_open(open_part, inner.node)
                    is_sound = False
                open_part, at = inner.node, None
            elif length is not ENDLESS:
                fixed += length
                at = None if at is None else at + length
            elif following is not None:
                self._never_ends(inner, following)
                is_sound, at = False, None
        if not is_sound:
            return _faulty(term, environment, tuple(parts))
        found = Measured(term, environment, term.node, parts=tuple(parts), fixed=fixed)
        if parts[-1].length is ENDLESS:
            return found._replace(length=ENDLESS, by_default=parts[-1].by_default)
        if open_part is not None:
            return found._replace(cause=open_part)
        return found._replace(length=fixed, fixed=0)

    def _never_ends(self, part: Term, following: Term) -> None:
        text, next_text = unparse(part.node), unparse_short(following.node)
        fix = "give it a length with `| take(steps)`"
        if isinstance(part, Scalar):
            fix = f"write `constant({text}, steps)`"
        message = f"`{text}` never ends, but `{next_text}` follows"
        self.complain(diag.NEVER_ENDS, message, part.node, fix)

    def _two_open(self, first: ast.Node, second: ast.Node) -> None:
        message = (
            f"`{unparse_short(first)}` and `{unparse_short(second)}` both lack a length,"
            " and only one segment of a chain can fill the rest"
        )
        self.complain(diag.TWO_OPEN, message, second, "give one of them its steps")

    def _modified(self, term: Modify, environment: Environment) -> Measured:
        inside = environment
        if term.cls.warps_time:
            inside = Environment(0, None, environment.caller)
        source = self.measure(term.source, inside)
        if term.entries:
            measured = self._entries(term, environment, source)
        else:
            modifier = self._modifier(term, environment)
            parts = (source,)
            measured = Measured(term, environment, term.node, parts=parts, modifier=modifier)
        if not source.is_sound or measured.modifier is None:
            return measured._replace(is_sound=False)
        return self._modified_length(term, measured, source, measured.modifier)

    def _modified_length(
        self, term: Modify, measured: Measured, source: Measured, modifier: Modifier
    ) -> Measured:
        """The measured term with its length."""
        faulty = measured._replace(is_sound=False)
        length = source.length
        if modifier.needs_end is not None and length is ENDLESS:
            message = f"`{unparse_short(term.source.node)}` never ends, {modifier.needs_end}"
            self.complain(diag.NEVER_ENDS, message, term.source.node, "give it a length")
            return faulty
        if length is None:
            # A source that fills the rest still does, unless the modifier sets a length.
            if modifier.room(Fraction(1)) is not None:
                return measured
            length = measured.environment.rest
            if length is None:
                self.needs_total(source.cause)
                return faulty
        try:
            found = modifier.length(divisible(length))
        except ParameterError as error:
            where = term.arguments.get(error.parameter, term.node)
            self.complain(error.problem, error.message, where, error.fix)
            return faulty
        if found is ENDLESS:
            return measured._replace(
                length=found, is_number=source.is_number, by_default=source.by_default
            )
        if found > LAST_STEP:
            self.complain(diag.BAD_LENGTH, "this is longer than any run", term.node)
            return faulty
        return measured._replace(length=found)

    def _modifier(self, term: Modify, environment: Environment) -> Modifier | None:
        """A modifier with its parameters, which depend on no neighbours."""
        name = term.cls.name
        known = self.arguments.durations(term.parameters, term.arguments, name, environment)
        call = (name, term.node.span)
        fields = self.arguments.fields(term.parameters, term.arguments, call, known)
        if fields is None or not term.sound:
            return None
        modifier: Modifier | None = self.arguments.make(term.cls, fields, term.node, term.arguments)
        return modifier

    def _entries(self, term: Modify, environment: Environment, source: Measured) -> Measured:
        """The modifier with its entries and their lengths; None as modifier if one is at fault."""
        entries: list[Entry] = []
        parts = [source]
        starts = self._starts(term.entries, environment)
        for entry, start in zip(term.entries, starts, strict=True):
            assert isinstance(entry.value, Term)
            stop = self._entry_stop(entry, start, environment)
            rest = environment.rest
            left = None if rest is None or start is None else rest - start
            inside = Environment(0, left, environment.caller)
            parts.append(self.measure(entry.value, inside))
            length = self._entry_length(parts[-1], start, stop)
            if start is not None and stop is not None and length is not None:
                stop_time = as_time(rounded(stop))
                signal = ConstantSignal(1.0, "")
                entries.append(Entry(round_half_up(start), stop_time, entry.factor, signal, length))
        is_sound = len(entries) == len(term.entries)
        modifier = term.cls.model_validate({"entries": tuple(entries)}) if is_sound else None
        return Measured(
            term,
            environment,
            term.node,
            parts=tuple(parts),
            starts=starts,
            modifier=modifier,
        )

    def _entry_length(
        self, value: Measured, start: Exact | None, stop: Length | None
    ) -> Length | None:
        """How long an entry changes something; None where that is at fault."""
        if start is None or stop is None or not value.is_sound:
            return None
        length = value.length
        if value.is_number:
            length = 0
        elif length is None:
            rest = value.environment.rest
            if rest is None:
                self.needs_total(value.cause)
                return None
            length = max(rest, 0)
        # At its stop the value is back to what it was: a change, too.
        return length if stop is ENDLESS else stop - start

    def _entry_stop(
        self, entry: EntryTerm, start: Exact | None, environment: Environment
    ) -> Length | None:
        if entry.stop is None:
            return ENDLESS
        stop = self._updates(entry.stop, "the end of an entry", environment)
        if start is not None and stop is not None and stop <= start:
            message = f"the range ends at {unparse(entry.stop)}, before it has started"
            self.complain(diag.UNSORTED, message, entry.stop, "write `start..stop`")
            return None
        return stop

    def _starts(
        self, entries: tuple[EntryTerm, ...], environment: Environment
    ) -> tuple[Exact | None, ...]:
        """Where entries in brackets start, checked to increase."""
        found: list[Exact | None] = []
        latest: tuple[Exact, ast.Node] | None = None
        for entry in entries:
            start = self._updates(entry.start, "the start of an entry", environment)
            if start is not None and start < 0:
                message = "an entry cannot start before update 0"
                self.complain(diag.BAD_LENGTH, message, entry.start)
                start = None
            elif start is not None and latest is not None and start <= latest[0]:
                message = (
                    f"the entries must increase, but {unparse(entry.start)} follows"
                    f" {unparse(latest[1])}"
                )
                self.complain(diag.UNSORTED, message, entry.start, "put them in order")
                start = None
            elif start is not None:
                latest = (start, entry.start)
            found.append(start)
        return tuple(found)


def _faulty(term: Term, environment: Environment, parts: tuple[Measured, ...] = ()) -> Measured:
    """A term with a mistake; `parts` are those inside, which may have more of them."""
    return Measured(term, environment, term.node, is_sound=False, parts=parts)
