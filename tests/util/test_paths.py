"""Paths read the same on every system: with drives, shares, spaces, and both sorts of slashes."""

import os
from pathlib import PurePath, PurePosixPath, PureWindowsPath

import pytest

from lrdsl.linter.config import Project
from lrdsl.linter.discovery import SOURCES, extension_of, find
from lrdsl.linter.reports.sarif import _uri
from lrdsl.util.guarded_read import _kind
from lrdsl.util.paths import is_within, slashed

W, P = PureWindowsPath, PurePosixPath


@pytest.mark.parametrize(
    ("path", "folder", "expected"),
    [
        (P("/p/conf/a.yaml"), P("/p"), "conf/a.yaml"),
        (P("/p/conf/my lr.yaml"), P("/p/conf"), "my lr.yaml"),
        (P("/p2/a.yaml"), P("/p"), "../p2/a.yaml"),
        (P("/a.yaml"), P("/p/q"), "../../a.yaml"),
        (P("/p/a\\b.yaml"), P("/p"), "a\\b.yaml"),
        (P("/p"), P("/p"), "."),
        (P("/p/a.yaml"), P("/"), "p/a.yaml"),
        (W(r"C:\p\conf\a.yaml"), W(r"C:\p"), "conf/a.yaml"),
        (W("C:/p/conf/my lr.yaml"), W(r"c:\P"), "conf/my lr.yaml"),
        (W(r"C:\p2\a.yaml"), W(r"C:\p"), "../p2/a.yaml"),
        (W(r"D:\a.yaml"), W(r"C:\p"), "D:/a.yaml"),
        (W(r"C:\p\a.yaml"), W("C:\\"), "p/a.yaml"),
        (W(r"\\server\share\p\a.yaml"), W(r"\\server\share\p"), "a.yaml"),
        (W(r"\\server\share\p\a.yaml"), W(r"\\server\other"), "//server/share/p/a.yaml"),
        (W(r"\\SERVER\Share\a b.yaml"), W(r"\\server\share"), "a b.yaml"),
        (W(r"C:\p\a.yaml"), W(r"\\server\share"), "C:/p/a.yaml"),
    ],
)
def test_paths_from_a_folder(path, folder, expected):
    assert slashed(path, folder) == expected


@pytest.mark.parametrize(
    ("path", "folder", "expected"),
    [
        (P("/p/a"), P("/p"), True),
        (P("/p"), P("/p"), True),
        (P("/p2"), P("/p"), False),
        (P("/p/a"), P("/"), True),
        (P("/P/a"), P("/p"), False),
        (W(r"C:\p\a"), W(r"c:\P"), True),
        (W(r"C:\p2"), W(r"C:\p"), False),
        (W(r"D:\p\a"), W(r"C:\p"), False),
        (W(r"C:\a"), W("C:\\"), True),
        (W(r"\\server\share\a"), W("//server/share"), True),
        (W(r"\\server\share2\a"), W(r"\\server\share"), False),
    ],
)
def test_what_lies_in_a_folder(path, folder, expected):
    assert is_within(path, folder) is expected


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        (P("conf/my lr.yaml"), "conf/my%20lr.yaml"),
        (P("/etc/a#b.yaml"), "file:///etc/a%23b.yaml"),
        (W(r"conf\my lr.yaml"), "conf/my%20lr.yaml"),
        (W(r"C:\conf\my lr.yaml"), "file:///C:/conf/my%20lr.yaml"),
        (W(r"\\server\share\a.yaml"), "file://server/share/a.yaml"),
        (P("é.yaml"), "%C3%A9.yaml"),
    ],
)
def test_uris(path, uri):
    assert _uri(path) == uri


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.LR", ".lr"), ("a.yml", ".yaml"), ("A.YAML", ".yaml"), ("x/.lr", ""), ("a.lr.txt", ".txt"),
     ("a b.lr", ".lr"), ("a.", "."), ("a", ""), ("é.lr", ".lr")],
)  # fmt: skip
def test_kinds_of_files(name, kind):
    assert _kind(name) in (kind, "")
    assert (extension_of(name) in SOURCES) == (kind in SOURCES and kind != "")


@pytest.mark.parametrize("folder", ["a b", "é", "a;b", "a'b", "a[b]", "$HOME", "-x", "a%20b"])
def test_folders_with_signs_in_their_names(tmp_path, monkeypatch, folder):
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "lr.yaml").write_text("lr: cosine(1, 0, 9)\n")
    monkeypatch.chdir(tmp_path)
    assert [PurePath(each).as_posix() for each in find([folder])] == [f"{folder}/lr.yaml"]
    project = Project(root=str(tmp_path), per_file_ignores={f"{folder[:1]}*/*.yaml": ("LR8",)})
    assert project.settings_for(os.path.join(folder, "lr.yaml")).ignore == ("LR8",)


@pytest.mark.skipif(os.name == "nt", reason="names of files are text on Windows")
def test_names_that_are_no_text(tmp_path, monkeypatch):
    from click.testing import CliRunner

    from lrdsl.cli.main import cli

    monkeypatch.chdir(tmp_path)
    name = os.fsdecode(b"a\xff.yaml")
    (tmp_path / name).write_text("lr: cosin(1, 0, 9)\n")
    for form in ("text", "json", "sarif", "github"):
        done = CliRunner().invoke(cli, ["lint", ".", "--format", form])
        assert (done.exit_code, "cosin" in done.output) == (1, True), (form, done.exception)
    done = CliRunner().invoke(cli, ["fmt", ".", "--diff"])
    assert done.exit_code in (0, 1), done.exception
