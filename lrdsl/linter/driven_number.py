"""The number that a spec drives: a learning rate, or something else.

Rules about learning rates are quiet for all other numbers. This is the one place that decides.
"""

from __future__ import annotations

import re

from lrdsl.linter.origin import SpecOrigin

_PART = re.compile(r"[^.\[\]]+")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_RATE = re.compile(
    r"(?<!\S)(?:(?:base|max|min|peak|init|start|end|final)?lrs?|lrf|lrate|learning ?rates?|eta)"
    r"(?!\S)"
)


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


_UNSPECIFIC = _listed(
    """
    spec specs schedule schedules scheduler schedulers sched scheds plan policy text program
    value train training pretrain pretraining finetune finetuning run main default base my new
    old own phase stage part step warmup warm cosine cos linear poly polynomial wsd onecycle
    constant const decay cooldown optimizer optim opt config cfg args params recipe one two
    first second last head body backbone group groups a b c x y s f n d g model network agent
    it this
    """
)
"""Words that do not say which number it is."""

_OTHERS = _listed(
    """
    epsilon eps exploration explore beta betas alpha gamma lambda tau ema swa polyak momentum
    momenta temperature temp stddev std sigma noise variance kl elbo entropy coef coefficient
    weight weights wd dropout drop smoothing prob probability ratio mask masking clip clipping
    norm penalty reg regularization regularizer loss gp guidance scale mix mixup cutmix
    augment augmentation size batch batches length seq sequence context tokens difficulty
    curriculum teacher student forcing sampling discount horizon gae target margin threshold
    sparsity pruning prune bits precision rank
    """
)
"""Words of numbers that are no learning rates."""


def drives_rate(origin: SpecOrigin) -> bool:
    """Whether a spec drives a learning rate, or may: nothing says that it is another number.

    In a program its name there tells; elsewhere the key that it stands under, or the name that the
    code gives it. Of a key such as `schedule.spec` what is around it tells.

    >>> [drives_rate(SpecOrigin(key=key)) for key in ("optim.lr0", "scheduler.spec", "epsilon")]
    [True, True, False]
    >>> drives_rate(SpecOrigin(key="lr.decay.spec")), drives_rate(SpecOrigin(key="ema.schedule"))
    (True, False)
    >>> drives_rate(SpecOrigin(drives="weight_decay")), drives_rate(SpecOrigin())
    (False, True)
    """
    if origin.drives is not None:
        return _is_rate(_words(origin.drives))
    parts = [_words(part) for part in _PART.findall(origin.key) if not part.isdecimal()]
    for depth, own in reversed([*enumerate([_words(origin.assigned_to), *parts])]):
        if _is_rate(own):
            return True
        if not _OTHERS.isdisjoint(own):
            return False
        if depth and depth == len(parts) and not _UNSPECIFIC.issuperset(own):
            # The key of the text itself names some number; what is around it may say of what kind.
            return any([_is_rate(part) for part in parts])
    return True


def _words(name: str) -> tuple[str, ...]:
    """The words of a name, in small letters, without numbers.

    >>> _words("maxLearningRate"), _words("lr0")
    (('max', 'learning', 'rate'), ('lr',))
    """
    return tuple([word.lower() for word in _WORD.findall(name)])


def _is_rate(words: tuple[str, ...]) -> bool:
    return _RATE.search(" ".join(words)) is not None
