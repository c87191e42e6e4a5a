"""`LintCallback`: the linter before the jobs of a Hydra run, or of a whole sweep."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, open_dict

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import Diagnostic, Severity, counted, spec_error
from lrdsl.hydra.app_configs import AppConfigs
from lrdsl.hydra.compose_all import SpecsOfConfig, specs_of
from lrdsl.hydra.fit_overrides import MAX_JOBS, lost_choices, read_overrides
from lrdsl.hydra.resolve import plain
from lrdsl.hydra.sweeps import Job, Sweep, numbered, sweep_of
from lrdsl.linter.config import Project
from lrdsl.linter.lint_source import lint_snippet
from lrdsl.linter.source_file import Snippet
from lrdsl.linter.unchecked import OPEN, REFERENCE, Missing

Open: TypeAlias = tuple[str, str, tuple[Missing, ...]]
"""The key of a spec that is an open reference, the reference, and why it cannot be checked."""

_SHOWN = 4
_RANKS: tuple[Severity, ...] = ("error", "warning", "hint")


class LintCallback(Callback):
    """Lints every spec of the composed config before the job starts; with errors it does not.

    Under `--multirun` every job of the sweep is looked at before the first one starts; one whose
    config cannot be composed counts as an error. The findings are printed on standard error, with
    the config's key and in a sweep the job's overrides, and Hydra ends with exit code 1. Jobs that
    are not known ahead, since a sweeper chooses them, are looked at again when they start.

    It is switched on with `+hydra/callbacks=[lrdsl]` on the command line, or in a config with
    `- override hydra/callbacks: [lrdsl]` in its defaults. The options, each as
    `hydra.callbacks.lrdsl.fail_on=warning`:

    `fail_on` is what stops the run: `error`, the default, or `warning`, which errors are too.
    `select` and `ignore` are the codes or names of rules that are used and not used; `contracts` is
    what every schedule keeps, `{max: 0.1}`. They go before those of `[tool.lrdsl.lint]` in the
    pyproject.toml at or above the working directory. `exclude` holds globs of config keys: what
    stands there is no spec. `context` is what is known of the run where the config does not say it
    beside the spec, `{total_steps: ${steps}}`: the keyword arguments of `lrdsl.lint`. In a sweep
    each job's own counts. Raises `SpecError` for options and settings that are of no use.

    >>> from omegaconf import OmegaConf
    >>> LintCallback().on_run_start(OmegaConf.create({"lr": "warmup(100) >> cosine(1, 0, 800)"}))
    """

    def __init__(
        self,
        *,
        fail_on: Severity = "error",
        select: Sequence[str] | None = None,
        ignore: Sequence[str] = (),
        contracts: Mapping[str, Any] | None = None,
        exclude: Sequence[str] = (),
        context: Mapping[str, Any] | None = None,
    ) -> None:
        if fail_on not in ("error", "warning"):
            message = f"`fail_on` is `error` or `warning`, not {fail_on!r}"
            raise spec_error(diag.BAD_CONTEXT, message)
        self._stopping = {"error", fail_on}
        project = Project.load().with_options(
            select=select, ignore=ignore, context=context, contracts=contracts
        )
        self._settings = project.settings_for("")
        self._context = project.context
        self._exclude = tuple(exclude)
        self._is_checked = False
        self._is_first = True

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Lint the only job, before its folder is made."""
        self._is_checked = True
        overrides = list(config.get("hydra", {}).get("overrides", {}).get("task", []))
        specs = self._specs(config)
        self._stop_if_bad(
            {place: [] for place in specs.snippets},
            "the job was not started",
            lost=_lost(config, [overrides]),
            left_open=specs.open,
        )

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Lint every job of the sweep."""
        loader = GlobalHydra.instance().config_loader()
        sweep = sweep_of(config, loader)
        for note in sweep.notes:
            print(f"lrdsl: {note}", file=sys.stderr)
        found: dict[Snippet, list[Job]] = {}
        failed: dict[str, list[Job]] = {}
        left_open: list[Open] = []
        for job in sweep.jobs:
            try:
                own = loader.load_sweep_config(config, list(job.overrides))
            except HydraException as error:  # which Hydra itself may find when other jobs are done
                failed.setdefault(str(error).strip(), []).append(job)
                continue
            if not sweep.are_possible:
                with open_dict(own):
                    own.hydra.job.num = job.number  # a reference may read it
            specs = self._specs(own)
            left_open += specs.open
            for place in specs.snippets:
                found.setdefault(place, []).append(job)
        self._is_checked = not sweep.notes
        lost = _lost(config, [job.overrides for job in sweep.jobs])
        self._stop_if_bad(found, "no job was started", sweep, failed, lost, left_open)

    def on_job_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Lint a job that was not known before the sweep."""
        if self._is_checked:
            return
        overrides = tuple(config.hydra.overrides.task)
        job = Job(int(config.hydra.job.num), overrides)
        found = {place: [job] for place in self._specs(config).snippets}
        self._stop_if_bad(found, "the job was not started", Sweep((job,)))

    def _specs(self, config: DictConfig) -> SpecsOfConfig:
        return specs_of(config, {**self._context, **_own_context(config)}, self._exclude)

    def _stop_if_bad(
        self,
        places: Mapping[Snippet, list[Job]],
        outcome: str,
        sweep: Sweep | None = None,
        failed: Mapping[str, list[Job]] = MappingProxyType({}),
        lost: Sequence[str] = (),
        left_open: Sequence[Open] = (),
    ) -> None:
        """Print what is wrong with the specs, and with configs that could not be composed."""
        at: dict[tuple[str, tuple[Diagnostic, ...]], list[Job]] = {}
        missing = {key: facts for key, _, facts in left_open}
        for place, jobs in places.items():
            every = lint_snippet(place, self._settings)
            if every:
                at.setdefault((place.origin.key, tuple(every)), []).extend(jobs)
            if every.missing:
                missing[place.origin.key] = every.missing
        severities: list[Severity] = ["error"] * (len(failed) + len(lost))
        for message in lost:
            print(f"lrdsl: {message}", file=sys.stderr)
        for (key, diagnostics), jobs in at.items():
            shown = [each.render() for each in diagnostics]
            print(f"lrdsl: `{key}`{_of_jobs(jobs, sweep)}", *shown, sep="\n", file=sys.stderr)
            severities += [each.severity for each in diagnostics]
        for message, jobs in failed.items():
            where = f"the config{_of_jobs(jobs, sweep)}"
            print(f"lrdsl: {where} cannot be composed", message, sep="\n", file=sys.stderr)
        if self._is_first:
            self._is_first = False
            print("".join(_unchecked(missing)), end="", file=sys.stderr)
        if not severities:
            return
        stops = not self._stopping.isdisjoint(severities)
        counts = [(severities.count(rank), rank) for rank in _RANKS]
        total = ", ".join([counted(count, rank) for count, rank in counts if count])
        print(f"lrdsl: {total}{f': {outcome}' * stops}", file=sys.stderr, flush=True)
        if stops:
            # Hydra makes a mere warning of an exception in a callback, and starts the job.
            sys.exit(1)


