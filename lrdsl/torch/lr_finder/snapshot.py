"""`Kept`: after whatever was done to a model and its optimizer, they are as before."""

from __future__ import annotations

import random
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.utils._python_dispatch import is_traceable_wrapper_subclass

T = TypeVar("T")

_MAPPINGS = (dict, OrderedDict, defaultdict)
_ROWS = (list, deque, set)


class Kept:
    """What modules, optimizers and the generators of random numbers held at one moment.

    From the roots it goes through modules, optimizers, plain containers (dict, list, tuple, set,
    deque), Tensors and arrays, and notes what each holds: attributes, hooks, parameters and
    buffers, which objects they are and every bit of their numbers, gradients, modes, parameter
    groups, the state of an optimizer, of a `torch.Generator`, of numpy's and Python's generators.
    Other objects are noted as they are, without a look inside. Nothing is changed by it.

    Numbers are noted by storage: views of each other, overlapping ones and those of a Tensor in a
    Tensor (a DTensor, say) stay what they are. One copy of all of them is held, where they are.

    >>> model = nn.Linear(1, 1)
    >>> before = model.weight.item()
    >>> def change():
    ...     model.note = "this goes too"
    ...     return model.weight.data.fill_(7).item()
    >>> Kept(model).during(change)
    7.0
    >>> model.weight.item() == before, hasattr(model, "note")
    (True, False)
    """

    def __init__(self, *roots: object) -> None:
        self.optimizers: list[Optimizer] = []
        """The optimizers found, those inside others too."""
        self._undo: list[Callable[[], object]] = []
        self._held: dict[int, object] = {}  # alive, so that no other object has its id
        self._storages: set[tuple[torch.device, int]] = set()
        self._undo += _global_generators()
        waiting = list(roots)
        while waiting:
            thing = waiting.pop()
            if id(thing) not in self._held:
                self._held[id(thing)] = thing
                waiting += self._note(thing)

    def during(self, do: Callable[[], T]) -> T:
        """What `do()` returns, or raises; everything is put back either way, after Ctrl-C too."""
        try:
            try:
                return do()
            finally:
                self.restore()
        except KeyboardInterrupt:
            self.restore()  # this one may have come on the way into the restoring
            raise

    def restore(self) -> None:
        """Put everything back. A Ctrl-C meanwhile waits until that is done."""
        interrupt: KeyboardInterrupt | None = None
        while True:
            try:
                for undo in self._undo:
                    undo()
                break
            except KeyboardInterrupt as error:  # begun anew: half of it would be neither
                interrupt = error
        if interrupt is not None:
            raise interrupt

    def _note(self, thing: Any) -> list[Any]:
        """Note what one object holds; returns what to look at next."""
        if isinstance(thing, (nn.Module, Optimizer)):
            if isinstance(thing, Optimizer):
                self.optimizers.append(thing)
            return [vars(thing)]
        if isinstance(thing, Tensor):
            return self._note_tensor(thing)
        if type(thing) in _MAPPINGS:
            items = dict(thing)
            self._undo.append(lambda: _refill(thing, items))
            return [*items, *items.values()]
        if type(thing) in _ROWS:
            row = list(thing)
            self._undo.append(lambda: _relist(thing, row))
            return row
        if isinstance(thing, tuple):
            return list(thing)
        if isinstance(thing, np.ndarray):
            if thing.flags.writeable:
                numbers = thing.copy()
                self._undo.append(lambda: np.copyto(thing, numbers))
        elif isinstance(thing, torch.Generator):
            bits = thing.get_state()
            self._undo.append(lambda: thing.set_state(bits))
        elif isinstance(thing, np.random.Generator):
            source, state = thing.bit_generator, thing.bit_generator.state
            self._undo.append(lambda: setattr(source, "state", state))
        elif isinstance(thing, (random.Random, np.random.RandomState)):
            get, put = (
                (thing.getstate, thing.setstate)
                if isinstance(thing, random.Random)
                else (thing.get_state, thing.set_state)
            )
            there: Any = get()
            self._undo.append(lambda: put(there))
        return []

    def _note_tensor(self, tensor: Tensor) -> list[Any]:
        # Numbers come first: what follows may lead to other storages, and these must be right.
        self._note_numbers(tensor)
        if not tensor.is_leaf:
            return []
        gradient, is_wanted = tensor.grad, tensor.requires_grad

        def restore() -> None:
            if tensor.requires_grad is not is_wanted:
                tensor.requires_grad_(is_wanted)
            if tensor.grad is not gradient:
                tensor.grad = gradient

        self._undo.append(restore)
        return [] if gradient is None else [gradient]

    def _note_numbers(self, tensor: Tensor) -> None:
        if is_traceable_wrapper_subclass(tensor):
            for name in tensor.__tensor_flatten__()[0]:
                inner = getattr(tensor, name)
                if isinstance(inner, Tensor):  # a DTensor has its device mesh there as well
                    self._note_numbers(inner)
            return
        same = tensor.detach()
        if tensor.layout is not torch.strided:
            values = same.clone()
            self._undo.append(lambda: same.copy_(values))
            return
        storage = same.untyped_storage()
        place = storage.device, storage.data_ptr()
        if storage.nbytes() and place not in self._storages:
            self._storages.add(place)
            numbers = storage.clone()  # type: ignore[no-untyped-call]
            size = numbers.nbytes()

            def refill() -> None:
                if storage.nbytes() != size:
                    storage.resize_(size)
                storage.copy_(numbers)

            self._undo.append(refill)

        def point_back() -> None:
            if _place(tensor) != _place(same):
                tensor.data = same

        self._undo.append(point_back)


def _place(tensor: Tensor) -> tuple[object, ...]:
    """Where a Tensor's numbers are and how they are read."""
    return (tensor.device, tensor.dtype, tensor.data_ptr(), tensor.shape, tensor.stride())


def _global_generators() -> list[Callable[[], object]]:
    """What puts the random numbers of Python, numpy and torch back where they are now."""
    python, numpy = random.getstate(), np.random.get_state()
    torchs = torch.get_rng_state()
    undo: list[Callable[[], object]] = [
        lambda: random.setstate(python),
        lambda: np.random.set_state(numpy),
        lambda: torch.set_rng_state(torchs),
    ]
    # Where nothing was started up no model is, and asking would start it.
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        cuda = torch.cuda.get_rng_state_all()
        undo.append(lambda: torch.cuda.set_rng_state_all(cuda))
    if torch.backends.mps.is_available():
        mps = torch.mps.get_rng_state()
        undo.append(lambda: torch.mps.set_rng_state(mps))
    if torch.xpu.is_initialized():  # type: ignore[no-untyped-call]
        xpu = torch.xpu.get_rng_state_all()
        undo.append(lambda: torch.xpu.set_rng_state_all(xpu))
    return undo


def _refill(mapping: dict[Any, Any], items: dict[Any, Any]) -> None:
    # What did not change is left alone: torch.compile guards on these dicts.
    if _ids(mapping) != _ids(items) or _ids(mapping.values()) != _ids(items.values()):
        mapping.clear()
        mapping.update(items)


def _relist(row: Any, items: list[Any]) -> None:
    if _ids(row) != _ids(items):
        row.clear()
        row.update(items) if isinstance(row, set) else row.extend(items)


def _ids(things: Iterable[object]) -> list[int]:
    return [id(thing) for thing in things]
