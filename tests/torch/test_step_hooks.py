"""Time by the optimizer's own updates; what happens past the end; two Schedulers on one number."""

import copy
import gc
import pickle
import warnings
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl

torch = pytest.importorskip("torch")

from torch.optim import SGD, Adam, AdamW  # noqa: E402
from torch.optim import lr_scheduler as theirs  # noqa: E402

from lrdsl.torch import Scheduler, attach, attached  # noqa: E402

SPEC = "warmup(5) >> cosine(base, 0.01, 30)"


def weight():
    return torch.nn.Parameter(torch.zeros(1))


def sgd(lr=0.5, groups=1):
    return SGD([{"params": [weight()]} for _ in range(groups)], lr=lr)


def lr_of(optimizer):
    return float(optimizer.param_groups[0]["lr"])


# The clock.


def skip(optimizer):
    """An update that a GradScaler leaves out."""
    scaler = torch.amp.GradScaler("cpu")
    scaler.scale(optimizer.param_groups[0]["params"][0].sum() * float("inf")).backward()
    scaler.step(optimizer)


ACTS = {
    "step the schedule": lambda s: s.step(),
    "step the schedule twice": lambda s: (s.step(), s.step()),
    "skip": lambda s: skip(s.optimizer),
    "add a group": lambda s: s.optimizer.add_param_group({"params": [weight()], "lr": 0.5}),
    "load the optimizer": lambda s: s.optimizer.load_state_dict(
        copy.deepcopy(s.optimizer.state_dict())
    ),
    "load the schedule": lambda s: s.load_state_dict(s.state_dict()),
    "look ahead": lambda s: s.preview(3),
    "count by hand": lambda s: setattr(s, "last_epoch", s.last_epoch + 1),
    "ask for the rates": lambda s: s.get_lr(),
}


@given(st.lists(st.sampled_from([*ACTS, "update", "update"]), max_size=40))
def test_nothing_shifts_the_clock_of_updates(acts):
    scheduler = attach(sgd(), SPEC)
    expected = lrdsl.compile(SPEC, base_lr=0.5)
    made = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for act in acts:
            if act != "update":
                ACTS[act](scheduler)
                continue
            found = []
            hook = scheduler.optimizer.register_step_pre_hook(
                lambda optimizer, *_, found=found: found.append(
                    [group["lr"] for group in optimizer.param_groups]
                )
            )
            scheduler.optimizer.step()
            hook.remove()
            assert found == [[expected(made)] * len(scheduler.optimizer.param_groups)]
            made += 1
    assert scheduler.last_epoch == made


@pytest.mark.parametrize("fused", [True, False], ids=["fused", "not fused"])
@pytest.mark.parametrize("made", [SGD, Adam, AdamW])
def test_updates_that_are_skipped_inside_the_kernel(made, fused):
    """A fused optimizer's step is called for an update that it then leaves out."""
    parameter = weight()
    scheduler = attach(made([parameter], lr=0.5, fused=fused), SPEC)
    scaler = torch.amp.GradScaler("cpu")
    for scale in (1.0, float("inf"), 1.0, float("inf"), float("inf"), 1.0):
        scheduler.optimizer.zero_grad()
        scaler.scale(parameter.sum() * scale).backward()
        scaler.step(scheduler.optimizer)
        scaler.update()
    assert scheduler.last_epoch == 3


def test_a_closure_is_one_update():
    parameter = weight()
    scheduler = attach(torch.optim.LBFGS([parameter], max_iter=5), "linear(1, 0, 10)")

    def closure():
        scheduler.optimizer.zero_grad()
        loss = (parameter - 1).square().sum()
        loss.backward()
        return loss

    scheduler.optimizer.step(closure)
    assert scheduler.last_epoch == 1


def test_a_call_of_step_is_told_of_once():
    scheduler = attach(sgd(), SPEC)
    with pytest.warns(UserWarning, match="remove the call, unless a trainer makes it") as told:
        [scheduler.step() for _ in range(2)]
    assert len(told) == 1
    assert told[0].filename == __file__
    assert scheduler.last_epoch == 0


@pytest.mark.parametrize(
    "package", ["transformers.trainer", "lightning.pytorch.core.module", "pytorch_lightning.core"]
)
def test_what_a_trainer_calls_is_not_the_users_to_leave_out(package):
    scheduler = attach(sgd(), SPEC)
    names = {"__name__": package}
    exec("def call(scheduler): scheduler.step()", names)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        names["call"](scheduler)
    with pytest.warns(UserWarning, match='does nothing with `clock="updates"`'):
        scheduler.step()


