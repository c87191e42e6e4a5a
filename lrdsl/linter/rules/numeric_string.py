import re

from lrdsl.linter.context import LintContext
from lrdsl.linter.origin import SpecOrigin
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule

NUMBER = re.compile(r"([+-]?)(\d[\d_]*)?(\.[\d_]*)?(?:[eE]([+-]?)(\d+))?")


@rule("LR844", "numeric-string", needs=())
class NumericString(Rule):
    """PyYAML reads a number as text, as it does with `1e-4`.

    YAML 1.1, and PyYAML with it, wants a point in the mantissa and a sign in the exponent. lrdsl
    reads the text as the number that was meant, and so do Hydra, OmegaConf and readers of YAML 1.2;
    a program that loads the same file with PyYAML gets text, and fails on it, or sorts and compares
    text. hiyouga/LlamaFactory#4014, h2oai/h2o-llmstudio#699 and huggingface/trl#1450 are three of
    very many. A file does not show who reads it: the rule is quiet unless `pyyaml` is set, and for
    configs of Hydra and OmegaConf always.
    """

    pyyaml: bool = False
    """Whether the project loads its YAML files with PyYAML itself."""

    invalid = (
        case("1e-4", {"pyyaml": True}, origin=SpecOrigin(yaml_text_number=True)),
        case("3E5", {"pyyaml": True}, origin=SpecOrigin(yaml_text_number=True)),
        case("-2e3", {"pyyaml": True}, origin=SpecOrigin(yaml_text_number=True)),
    )
    valid = (
        case("1e-4", {"pyyaml": True}),
        case("1e-4", origin=SpecOrigin(yaml_text_number=True)),
        case("1.0e-4", {"pyyaml": True}, origin=SpecOrigin(yaml_text_number=False)),
        case("cosine(1e-4, 0, 100)", {"pyyaml": True}, origin=SpecOrigin(yaml_text_number=True)),
    )

    def check(self, context: LintContext) -> Violations:
        text = context.source.strip()
        found = NUMBER.fullmatch(text) if self.pyyaml and context.origin.yaml_text_number else None
        if found is None:
            return
        sign, whole, fraction, exponent_sign, exponent = found.groups()
        number = f"{sign}{whole or 0}{fraction or '.0'}"
        if exponent is not None:
            number += f"e{exponent_sign or '+'}{exponent}"
        message = f"PyYAML reads `{text}` as text, not as a number"
        yield Violation(message, context.tree.span, f"write `{number}`", number)
