"""Files are read in one guarded way, and written as a whole or not at all."""

import ast
import os
import socket
import threading

import pytest

from lrdsl.util import atomic_write, guarded_read
from lrdsl.util.guarded_read import CannotRead
from tests.support.full_disk import room
from tests.support.paths import ROOT

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")


def _linked(target):
    def make(path):
        elsewhere = path.parent / target
        if not elsewhere.exists():
            elsewhere.write_text("secret")
        path.symlink_to(elsewhere)

    return make


def _socket(path):
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(os.path.relpath(path))


def _sparse(path):
    with path.open("wb") as file:
        file.truncate(2**40)


UNREADABLE = [
    pytest.param(lambda path: None, "No such file", id="none"),
    pytest.param(os.mkdir, "this is a folder", id="a folder"),
    pytest.param(lambda path: os.mkfifo(path), "no regular file", id="a pipe", marks=posix),
    pytest.param(_socket, "no regular file", id="a socket", marks=posix),
    pytest.param(lambda path: path.symlink_to("/dev/zero"), "no regular file", id="endless"),
    pytest.param(lambda path: path.symlink_to("/dev/stdin"), "no regular|another kind", id="stdin"),
    pytest.param(_sparse, "this has 1048576 MB; files of up to 10 MB are read", id="sparse"),
    pytest.param(_linked("id_rsa"), "a link to a file of another kind", id="a secret"),
    pytest.param(_linked(".env"), "a link to a file of another kind", id="a hidden secret"),
    pytest.param(_linked("secret.lr.txt"), "a link to a file of another kind", id="another ending"),
    pytest.param(lambda path: path.symlink_to("no.lr"), "this is a broken link", id="broken"),
    pytest.param(lambda path: path.symlink_to(path), "this is a broken link", id="itself"),
    pytest.param(lambda path: path.write_bytes(b"ab\xff"), "no UTF-8 text: see byte 2", id="bytes"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "why"), UNREADABLE)
def test_what_is_not_read(tmp_path, monkeypatch, make, why):
    monkeypatch.chdir(tmp_path)  # the name of a socket is short
    make(tmp_path / "a.lr")
    with pytest.raises(CannotRead, match=why):
        guarded_read.read_text(tmp_path / "a.lr")


@pytest.mark.parametrize("name", ["a\0.lr", "\ud800.lr", "a\ud9ff/b.lr"])
def test_names_that_no_file_has(name):
    with pytest.raises(CannotRead, match="no file can have this name"):
        guarded_read.read_text(name)


@posix
def test_files_that_do_not_tell_their_size():
    with pytest.raises(CannotRead, match="this has more than 10 bytes"):
        guarded_read.read_bytes("/proc/self/environ", limit=10)


@pytest.mark.parametrize("target", ["b.lr", "deep/b.LR"])
def test_a_link_to_a_file_of_its_kind_is_read(tmp_path, target):
    (tmp_path / "deep").mkdir()
    (tmp_path / target).write_bytes(b"\xef\xbb\xbfa\r\nb")
    (tmp_path / "a.lr").symlink_to(target)
    assert guarded_read.read_text(tmp_path / "a.lr") == "\ufeffa\r\nb"


READS = {"open", "read_text", "read_bytes", "write_text", "write_bytes", "savefig"}
ELSEWHERE = {
    "lrdsl/util/guarded_read.py": {"open"},
    "lrdsl/util/atomic_write.py": {"open"},
    "lrdsl/cli/main.py": {"open", "write_text"},  # of os.devnull; of click's pages of help
    "lrdsl/torch/csv_log.py": {"open"},  # a log grows by a row at a time
    "lrdsl/plot/style.py": {"savefig"},  # into memory
}


@pytest.mark.parametrize("folder", ["lrdsl", "hydra_plugins"])
def test_no_other_module_opens_a_file(folder):
    found = {}
    for path in sorted((ROOT / folder).rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = node.func
            if isinstance(called, ast.Name) and called.id == "open":
                found.setdefault(name, set()).add("open")
            if isinstance(called, ast.Attribute):
                owner = ast.unparse(called.value)
                guarded = owner == "guarded_read" or called.attr not in READS
                if not guarded or (owner, called.attr) == ("OmegaConf", "load"):
                    found.setdefault(name, set()).add(called.attr)
    assert found == {name: calls for name, calls in ELSEWHERE.items() if name.startswith(folder)}


# Writing


@posix
@pytest.mark.parametrize("before", [None, b"old"])
def test_a_full_disk_changes_nothing(tmp_path, before):
    path = tmp_path / "a.yaml"
    if before is not None:
        path.write_bytes(before)
    with room(10), pytest.raises(OSError, match="File too large"):
        atomic_write.write(path, b"x" * 1000)
    assert [file.read_bytes() for file in tmp_path.iterdir()] == ([before] if before else [])


@posix
def test_permissions_and_links_stay(tmp_path):
    path, link = tmp_path / "a.yaml", tmp_path / "b.yaml"
    path.write_bytes(b"old")
    path.chmod(0o640)
    link.symlink_to(path)
    atomic_write.write(link, b"new")
    assert (path.read_bytes(), link.is_symlink(), path.stat().st_mode & 0o777) == (
        b"new",
        True,
        0o640,
    )
    umask = os.umask(0o027)
    atomic_write.write(tmp_path / "new", b"")
    os.umask(umask)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o640


@posix
@pytest.mark.parametrize(("make", "why"), [(os.mkfifo, "no regular file"), (os.mkdir, "a folder")])
def test_what_is_not_written(tmp_path, make, why):
    make(tmp_path / "a.svg")
    waits = threading.Timer(5, os._exit, [1])  # to open a pipe waits for a reader
    waits.start()
    with pytest.raises(OSError, match=why):
        atomic_write.write(tmp_path / "a.svg", b"")
    waits.cancel()
