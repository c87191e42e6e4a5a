"""`lrdsl.hydra.main`: Hydra's own overrides keep their meaning, specs need no quotes of Hydra's."""

import inspect
import random
import re
import string
import subprocess
import sys
import warnings
from pathlib import Path

import hydra
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Quote, QuotedString
from hydra.errors import HydraException
from hypothesis import assume, example, given
from hypothesis import strategies as st
from omegaconf import OmegaConf

import lrdsl
from lrdsl.hydra import main
from lrdsl.hydra.override_grammar import FUNCTIONS
from lrdsl.hydra.overrides import MAX_VALUES, QuotedOverride, quote_override
from lrdsl.hydra.value_splitter import parse_bracketed, split
from tests.support import strategies
from tests.support.counting import calls
from tests.support.warm import warm_python

PARSER = OverridesParser.create()
HEADLINE = "warmup(linear,100) >> cosine(1,1e-3,800) | interval[600:*0.5]"


def hydra_reads(text):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            PARSER.parse_override(text)
        except (HydraException, RecursionError):
            return False
    return True


def values(override):
    """What the jobs of an override receive: one value, or those of a sweep, as Hydra reads them."""
    read = PARSER.parse_override(override)
    if not read.is_sweep_override():
        return [read.value()]
    return [PARSER.parse_override(f"k={x}").value() for x in read.sweep_string_iterator()]


# --- what is Hydra's ------------------------------------------------------------------------------

FORMS = [
    *("lr=1", "lr=-1_000", "lr=0.1", "lr=1e-3", "lr=.5", "lr=inf", "lr=nan", "lr=null", "lr=true"),
    *("lr=", "lr= 1", "lr='a, b'", 'lr="a >> b"', r'lr="a\"b"', r"lr='it\'s'", 'lr=""'),
    *("lr=wsd", "lr=base / 2", "lr=5% | 2", "lr=a-b.c/d:e@f?g*h", "lr=a b", "lr=10k", "lr=C:\\x"),
    *(r"lr=a\,b", r"lr=\(a\)", r"lr=a\ b\=c", r"lr=\[\]\{\}\:\\", r"lr=a\	b"),
    *("lr=${peak}", "lr=${a.b} * 2", "lr=${oc.env:USER,me}", "lr=${a}${b}", "lr=a${b}c"),
    *("lr=[]", "lr=[1,a,'b c',[2]]", "lr={}", "lr={a:1,b:{c:[x]}}", "lr={a: ${b}}"),
    *("lr=1,2,3", "lr=a,'b,c',[1,2],{x:1}", "lr=choice(a,b)", "lr=choice('a b',2)"),
    *("lr=range(10)", "lr=range(0,1,0.5)", "lr=range(start=1,stop=9)", "lr=interval(0.1,1)"),
    *("lr=glob(*)", "db=glob([a*,b*],exclude=*x)", "lr=shuffle(1,2)", "lr=shuffle([1,2,3])"),
    *("lr=sort(3,1,2,reverse=true)", "lr=tag(a,b,choice(1,2))", "lr=int(1.5)", "lr=str([1,2])"),
    *("lr=float(choice(1,2))", "lr=bool(1)", "lr=shuffle(range(1,9))", "lr=sort(choice(2,1))"),
    *("+lr=1", "++lr=1", "~lr", "~lr=1", "~db@pkg", "+db@a.b=mysql", "db=mysql", "db/x=y"),
    *("db@pkg=mysql,postgres", "schedule@lr=wsd", "hydra.run.dir=a/b", "hydra/launcher=basic"),
    *("+hydra/callbacks=[lrdsl]", "hydra.sweeper.params={a: 'choice(1,2)'}", "a.0.b=1", "$x=1"),
]
"""Overrides of all the kinds that Hydra's own pages show."""


@pytest.mark.parametrize("text", FORMS)
def test_hydras_own_forms_stay(text):
    assert hydra_reads(text)
    assert quote_override(text) == QuotedOverride(text)


