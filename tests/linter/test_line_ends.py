"""Line ends and byte-order marks stay what they are, whatever is formatted, fixed or linted."""

import pytest

from lrdsl.linter.autofix import fix
from lrdsl.linter.config import Project
from lrdsl.linter.format_files import rewrite
from lrdsl.linter.lint_source import lint_source
from lrdsl.linter.read_source import read_text
from lrdsl.linter.source_file import unix_lines

PAGES = {
    "a comment that ends a definition.md": "```library\ndef a(x)=x # c\n```\n",
    "comments.md": "# T\n```library\n# of a\ndef a(x)=x # c\n\n# of b\ndef b( x )=a( x )# d\n```\n",
    "lines.md": "```lr\nhold( 5 ) # a\n\n# b\nlinear( 0.1,0,9 )*1# c\n```\nend\n",
    "open.md": "```library\ndef a(x)=x # c\n",
    "one.lr": "# of a\ndef a(x)=x # c",
    "two.lr": "# of a\n#\n# Example: `a( 1 )`\ndef a(x)=x # c\n\n\ndef b(x)=x+1 # d\n",
    "several lines.lr": "def a(x)=warmup( 5 ) # up\n  >>  hold( x ) # stay\n",
    "literal.yaml": "x: 1\nlr: |\n  hold( 5 ) # c\n  >> hold( 5 ) # d\ny: 2\n",
    "kept.yaml": "lr: |+\n  hold( 5 ) # c\n\ny: 2\n",
    "folded.yaml": "lr: >-\n  hold( 5 )\n  >> hold( 5 )\ny: 2\n",
    "definitions.yaml": "definitions: |\n  def a(x)=x # c\n  def b(x)=x # d\nlr: a( 1 )\n",
    "single.yaml": "lr: 'hold( 5 )\n\n  >> hold( 5 )'  # c\n",
    "double.yaml": 'lr: "hold( 5 ) \\\n  >> hold( 6 )"\n',
    "plain.yaml": "lr: hold( 5 )\n  >> hold( 5 )  # c\n",
    "fixed.yaml": "# c\nlr: linear( 0.1,0,100 )*1  # d\nb_lr: |\n  linear( 0.1,0,9 )\n  * 1 # e\n",
    "triple.py": 'import lrdsl\nlrdsl.compile("""\nhold( 5 ) # c\n>> hold( 5 ) # d\n""")\n',
    "joined.py": "import lrdsl\nlrdsl.compile(\n    'hold( 5 )'\n    '>> linear( 0.1,0,9 )*1')\n",
    "definitions.py": 'import lrdsl\nlrdsl.define("""\ndef a(x)=x # c\ndef b(x)=x # d\n""")\n',
}


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["", "marked"])
@pytest.mark.parametrize("end", ["\r\n", "\n"], ids=["CRLF", "LF"])
@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("change", ["format", "fix"])
def test_line_ends_are_kept(name, end, mark, change):
    def changed(text):
        file = read_text(name, text)
        return rewrite(file)[0] if change == "format" else fix(file, Project()).text

    text = PAGES[name]
    found = changed(mark + text.replace("\n", end))
    assert found == mark + changed(text).replace("\n", end)
    assert changed(found) == found


@pytest.mark.parametrize("end", ["\r\n", "\n"], ids=["CRLF", "LF"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["", "marked"])
@pytest.mark.parametrize("name", PAGES)
def test_the_same_is_found(name, end, mark):
    def found(text):
        file = read_text(name, text)
        places = [file.position(each.start) for each in lint_source(file, Project())]
        return [each.text for each in file.snippets], places

    (texts, places), (plain, lines) = (
        found(mark + PAGES[name].replace("\n", end)),
        found(PAGES[name]),
    )
    assert texts == plain
    assert [line for line, _ in places] == [line for line, _ in lines]


@pytest.mark.parametrize(
    "text", ["", "\n", "\r\n", "a\r\n", "a\r\n\r\nb", "\r", "a\rb", "\n\r\n", "\r\r\n"]
)
def test_offsets_of_unix_lines(text):
    for start in range(len(text) + 1):
        own, offsets = unix_lines(text, start, len(text))
        assert own == text[start:].replace("\r\n", "\n")
        assert len(offsets) == len(own) + 1
        assert [text[at] for at in offsets[:-1]] == [
            "\r" if c == "\n" and text.startswith("\r\n", at) else c
            for c, at in zip(own, offsets, strict=False)
        ]