def test_a_call_of_step_takes_a_metric():
    scheduler = attach(sgd(), "1 | plateau(0.5, patience=0)")
    for loss in (0.7, 0.8):
        scheduler.optimizer.step()
        scheduler.step(loss)
    assert (scheduler.last_epoch, lr_of(scheduler.optimizer)) == (2, 0.5)


def test_step_cannot_go_elsewhere():
    scheduler = attach(sgd(), SPEC)
    with pytest.raises(lrdsl.SpecError, match=r"cannot go to update 7.*\n.*start_step"):
        scheduler.step(epoch=7)
    scheduler.step(epoch=0)
    assert scheduler.last_epoch == 0


def test_cycles_end_with_updates():
    scheduler = attach(sgd(), "cosine(1, 0, 3) | repeat()")
    seen = []
    scheduler.on_cycle_end(lambda s: seen.append(s.last_epoch))
    for _ in range(7):
        scheduler.optimizer.step()
    assert seen == [3, 6]


@pytest.mark.parametrize("clock", ["calls", "updates"])
@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deepcopy", "pickle"]
)
def test_copies_follow_their_own_optimizer(clock, copied):
    first = Scheduler(sgd(), SPEC, clock=clock)
    second = copied(first)
    second.optimizer.step()
    second.optimizer.add_param_group({"params": [weight()], "lr": 0.5})
    second.optimizer.step()
    assert second.last_epoch == (2 if clock == "updates" else 0)
    assert second.optimizer.param_groups[1]["lr"] == second.optimizer.param_groups[0]["lr"]
    assert first.last_epoch == 0


def test_a_detached_copy_stays_detached():
    first = attach(sgd(), SPEC)
    first.detach()
    second = copy.deepcopy(first)
    second.optimizer.step()
    assert second.last_epoch == 0
    assert attached(second.optimizer) == ()


@pytest.mark.parametrize("clock", ["calls", "updates"])
def test_groups_are_right_at_the_very_next_update(clock):
    """Without a step of the schedule between, and in whatever order things were loaded."""
    scheduler = Scheduler(sgd(), SPEC, clock=clock, start_step=20)
    expected = lrdsl.compile(SPEC, base_lr=0.5)(20)
    seen = []
    scheduler.optimizer.add_param_group({"params": [weight()], "lr": 0.5})
    scheduler.optimizer.load_state_dict(sgd(groups=2).state_dict())
    scheduler.optimizer.register_step_pre_hook(
        lambda optimizer, *_: seen.append([group["lr"] for group in optimizer.param_groups])
    )
    scheduler.optimizer.step()
    assert seen == [[expected, expected]]


def test_a_scheduler_of_calls_does_not_live_on():
    optimizer = sgd()
    gone = weakref.ref(Scheduler(optimizer, SPEC))
    gc.collect()
    assert gone() is None
    optimizer.step()


def test_an_attached_scheduler_lives_with_its_optimizer():
    optimizer = sgd()
    attach(optimizer, SPEC)
    gc.collect()
    optimizer.step()
    [scheduler] = attached(optimizer)
    assert scheduler.last_epoch == 1
    gone = weakref.ref(scheduler)
    del optimizer, scheduler
    gc.collect()
    assert gone() is None


def test_the_steps_of_a_sequential_of_torch_are_not_disturbed():
    """The part that has the say is right after a group was added, not the one made last."""
    optimizer = sgd()
    parts = [Scheduler(optimizer, "0.25"), Scheduler(optimizer, "0.125")]
    sequence = theirs.SequentialLR(optimizer, parts, milestones=[3])
    seen = []
    for update in range(6):
        if update in (1, 4):
            optimizer.add_param_group({"params": [weight()], "lr": 0.5})
        optimizer.step()
        seen.append({group["lr"] for group in optimizer.param_groups})
        sequence.step()
    assert seen == [{0.25}, {0.25}, {0.25}, {0.125}, {0.125}, {0.125}]


# Compiled steps.


@pytest.mark.parametrize("clock", ["calls", "updates"])
def test_a_tensor_lr_is_compiled_once(clock):
    torch._dynamo.reset()
    from torch._dynamo.testing import CompileCounterWithBackend

    backend = "inductor" if torch._inductor.cpp_builder.get_cpp_compiler() else "aot_eager"
    counter = CompileCounterWithBackend(backend)
    parameter = weight()
    optimizer = AdamW([parameter], lr=torch.tensor(0.5))
    scheduler = Scheduler(optimizer, SPEC, clock=clock, on_end="hold")
    step = torch.compile(lambda: optimizer.step(), backend=counter)
    expected = lrdsl.compile(SPEC, base_lr=0.5)
    compiled = set()
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        for made in range(100):
            assert lr_of(optimizer) == pytest.approx(expected(made), rel=1e-6)
            parameter.grad = torch.ones(1)
            step()
            if clock == "calls":
                scheduler.step()
            if made >= 2:  # the state is made at the first
                compiled.add(counter.frame_count)
    assert len(compiled) == 1