_spaces = st.sampled_from(["", "", "", " ", "  ", "\t"])
_keys = st.sampled_from(
    [
        *("lr", "db", "a.b", "model.optimizer.lr", "a.0.b", "_x", "$k", "x-1", "db/sub", "db@pkg"),
        *(
            "a/b@c.d",
            "db@",
            "hydra.run.dir",
            "hydra/launcher",
            "hydra.sweeper.params.lr",
            "lr.spec",
        ),
    ]
)
_words = st.text(string.ascii_letters + "_-", min_size=1, max_size=6)
_plain = st.text(r"abcz019 ./-+%*@?|:$\_", min_size=1, max_size=8)
_escapes = st.sampled_from([rf"\{c}" for c in "()[]{}:=, \t\\"])
_quoted = st.builds(
    lambda text, quote: QuotedString(text, quote).with_quotes(),
    st.text("ab \"'\\,()[]{}>#=$\n", max_size=8),
    st.sampled_from(Quote),
)
_numbers = st.one_of(
    st.integers(-1000, 1000).map(str),
    st.floats().map(str),
    st.sampled_from(["1_000", ".5", "-1e-3", "+2", "1.", "INF", "nan", "null", "NULL", "tRue"]),
)
_references = st.sampled_from(["${a}", "${a.b}", "${oc.env:HOME,x}", "${.a}", "${f:1,2}", "${a b}"])
_unquoted = st.lists(st.one_of(_words, _plain, _escapes, _numbers, _references), min_size=1)
_primitives = st.one_of(_quoted, _numbers, _words, _references, _unquoted.map("".join))


@st.composite
def _bracketed(draw, part):
    kind = draw(st.sampled_from("[{f"))
    items = draw(st.lists(part, max_size=3))
    space, comma = draw(_spaces), draw(_spaces) + "," + draw(_spaces)
    if kind == "[":
        return f"[{space}{comma.join(items)}{space}]"
    if kind == "{":
        names = draw(st.lists(_words, min_size=len(items), max_size=len(items)))
        pairs = zip(names, items, strict=True)
        return "{" + space + comma.join([f"{a}{space}:{space}{b}" for a, b in pairs]) + "}"
    function = draw(st.sampled_from(sorted(FUNCTIONS)))
    named = draw(st.sampled_from(["", "", "reverse=true", "sweep=choice(1,2)", "start=1"]))
    return f"{function}({comma.join([*items, named] if named else items)}{space})"


_elements = st.recursive(_primitives, _bracketed, max_leaves=6)
_values = st.lists(_elements, min_size=1, max_size=4).map(",".join)
_overrides = st.builds(
    lambda sign, key, value: f"{sign}{key}" + ("" if value is None else f"={value}"),
    st.sampled_from(["", "", "+", "++", "~"]),
    _keys,
    st.one_of(_values, _values, _values, st.just(""), st.none()),
)


@given(_overrides)
def test_what_hydra_accepts_stays(text):
    assume(hydra_reads(text))
    assert quote_override(text) == QuotedOverride(text)


@given(st.text("ab1 ,.()[]{}'\"\\:=$%|>*#~+@/_-", max_size=20), _keys)
@example("choice(1)", "lr")
def test_what_hydra_accepts_stays_whatever_it_is(value, key):
    text = f"{key}={value}"
    if hydra_reads(text):
        assert quote_override(text) == QuotedOverride(text)
    else:
        assert quote_override(text).text == text or hydra_reads(quote_override(text).text)


def test_nothing_is_drawn_at_random():
    before = random.getstate()
    quote_override("x=shuffle([1,2,3])")
    assert random.getstate() == before


# --- what is a spec -------------------------------------------------------------------------------


def received(text):
    """What is to arrive of a text between commas: it, unless Hydra reads it."""
    return values(f"k={text}")[0] if hydra_reads(f"k={text}") else text


@given(strategies.specs, st.sampled_from(["lr=", "+lr=", "++model.opt.lr=", "lr.spec=", "x="]))
def test_a_spec_arrives(text, key):
    assert values(quote_override(key + text).text) == [received(text)]