def _unchecked(missing: Mapping[str, tuple[Missing, ...]]) -> Iterator[str]:
    """One line on the specs that were not checked in full, and what would let them be."""
    if not missing:
        return
    keys = [f"`{key}`" for key in missing]
    shown = ", ".join([*keys[:_SHOWN], *["…"] * (len(keys) > _SHOWN)])
    facts = {fact.name: fact for every in missing.values() for fact in every}
    reasons = [f"{fact.why} ({_remedy(fact)})" for fact in facts.values()]
    yield f"lrdsl: not checked in full: {shown}, for {', '.join(reasons)}\n"


def _remedy(fact: Missing) -> str:
    if fact.name in (OPEN, REFERENCE):
        return "which the config leaves open"
    return f"+hydra.callbacks.lrdsl.context.{fact.name}=…"


def _lost(config: DictConfig, jobs: Sequence[Sequence[str]]) -> list[str]:
    """The errors about schedules that are chosen by name, and replaced by a later config."""
    if not GlobalHydra.instance().is_initialized() or "hydra" not in config:
        return []
    loader = GlobalHydra.instance().config_loader()
    app = AppConfigs(lambda: loader, config.hydra.job.config_name)  # type: ignore[arg-type, return-value]
    found: dict[str, str] = {}
    for job in jobs[:MAX_JOBS]:
        for override, options in lost_choices(read_overrides(job, app), [job], app):
            place, text = options[0].package, str(override.input_line)
            keys = [each.partition("=")[0].lstrip("+") for each in job if each != text]
            if place not in keys and f"{place}.spec" not in keys:
                found[text] = (
                    f"`{text}` changes nothing, since `{options[0].lost_to}` has another schedule "
                    f"at `{place}`: give `{place}={{spec: …}}` instead, or let that file choose "
                    f"its schedule by `override /{override.get_key_element().lstrip('+')}: …`"
                )
    return list(found.values())


def _own_context(config: DictConfig) -> Mapping[str, Any]:
    """The option `context` in a job's own config: in a sweep its references differ by job."""
    own = [
        dict(plain(config.hydra.callbacks[name]).data.get("context") or {})
        for name in config.get("hydra", {}).get("callbacks", {})
        if config.hydra.callbacks[name].get("_target_") == "lrdsl.hydra.LintCallback"
    ]
    return own[0] if len(own) == 1 else {}


def _of_jobs(jobs: Sequence[Job], sweep: Sweep | None) -> str:
    """The jobs that a message is about; "" outside of a sweep."""
    if sweep is None:
        return ""
    overrides = " ".join(jobs[0].overrides)
    if sweep.are_possible:
        return f" of a job that can be chosen ({overrides})"
    if len(jobs) == len(sweep.jobs) > 1:
        return f" of all {len(jobs)} jobs"
    more = " for the first" if len(jobs) > 1 else ""
    return f" of {numbered([job.number for job in jobs])} ({overrides}{more})"
