"""Names that other frameworks have for schedules, with what a spec says instead."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NOISE = re.compile(r"^get|schedule[rs]?|_|lr(?=$|schedule)", re.IGNORECASE)

_COSINE = "warmup(100) >> cosine()"
_RESTARTS = "restarts(base, period=300)"
_PIECES = "multistep(base, 0.1, [300, 600])"
_TRAPEZOID = "wsd(base, 100, 700, 200)"

SCHEDULES = {
    # transformers, DeepSpeed, Megatron, fairseq, NeMo, Lightning's and other recipes
    "constantwithwarmup": "warmup(100) >> constant()",
    "cosinewithwarmup": _COSINE,
    "cosineannealingwithwarmup": _COSINE,
    "cosineannealingwarmup": _COSINE,
    "cosinewithhardrestarts": _RESTARTS,
    "cosinewithhardrestartswithwarmup": f"warmup(100) >> {_RESTARTS}",
    "cosinewithrestarts": _RESTARTS,
    "cosinewithminlr": "warmup(100) >> cosine(_, 0.1 * base)",
    "cosinewarmup": _COSINE,
    "linearwarmupcosineannealing": _COSINE,
    "linearwarmupcosinedecay": _COSINE,
    "warmupcosine": _COSINE,
    "warmupcosineannealing": _COSINE,
    "linearwithwarmup": "warmup(100) >> linear()",
    "linearwarmup": "warmup(100)",
    "linearwarmuplineardecay": "warmup(100) >> linear()",
    "warmuplinear": "warmup(100) >> linear()",
    "warmupdecay": "warmup(100) >> linear()",
    "exponentialwarmup": "warmup(exponential, 100, 1e-6)",
    "polynomialwithwarmup": "warmup(100) >> polynomial()",
    "polynomialdecaywithwarmup": "warmup(100) >> polynomial()",
    "inversesqrtwithwarmup": "warmup(100) >> inverse_sqrt(base, warmup=100)",
    "inversesquareroot": "inverse_sqrt(base, warmup=100)",
    "rsqrt": "inverse_sqrt(base, warmup=100)",
    "warmupstabledecay": _TRAPEZOID,
    "trapezoid": _TRAPEZOID,
    "trapezoidal": _TRAPEZOID,
    "tristage": "warmup(100) >> hold(600) >> exponential(_, 0.01 * base, 300)",
    "warmuphold": "warmup(100) >> hold()",
    "warmupconstant": "warmup(100) >> constant()",
    # optax and Keras
    "cosinedecay": "cosine()",
    "warmupcosinedecay": _COSINE,
    "cosinedecayrestarts": _RESTARTS,
    "cosinerestarts": _RESTARTS,
    "cosineannealingrestarts": _RESTARTS,
    "cosineonecycle": "onecycle(base)",
    "linearonecycle": "onecycle(base)",
    "warmupexponentialdecay": "warmup(100) >> exponential_decay(_, 0.99)",
    "inversetimedecay": "inverse_time(base, 0.5)",
    "polynomialdecay": "polynomial()",
    "polydecay": "polynomial()",
    "lineardecay": "linear()",
    "piecewiseconstant": _PIECES,
    "piecewiseconstantdecay": _PIECES,
    "piecewiseinterpolate": "points[0:0, 100:1, 1000:0]",
    "piecewiselinear": "points[0:0, 100:1, 1000:0]",
    "multifactor": _PIECES,
    # timm, mmengine, detectron2, fvcore, ultralytics
    "cosineannealing": "cosine()",
    "halfcosine": "cosine()",
    "flatcosine": "hold(500) >> cosine()",
    "flatcosineannealing": "hold(500) >> cosine()",
    "multistepwithwarmup": f"warmup(100) >> {_PIECES}",
    "warmupmultistep": f"warmup(100) >> {_PIECES}",
    "stepdecay": "step(base, 0.1, 300)",
    "stepwithfixedgamma": "step(base, 0.1, 300)",
    # torch and its relatives
    "lambda": "base * 0.95 ** (t // 30)",
    "swa": "cosine(_, 0.05, 10) >> hold()",
    "cyclical": "cyclic(0.1 * base, base, 200)",
    "triangular": "cyclic(0.1 * base, base, 200)",
    "sigmoid": "tanh()",
    "lrrangetest": "exponential(1e-7, 10, 1000)",
}
"""The names of schedules, in the form that `plain_name` gives, with a spec of the kind."""

MODIFIERS = {
    "reduceonplateau": "plateau(0.5, 10)",
    "reducelronplateau": "plateau(0.5, 10)",
    "clamp": "clip(0, 1)",
    "limit": "clip(0, 1)",
    "bound": "clip(0, 1)",
    "cycle": "repeat()",
    "loop": "repeat()",
    "restart": "repeat()",
    "periodic": "repeat()",
    "truncate": "take(500)",
    "first": "take(500)",
    "until": "take(500)",
    "drop": "skip(100)",
    "offset": "skip(100)",
    "slow": "stretch(2)",
    "staircase": "every(100)",
}
"""The names of modifiers, likewise."""

VALUES = {
    "stepsperepoch": "epoch",
    "iterationsperepoch": "epoch",
    "itersperepoch": "epoch",
    "batchesperepoch": "epoch",
    "epochlength": "epoch",
    "totalsteps": "total",
    "numtrainingsteps": "total",
    "trainingsteps": "total",
    "maxsteps": "total",
    "numsteps": "total",
    "maxiters": "total",
    "totaliters": "total",
    "tmax": "total",
    "remaining": "rest",
    "baselr": "base",
    "initiallr": "base",
    "learningrate": "base",
    "lr": "base",
    "step": "t",
    "globalstep": "t",
    "iteration": "t",
    "previous": "prev",
    "last": "prev",
}
"""The names of numbers, likewise, with the word of the language."""


def plain_name(name: str) -> str:
    """A name without case, underscores, and words that all schedules have in theirs.

    >>> plain_name("get_cosine_schedule_with_warmup"), plain_name("CosineLRScheduler")
    ('cosinewithwarmup', 'cosine')
    """
    return _NOISE.sub("", name.rpartition(".")[2]).lower()


def same_last_component(name: str, known: Iterable[str]) -> str | None:
    """The known name whose last component is that of another, but for case and underscores.

    >>> same_last_component("torch.optim.lr_scheduler.StepLR", ["step", "torch.StepLR"])
    'torch.StepLR'
    """
    last = _last(name)
    found = [each for each in known if _last(each) == last]
    return min(found, key=_rank, default=None)


def _rank(name: str) -> tuple[object, ...]:
    return name.count("."), not name.startswith("torch."), name  # torch is what most know


def _last(name: str) -> str:
    """The last component of a name, without case and underscores."""
    return name.rpartition(".")[2].replace("_", "").lower()