_among = st.one_of(strategies.specs, strategies.specs, _quoted, _numbers, _words)


@given(st.lists(_among, min_size=2, max_size=4), st.sampled_from([",", ", ", " , "]))
def test_a_sweep_of_specs_arrives(texts, comma):
    assume(any([not hydra_reads(f"k={text}") for text in texts]))
    assume(not any(["#" in text for text in texts if text[:1] not in "\"'"]))
    found = values(quote_override(f"lr={comma.join(texts)}").text)
    # As texts: nan is not itself.
    assert [repr(x) for x in found] == [repr(received(text)) for text in texts]


@given(strategies.mangled())
def test_mistakes_arrive_or_stay(text):
    found = quote_override(f"lr={text}").text
    if found == f"lr={text}":
        return
    arrived = values(found)
    if len(arrived) == 1 and isinstance(arrived[0], str):
        assert arrived == [text.strip()]
    assert all([each.strip() in text for each in arrived if isinstance(each, str)])


@pytest.mark.parametrize(
    ("argument", "arrives"),
    [
        pytest.param(f"lr={HEADLINE}", HEADLINE, id="a spec"),
        pytest.param("lr= cosine(1) ", "cosine(1)", id="spaces around"),
        pytest.param("lr=cosin(1, 0)", "cosin(1, 0)", id="an unknown name"),
        pytest.param("lr=cosine(1, 0", "cosine(1, 0", id="a bracket that is open"),
        pytest.param("lr=warmup(9) >>", "warmup(9) >>", id="an end that is missing"),
        pytest.param("lr=a(1) -> b(2)", "a(1) -> b(2)", id="another arrow"),
        pytest.param("x=cosine(1", "cosine(1", id="a mistake in a known call elsewhere"),
        pytest.param("x_lr=foo(1", "foo(1", id="a mistake where specs stand"),
        pytest.param(
            "lr=cosine(${peak}, 0, ${n}ep)", "cosine(${peak}, 0, ${n}ep)", id="references"
        ),
        pytest.param("lr=${${a}} >> f(${g:1,2})", "${${a}} >> f(${g:1,2})", id="in each other"),
        pytest.param("lr=warmup('linear', 9)", "warmup('linear', 9)", id="quotes in a spec"),
        pytest.param("lr=hold(9) # it's, so", "hold(9) # it's, so", id="a comment"),
        pytest.param("lr=1 if n == 2 else 3", "1 if n == 2 else 3", id="a condition"),
        pytest.param("lr=[f(1),2]", ["f(1)", 2], id="a list"),
        pytest.param("lr={a: f(1) >> g(2), b: [0.9]}", {"a": "f(1) >> g(2)", "b": [0.9]}, id="map"),
        pytest.param("~lr=cosine(1)", "cosine(1)", id="a deletion"),
        pytest.param("lr=hold(9)\n>> hold(1)", "hold(9)\n>> hold(1)", id="two lines"),
    ],
)
def test_arrives(argument, arrives):
    assert not hydra_reads(argument)
    assert values(quote_override(argument).text) == [arrives]
    assert quote_override(argument).note == ""


@pytest.mark.parametrize(
    ("argument", "arrive"),
    [
        pytest.param("lr=a(1),b(2)", ["a(1)", "b(2)"], id="two"),
        pytest.param("lr=a(1) , 0.1,null", ["a(1)", 0.1, None], id="numbers beside"),
        pytest.param("lr='a(1)' ,b(2)", ["a(1)", "b(2)"], id="quoted beside"),
        pytest.param("lr=a(1,2)|b[3:4,5:6],wsd", ["a(1,2)|b[3:4,5:6]", "wsd"], id="commas inside"),
        pytest.param("lr=choice(a(1) >> b(2),3)", ["a(1) >> b(2)", 3], id="choice"),
        pytest.param("lr=cosine(1,cosine(2)", ["cosine(1,cosine(2)"], id="an open bracket"),
        pytest.param("lr=[a(1)],[2]", [["a(1)"], [2]], id="lists"),
        pytest.param("lr=f(${a:1,2}),2", ["f(${a:1,2})", 2], id="a comma in a reference"),
        pytest.param("lr=a(1),b(2) # c, d", ["a(1)", "b(2) # c, d"], id="a comment at the end"),
    ],
)
def test_sweeps(argument, arrive):
    assert values(quote_override(argument).text) == arrive


