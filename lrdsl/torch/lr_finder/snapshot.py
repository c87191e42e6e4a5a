"""`TrainingSnapshot`: restores models, optimizers and random generators after a training."""

from __future__ import annotations

import random
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.utils._python_dispatch import is_traceable_wrapper_subclass

T = TypeVar("T")

_CONTAINER_TYPES = (dict, OrderedDict, defaultdict, list, deque, set)


class TrainingSnapshot:
    """The state of modules, optimizers and random generators at one moment.

    From the roots it visits modules, optimizers, plain containers (dict, list, tuple, set, deque),
    Tensors and arrays, and records what each holds: attributes, hooks, parameters and buffers with
    their identity and every bit of their numbers, gradients, modes, parameter groups, the states
    of an optimizer, of a `torch.Generator`, of numpy's and Python's generators. For other objects
    it records their identity, not their contents. It changes nothing.

    Numbers are recorded by storage: views of each other, overlapping views and the Tensors inside
    a Tensor (a DTensor, for example) stay views. The snapshot holds one copy of all storages, on
    their own devices.

    >>> model = nn.Linear(1, 1)
    >>> before = model.weight.item()
    >>> def change():
    ...     model.note = "this goes too"
    ...     return model.weight.data.fill_(7).item()
    >>> TrainingSnapshot(model).run_and_restore(change)
    7.0
    >>> model.weight.item() == before, hasattr(model, "note")
    (True, False)
    """

    def __init__(self, *roots: object) -> None:
        self.optimizers: list[Optimizer] = []
        """The optimizers found, including those inside other objects."""
        self._undo = _global_generators()
        self._held: dict[int, object] = {}  # keeps the objects alive, and so their ids unique
        self._storages: set[tuple[torch.device, int]] = set()
        waiting = list(roots)
        while waiting:
            thing = waiting.pop()
            if id(thing) not in self._held:
                self._held[id(thing)] = thing
                waiting += self._record(thing)

    def run_and_restore(self, function: Callable[[], T]) -> T:
        """Call a function and restore everything, also after an exception or Ctrl-C."""
        try:
            try:
                return function()
            finally:
                self.restore()
        except KeyboardInterrupt:
            self.restore()  # it may have interrupted the entry to `restore`
            raise

    def restore(self) -> None:
        """Restore everything. A Ctrl-C meanwhile is raised afterwards."""
        interrupt: KeyboardInterrupt | None = None
        while True:
            try:
                for undo in self._undo:
                    undo()
                break
            except KeyboardInterrupt as error:  # start again, so that nothing is half restored
                interrupt = error
        if interrupt is not None:
            raise interrupt

    def _record(self, thing: Any) -> Iterable[Any]:
        """Record one object; returns the objects to visit next."""
        undo = self._undo.append
        match thing:
            case Optimizer():
                self.optimizers.append(thing)
                return [vars(thing)]
            case nn.Module():
                return [vars(thing)]
            case Tensor():
                return self._record_tensor(thing)
            case dict() | list() | deque() | set() if type(thing) in _CONTAINER_TYPES:
                items = dict(thing) if isinstance(thing, dict) else list(thing)
                undo(partial(_restore_items, thing, items))
                return _objects_in(thing)
            case tuple():
                return thing
            case np.ndarray() if thing.flags.writeable:
                undo(partial(np.copyto, thing, thing.copy()))
            case torch.Generator() | np.random.RandomState():
                undo(partial(thing.set_state, thing.get_state()))  # type: ignore[arg-type]
            case random.Random():
                undo(partial(thing.setstate, thing.getstate()))
            case np.random.Generator():
                source = thing.bit_generator
                undo(partial(setattr, source, "state", source.state))
        return ()

    def _record_tensor(self, tensor: Tensor) -> list[Any]:
        # Restored first: the gradient may be a view of the same storage.
        self._record_numbers(tensor)
        if not tensor.is_leaf:
            return []
        gradient, requires_grad = tensor.grad, tensor.requires_grad

        def restore() -> None:
            if tensor.requires_grad is not requires_grad:
                tensor.requires_grad_(requires_grad)
            if tensor.grad is not gradient:
                tensor.grad = gradient

        self._undo.append(restore)
        return [] if gradient is None else [gradient]

    def _record_numbers(self, tensor: Tensor) -> None:
        if is_traceable_wrapper_subclass(tensor):
            for name in tensor.__tensor_flatten__()[0]:
                inner = getattr(tensor, name)
                if isinstance(inner, Tensor):  # the other attribute of a DTensor is its device mesh
                    self._record_numbers(inner)
            return
        same = tensor.detach()
        if tensor.layout is not torch.strided:
            values = same.clone()
            self._undo.append(lambda: same.copy_(values))
            return
        storage = same.untyped_storage()
        location = storage.device, storage.data_ptr()
        if storage.nbytes() and location not in self._storages:
            self._storages.add(location)
            numbers = storage.clone()  # type: ignore[no-untyped-call]
            size = numbers.nbytes()

            def refill() -> None:
                if storage.nbytes() != size:
                    storage.resize_(size)
                storage.copy_(numbers)

            self._undo.append(refill)

        def point_back() -> None:
            if _memory(tensor) != _memory(same):
                tensor.data = same

        self._undo.append(point_back)


def _memory(tensor: Tensor) -> tuple[object, ...]:
    """The memory of a Tensor's numbers and their layout."""
    return (tensor.device, tensor.dtype, tensor.data_ptr(), tensor.shape, tensor.stride())


def _global_generators() -> list[Callable[[], object]]:
    """Functions that restore the random generators of Python, numpy and torch."""
    states: list[tuple[Callable[[], Any], Callable[[Any], object]]] = [
        (random.getstate, random.setstate),
        (np.random.get_state, np.random.set_state),
        (torch.get_rng_state, torch.set_rng_state),
    ]
    # Asking an uninitialized device for its state would initialize it.
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        states.append((torch.cuda.get_rng_state_all, torch.cuda.set_rng_state_all))
    if torch.backends.mps.is_available():
        states.append((torch.mps.get_rng_state, torch.mps.set_rng_state))
    if torch.xpu.is_initialized():  # type: ignore[no-untyped-call]
        states.append((torch.xpu.get_rng_state_all, torch.xpu.set_rng_state_all))
    return [partial(put, get()) for get, put in states]


def _restore_items(container: Any, items: Any) -> None:
    # Unchanged dicts are not touched: torch.compile guards on them.
    if [*map(id, _objects_in(container))] != [*map(id, _objects_in(items))]:
        container.clear()
        put = container.update if isinstance(container, (dict, set)) else container.extend
        put(items)


def _objects_in(container: Any) -> list[Any]:
    """The items of a container; of a dict its keys and values."""
    return [*container, *container.values()] if isinstance(container, dict) else [*container]
