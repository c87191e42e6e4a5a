from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.syntax_queries import calls_of

UP = {"cyclic": "up", "torch.CyclicLR": "step_size_up"}
"""The parameter for half a cycle, by definition."""


@rule("LR838", "cyclic-half-cycle", "hint", needs=("rate",))
class CyclicHalfCycle(Rule):
    """Half a cycle of a cyclic learning rate is shorter than 2 epochs or longer than 10.

    Smith (arXiv:1506.01186) finds 2 to 10 epochs to work well. The default of torch and its kin,
    2000 updates, may be a fraction of an epoch or dozens of them; tensorflow/addons#2181 asks
    whether that number counts updates or epochs.
    """

    shortest: float = 2
    longest: float = 10
    """The recommended length of half a cycle, in epochs."""

    invalid = (
        case("cyclic(0.1, 0.3, 50)", steps_per_epoch=500),
        case("cyclic(0.1, 0.3, 50ep)", steps_per_epoch=500),
        case("torch.CyclicLR(0.1, 0.3)", steps_per_epoch=5000),
    )
    valid = (
        case("cyclic(0.1, 0.3, 4ep)", steps_per_epoch=500),
        case("cyclic(0.1, 0.3, 50)"),
        case("torch.CyclicLR(0.1, 0.3)", steps_per_epoch=500),
        case("cyclic(0.1, 0.3, 10ep)", steps_per_epoch=33.3),
    )

    def check(self, context: LintContext) -> Violations:
        epoch = context.run.epoch
        if epoch is None:
            return
        for call in calls_of(context, *UP):
            node = call.arguments.get(UP[call.name])
            updates = None if node is None else context.updates(node)
            if node and updates and not self.shortest <= updates / epoch <= self.longest:
                message = f"half a cycle lasts {float(updates / epoch):.3g} epochs"
                fix = f"choose {self.shortest:g} to {self.longest:g} epochs, for example `4ep`"
                yield Violation(message, node.span, fix)