@pytest.mark.parametrize(
    ("argument", "note"),
    [
        pytest.param("x=foo(1", "", id="no spec"),
        pytest.param("x=a > b", "", id="a sign"),
        pytest.param("x=a,,b(1)", "", id="an empty value"),
        pytest.param("x={a, b(1)}", "", id="no mapping"),
        pytest.param("x=foo", "", id="what Hydra reads"),
        pytest.param("foo", "", id="a word"),
        pytest.param("lr=sort(a(1),2)", "`sort(…)` takes no schedules", id="another function"),
        pytest.param("lr=1,sort(a(1))", "`sort(…)` takes no schedules", id="inside a sweep"),
        pytest.param("schedule@lr=cosine(1)", "a schedule goes to its key: lr='…'", id="a group"),
        pytest.param("a/b=cosine(1)", "chooses an option by its name", id="a nested group"),
        pytest.param("hydra.a=cosine(1)", "need Hydra's quotes: 'hydra.a=\"…\"'", id="hydra's key"),
        pytest.param("hydra/a=cosine(1)", "chooses an option by its name", id="hydra's group"),
        pytest.param("hydra.a=foo(1)", "", id="hydra's key, no spec"),
        pytest.param("cosine(1, end=0)", "in one piece: lr='…'", id="no key"),
        pytest.param("=cosine(1)", "in one piece: lr='…'", id="an empty key"),
        pytest.param("--my.lr=cosine(1)", "in one piece: my.lr='…'", id="dashes"),
        pytest.param("my.lr =cosine(1)", "in one piece: my.lr='…'", id="a space"),
        pytest.param("lr=" + "[" * 20 + "f(1)" + "]" * 20, "nested so deep", id="deep"),
        pytest.param("lr=" + "f(1)," * MAX_VALUES + "1", "more than 1000 values", id="many"),
    ],
)
def test_is_left_to_hydra(argument, note):
    found = quote_override(argument)
    assert found.text == argument
    assert note in found.note
    assert bool(note) == bool(found.note)


@pytest.mark.parametrize(
    ("argument", "note"),
    [
        pytest.param("x=chioce(a,b)", "Hydra's function is `choice`", id="a mistyped function"),
        pytest.param("x=sqrt(2)", "", id="a name of lrdsl's"),
        pytest.param("x=foo(2)", "", id="a name like none"),
    ],
)
def test_a_mistyped_function_is_told_of(argument, note):
    assert values(quote_override(argument).text) == [argument[2:]]
    assert note in quote_override(argument).note
    assert bool(note) == bool(quote_override(argument).note)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda n: "f(1)" + ")" * n, id="brackets that close"),
        pytest.param(lambda n: "'\"" * n, id="quotes"),
        pytest.param(lambda n: "\\'" * n + "f(", id="escaped quotes"),
        pytest.param(lambda n: "f(1)," * n, id="many values"),
        pytest.param(lambda n: "f(1) >> " * n + "g(2)", id="a long chain"),
        pytest.param(lambda n: "[" + "a," * n + "f(1)]", id="a long list"),
        pytest.param(lambda n: "f(1" + " 1" * n, id="a long mistake"),
        pytest.param(lambda n: "#" * n + ",f(", id="a long comment"),
    ],
)
def test_the_cost_grows_with_the_text(make):
    def count(n):
        return calls(lambda: quote_override(f"lr={make(n)}"), everywhere=True)

    count(10)  # what is looked up only once is looked up now
    assert count(2000) < 5 * count(500)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("f(" * 30_000, id="brackets that open"),
        pytest.param("[" * 30_000, id="lists that open"),
        pytest.param("{a:" * 20_000, id="mappings that open"),
        pytest.param("${" * 30_000, id="references that open"),
        pytest.param("${" * 15_000 + "a" + "}" * 15_000 + "f(", id="references in each other"),
        pytest.param("f(1) " * 100_000, id="too long for a spec"),
    ],
)
def test_what_is_far_too_much_is_hardly_read(text):
    assert calls(lambda: quote_override(f"lr={text}"), everywhere=True) < 1000


