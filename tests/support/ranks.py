"""Ranks of torch.distributed: processes that talk through gloo, and what each of them found."""

from __future__ import annotations

import json
import socket
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from torch import distributed

from tests.support.warm import warm_python

needs_gloo = pytest.mark.skipif(
    not (distributed.is_available() and distributed.is_gloo_available()),
    reason="this torch has no gloo",
)

_START = """
import json, os, sys, warnings
from datetime import timedelta
import torch
from torch import distributed

rank, world, found = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]), {}
"""
_MEET = """
distributed.init_process_group(
    "gloo", init_method=f"file://{os.getcwd()}/meeting", rank=rank, world_size=world,
    timeout=timedelta(seconds=300),
)
"""
# Gloo's threads may abort a process that ends while they do; all is said by then.
_END = """
print(json.dumps(found), flush=True)
if distributed.is_initialized():
    distributed.barrier()
os._exit(0)
"""


def on_ranks(
    folder: Path, script: str, *, world: int = 2, meet: bool = True, **more: str
) -> list[Any]:
    """What `found` holds in the end of a script on each rank, whose number is `rank`.

    The ranks are told what torchrun would tell them, and what `more` adds to the environment. With
    `meet` they are a process group when the script begins. They run in the folder.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code = folder / "on_ranks.py"
    code.write_text(_START + _MEET * meet + textwrap.dedent(script) + _END, encoding="utf-8")

    def run(rank: int) -> CompletedProcess[str]:
        return warm_python(
            str(code),
            folder=folder,
            RANK=str(rank),
            LOCAL_RANK=str(rank),
            WORLD_SIZE=str(world),
            LOCAL_WORLD_SIZE=str(world),
            MASTER_ADDR="127.0.0.1",
            MASTER_PORT=str(port),
            **more,
        )

    with ThreadPoolExecutor(world) as threads:
        done = list(threads.map(run, range(world)))
    failed = "\n".join([rank.stderr for rank in done])
    assert [rank.returncode for rank in done] == [0] * world, failed
    return [json.loads(rank.stdout.splitlines()[-1]) for rank in done]
