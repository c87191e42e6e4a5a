from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from lrdsl.diagnostics import Severity
from lrdsl.linter.rule import Case, Finding, Rule, case, rule
from lrdsl.linter.subject import Subject
from lrdsl.syntax import ast


@rule
class PresetAsSpec(Rule):
    """The name of a config of the group `schedule` stands where its spec belongs.

    `lr=wsd` puts the word `wsd` into the config; `schedule@lr=wsd` chooses the config of that name.
    The job fails when the spec is compiled, after it has waited for its machine. It is found where
    the place tells of the names.
    """

    code: ClassVar[str] = "LR845"
    name: ClassVar[str] = "preset-as-spec"
    severity: ClassVar[Severity] = "error"
    needs_schedule: ClassVar[bool] = False

    invalid: ClassVar[tuple[Case, ...]] = (
        case("warmup_cosine", facts={"preset_names": ["wsd", "warmup_cosine"]}),
        case("wsd", facts={"preset_names": ["wsd"]}),
        case("'poly'", facts={"preset_names": ["poly"]}),
    )
    valid: ClassVar[tuple[Case, ...]] = (
        case("warmup_cosine"),
        case("peak", facts={"preset_names": ["wsd"]}, peak=0.1),
        case("wsd", facts={"preset_names": ["wsd"]}, wsd=0.1),
        case("constant(0.1)", facts={"preset_names": ["constant"]}),
    )

    def check(self, subject: Subject) -> Iterator[Finding]:
        match subject.tree:
            case ast.Name(id=word) | ast.String(value=word):
                pass
            case _:
                return
        if word in (subject.facts.get("preset_names") or ()) and (
            word not in subject.context.variables
        ):
            message = f"`{word}` is the name of a config, not a spec"
            yield Finding(message, subject.tree.span, f"choose it with `schedule@lr={word}`")