# --- parts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        pytest.param("", [""], id="nothing"),
        pytest.param("a,b", ["a", "b"], id="two"),
        pytest.param("(a,b),[c,d],{e,f}", ["(a,b)", "[c,d]", "{e,f}"], id="brackets"),
        pytest.param("'a,b',\"c,'d\"", ["'a,b'", '"c,\'d"'], id="quotes"),
        pytest.param(r"'a\',b',c", [r"'a\',b'", "c"], id="an escaped quote"),
        pytest.param("it's,b", ["it's", "b"], id="a quote that is never closed"),
        pytest.param("a),b", ["a)", "b"], id="a bracket that closes nothing"),
        pytest.param("a # b, c\n,d", ["a # b, c\n", "d"], id="a comment"),
    ],
)
def test_split(text, parts):
    assert split(text, ",") == parts


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("f(a, b)", ("f", "(", "a, b"), id="a call"),
        pytest.param(" [a] ", ("", "[", "a"), id="a list"),
        pytest.param("{a: (1)}", ("", "{", "a: (1)"), id="a mapping"),
        pytest.param("f(a) + g(b)", None, id="two calls"),
        pytest.param("f(a", None, id="open"),
        pytest.param("f(']')", ("f", "(", "']'"), id="a bracket in quotes"),
        pytest.param("f(# )", None, id="a bracket in a comment"),
        pytest.param("f", None, id="a word"),
    ],
)
def test_bracketed(text, found):
    assert parse_bracketed(text) == found


# --- the app --------------------------------------------------------------------------------------

QUIET = ["hydra/job_logging=none", "hydra/hydra_logging=none", "hydra.output_subdir=null"]


def in_main(task):
    """A task of a script: in a module, Hydra would look for configs in the module's package."""
    task.__module__ = "__main__"
    return task


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs an app in this process; what its task was given, and `sys.argv` as it saw it."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments, decorator=main):
        found = []

        @decorator(version_base="1.3", config_path=None)
        @in_main
        def app(cfg):
            found.append((OmegaConf.to_container(cfg), sys.argv[1]))

        monkeypatch.setattr(sys, "argv", ["app.py", *arguments, *QUIET])
        before = list(sys.argv)
        app()
        assert sys.argv == before
        return found

    return run


def test_an_app_receives_a_spec(run):
    [(cfg, argument)] = run(f"+lr={HEADLINE}")
    assert cfg == {"lr": HEADLINE}
    assert argument == f'+lr="{HEADLINE}"'
    # What a job that starts others hands on works with plain Hydra.
    assert run(argument, decorator=hydra.main) == run(f"+lr={HEADLINE}")


def test_an_app_is_swept(run):
    found = run("-m", "+x=1,2", "+lr=hold(1), hold(2) >> hold(3)", "hydra.sweep.dir=.")
    assert [cfg for cfg, _ in found] == [
        {"x": x, "lr": lr} for x in (1, 2) for lr in ("hold(1)", "hold(2) >> hold(3)")
    ]


def test_an_option_keeps_its_value(run, tmp_path):
    """Only overrides are looked at."""
    folder = tmp_path / "lr=cosine(1)"
    folder.mkdir()
    (folder / "a.yaml").write_text("lr: 1")
    assert run("--config-dir", folder.name, "-cn", "a")[0][0] == {"lr": 1}


def test_a_config_is_passed_through():
    @main(version_base="1.3", config_path=None)
    @hydra.main(version_base="1.3", config_path=None)
    def app(cfg):
        """Its own words."""
        return cfg.lr

    assert app(OmegaConf.create({"lr": "hold(1)"})) == "hold(1)"
    assert (app.__name__, app.__doc__) == ("app", "Its own words.")