@pytest.mark.parametrize("clock", ["calls", "updates"])
def test_a_float_lr_that_is_compiled_is_told_of_once(clock):
    torch._dynamo.reset()
    parameter = weight()
    optimizer = SGD([parameter], lr=0.5)
    scheduler = Scheduler(optimizer, SPEC, clock=clock)
    step = torch.compile(lambda: optimizer.step(), backend="eager")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for _ in range(5):
            parameter.grad = torch.ones(1)
            step()
            if clock == "calls":
                scheduler.step()
    told = [str(warning.message) for warning in told if "lr=torch.tensor" in str(warning.message)]
    assert len(told) == 1
    assert scheduler.last_epoch == 5


@pytest.mark.skipif(not torch.cuda.is_available(), reason="CUDA graphs need a GPU")
def test_cuda_graphs():
    parameter = torch.nn.Parameter(torch.zeros(1, device="cuda"))
    optimizer = AdamW([parameter], lr=torch.tensor(0.5), capturable=True)
    scheduler = Scheduler(optimizer, SPEC)
    assert optimizer.param_groups[0]["lr"].device == parameter.device
    parameter.grad = torch.ones_like(parameter)
    side = torch.cuda.Stream()
    with torch.cuda.stream(side):
        optimizer.step()
    scheduler.step()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        optimizer.step()
    expected = lrdsl.compile(SPEC, base_lr=0.5)
    for made in range(1, 20):
        assert lr_of(optimizer) == pytest.approx(expected(made), rel=1e-6)
        before = parameter.item()
        graph.replay()
        # Adam with one and the same gradient moves by its learning rate.
        moved = before * (1 - 0.01 * expected(made)) - parameter.item()
        assert moved == pytest.approx(expected(made), rel=1e-3)
        scheduler.step()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="CUDA graphs need a GPU")
def test_cuda_graphs_cannot_be_counted():
    parameter = torch.nn.Parameter(torch.zeros(1, device="cuda"))
    optimizer = AdamW([parameter], lr=torch.tensor(0.5), capturable=True)
    parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    attach(optimizer, SPEC)
    with (
        pytest.raises(lrdsl.SpecError, match='clock="calls"'),
        torch.cuda.graph(torch.cuda.CUDAGraph()),
    ):
        optimizer.step()


# Past the end.


@pytest.mark.parametrize("clock", ["calls", "updates"])
@pytest.mark.parametrize(
    ("spec", "context"),
    [
        pytest.param("linear(1, 0.5, 100%)", {"total_steps": 3}, id="of the run"),
        pytest.param("linear(1, 0.5, 3)", {}, id="of the schedule"),
    ],
)
def test_past_the_end(spec, context, clock):
    def train(on_end, updates):
        scheduler = Scheduler(sgd(), spec, clock=clock, on_end=on_end, **context)
        for _ in range(updates):
            scheduler.optimizer.step()
            if clock == "calls":
                scheduler.step()
        return scheduler

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert train("hold", 9).get_last_lr() == [0.5]
        assert train("warn", 3).get_last_lr() == [0.5]
        failing = train("error", 3)
    what = "run" if context else "schedule"
    message = f"update 4 is past the end of the {what}, which has 3 updates"
    with pytest.warns(UserWarning, match=message) as told:
        train("warn", 6)
    assert len(told) == 1
    before = failing.optimizer.param_groups[0]["params"][0].clone()
    failing.optimizer.param_groups[0]["params"][0].grad = torch.ones(1)
    with pytest.raises(lrdsl.SpecError, match=message):
        failing.optimizer.step() if clock == "updates" else failing.step()
    assert failing.last_epoch == 3
    if clock == "updates":  # it is the update itself that is refused
        assert torch.equal(failing.optimizer.param_groups[0]["params"][0], before)