def test_errors_of_the_app_are_its_own(run, monkeypatch):
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")

    @main(version_base="1.3", config_path=None)
    @in_main
    def app(cfg):
        lrdsl.compile(cfg.lr)

    monkeypatch.setattr(sys, "argv", ["app.py", *QUIET, "+lr=cosin(1)"])
    before = sys.argv
    with pytest.raises(lrdsl.SpecError, match="did you mean `cosine`"):
        app()
    assert sys.argv is before


def test_signature_is_that_of_hydra():
    assert list(inspect.signature(main).parameters) == list(
        inspect.signature(hydra.main).parameters
    )


def test_warnings_name_the_app():
    with pytest.warns(UserWarning, match="version_base") as caught:
        main(config_path=None)
    assert {each.filename for each in caught} == {__file__}


APP = """\
from {module} import main

@main(version_base="1.3", config_path="conf", config_name="config")
def app(cfg):
    print(cfg)

if __name__ == "__main__":
    app()
"""


@pytest.fixture(scope="module")
def apps(tmp_path_factory):
    """The same app with `hydra.main` and with lrdsl's, with a config folder beside it."""
    folders = []
    for module in ("hydra", "lrdsl.hydra"):
        folder = tmp_path_factory.mktemp("app")
        (folder / "app.py").write_text(APP.format(module=module))
        for path, text in {
            "config.yaml": "defaults: [db: sqlite, _self_]\nlr: 0.1\n",
            "db/sqlite.yaml": "name: sqlite",
            "db/mysql.yaml": "name: mysql",
        }.items():
            (folder / "conf" / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / "conf" / path).write_text(text)
        folders.append(folder)
    return folders


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param([], id="none"),
        pytest.param(["--cfg", "job", "db=mysql", "lr=choice(1,2)"], id="cfg"),
        pytest.param(["--help"], id="help"),
        pytest.param(["--hydra-help"], id="hydra-help"),
        pytest.param(["--version"], id="version"),
        pytest.param(["-m", "db=sqlite,mysql", "lr=1,2", "hydra.sweep.dir=o"], id="multirun"),
        pytest.param(["-sc", "install=bash"], id="completion"),
        pytest.param(["-sc", "query=bash"], id="completion of a key"),
        pytest.param(["lr=a > b"], id="an override of no use"),
        pytest.param(["--nothing"], id="an option of no use"),
        pytest.param(["lr=1,2"], id="a sweep without -m"),
    ],
)
def test_an_app_is_as_with_hydra_itself(apps, arguments, monkeypatch):
    monkeypatch.setenv("COMP_LINE", "python app.py lr='hold(1)' db=")
    done = [warm_python("app.py", *arguments, folder=folder) for folder in apps]
    times = re.compile(r"^\[[-:, \d]+\]", re.MULTILINE)
    theirs, ours = [(x.returncode, times.sub("", x.stdout), x.stderr) for x in done]
    assert ours == theirs
    assert theirs[1] + theirs[2]


def test_an_app_starts_light(apps):
    """What only explains mistakes is not imported for a command line without any."""
    line = ["-X", "importtime", "app.py", "-m", "lr=cosine(1),hold(2)", "hydra.sweep.dir=light"]
    done = subprocess.run([sys.executable, *line], cwd=apps[1], capture_output=True, text=True)
    assert done.returncode == 0
    imported = {row.rpartition("|")[2].strip() for row in done.stderr.splitlines()}
    assert "lrdsl.hydra.overrides" in imported
    assert imported.isdisjoint({"lrdsl.linter", "numpy", "pydantic", "torch"})


def test_a_record_of_a_run_is_for_plain_hydra_too(apps):
    folder = apps[1]
    line = [sys.executable, "app.py", "lr=hold(1) >> hold(2)", "hydra.run.dir=out"]
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout == "{'db': {'name': 'sqlite'}, 'lr': 'hold(1) >> hold(2)'}\n"
    record = Path(folder / "out/.hydra/overrides.yaml").read_text()
    assert record == '- lr="hold(1) >> hold(2)"\n'