@pytest.mark.parametrize("clock", ["calls", "updates"])
@pytest.mark.parametrize(
    ("spec", "end"),
    [
        pytest.param("warmup(2) >> cosine(1, 0, 8)", 10, id="to 0"),
        pytest.param("cosine(1, 0.1, 8)", 8, id="to a floor"),
        pytest.param("torch.PolynomialLR(total_iters=5)", 5, id="a dialect's"),
        pytest.param("cosine(1, 0, 4) | repeat(2)", 8, id="the last round"),
        pytest.param("(1 | plateau(0.5, 3)) * linear(1, 0, 8)", 8, id="under a metric"),
        pytest.param("cosine(1, 0.1, 8) | clip(0.2, 1)", 8, id="modified"),
        pytest.param({"lr": "cosine(1, 0, 8)", "weight_decay": 0.1}, 8, id="beside a constant"),
        pytest.param(
            {"lr": "cosine(1, 0, 4)", "momentum": "linear(0.8, 0.9, 9)"}, 4, id="the lr's"
        ),
        pytest.param({"momentum": "linear(0.9, 0.8, 4)"}, 4, id="without lr"),
        pytest.param("warmup(4)", None, id="a warmup"),
        pytest.param("warmup(4) >> hold()", None, id="a hold"),
        pytest.param("cosine(1, 0, 4) >> hold()", None, id="a hold at 0"),
        pytest.param("cosine(1, 0.1, 4) >> constant(0.1)", None, id="a constant"),
        pytest.param("cosine(1, 0.1, 4) >> constant(0.1, 2)", None, id="a constant that ends"),
        pytest.param("multistep(1, 0.1, [2, 4])", None, id="steps"),
        pytest.param("cosine(1, 0, 4) | repeat()", None, id="endless rounds"),
        pytest.param("inverse_sqrt(4)", None, id="a form without an end"),
        pytest.param({"lr": {0: "cosine(1, 0, 4)"}, "momentum": 0.9}, 4, id="a choice"),
        pytest.param(lambda t: 1 / (t + 1), None, id="a function"),
    ],
)
def test_a_run_of_unknown_length_that_goes_on_after_its_decay_is_told_once(spec, end, clock):
    scheduler = Scheduler(sgd(), spec, clock=clock)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(15):
            scheduler.optimizer.step()
            if clock == "calls":
                scheduler.step()
        again = Scheduler(sgd(), spec, clock=clock)
        again.load_state_dict(scheduler.state_dict())
    told = [str(x.message) for x in caught]
    if end is None:
        assert told == []
    else:
        assert [each.partition(";")[0] for each in told] == [
            f"update {end + 1} is past the end of the schedule, which has {end} updates",
            f"update 15 is the end of the schedule, which has {end} updates",
        ]
        assert "`>> hold()` at its end says that this is meant" in told[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"clock": "update"}, "did you mean `updates`", id="clock"),
        pytest.param({"clock": None}, "not None", id="no clock"),
        pytest.param({"on_end": "stop"}, '"hold", "warn", "error", not', id="on_end"),
        pytest.param({"on_change": "kept"}, "did you mean `keep`", id="on_change"),
        pytest.param({"start_step": -1}, "`start_step`", id="start_step"),
        pytest.param(
            {"start_step": 3, "last_epoch": 2}, "both set the number of updates", id="both starts"
        ),
    ],
)
def test_bad_options(options, message):
    optimizer = sgd()
    before = set(vars(optimizer)), len(optimizer._optimizer_step_pre_hooks)
    with pytest.raises(lrdsl.SpecError, match=message):
        Scheduler(optimizer, SPEC, **options)
    assert (set(vars(optimizer)), len(optimizer._optimizer_step_pre_hooks)) == before


# Two on one number.


@pytest.mark.parametrize(("first", "second"), [("updates", "updates"), ("updates", "calls")])
def test_a_number_that_is_driven_already(first, second):
    optimizer = sgd()
    scheduler = Scheduler(optimizer, SPEC, clock=first)
    with pytest.raises(
        lrdsl.SpecError, match="`lr` of this optimizer is already driven by"
    ) as error:
        Scheduler(optimizer, "1", clock=second)
    assert "detach" in str(error.value)
    optimizer.step()
    assert lr_of(optimizer) == scheduler.schedules[0](1)
    for one in attached(optimizer):
        one.detach()
    Scheduler(optimizer, "1", clock=second)
    assert lr_of(optimizer) == 1


def test_different_numbers_may_have_their_own():
    optimizer = sgd()
    attach(optimizer, SPEC)
    attach(optimizer, {"weight_decay": "linear(0.1, 0, 10)"})
    optimizer.step()
    assert len(attached(optimizer)) == 2
    assert optimizer.param_groups[0]["weight_decay"] == pytest.approx(0.09)


def test_two_that_step_in_turn():
    optimizer = sgd()
    first, second = Scheduler(optimizer, "linear(1, 0, 9)"), Scheduler(optimizer, "0.5")
    optimizer.step()
    with pytest.warns(UserWarning, match="two Schedulers set `lr` of this optimizer") as told:
        [one.step() for one in (first, second) * 3]
    assert len(told) == 1
    assert told[0].filename == __file__


def test_one_after_the_other_is_nobodys_concern():
    optimizer = sgd()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for spec in ("linear(1, 0, 9)", "0.5"):
            scheduler = Scheduler(optimizer, spec)
            for _ in range(3):
                optimizer.step()
                scheduler.step()
    assert lr_of(optimizer) == 0.5
