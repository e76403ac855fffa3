"""The catalogues: nothing untranslated, nothing stale, places for values kept; who speaks which language."""

import argparse
import ast
import re
import string
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

import nn.cli
from autograd import Value, draw, explain, live, stepper, words
from autograd.cli import main
from autograd.testing.diagnosis.misconceptions import MISCONCEPTIONS, WRONG_RULES

ROOT = Path(__file__).parents[2]
OTHERS = [name for name in words.LANGUAGES if name != "en"]
# What argparse itself says, in its own words.
_ARGPARSE = {
    "usage: ", "positional arguments", "options", "show this help message and exit",
    "the following arguments are required: %s", "unrecognized arguments: %s",
    "argument %(argument_name)s: %(message)s", "invalid choice: %(value)r (choose from %(choices)s)",
    "invalid choice: %(value)r, maybe you meant %(closest)r? (choose from %(choices)s)",
    "invalid %(type)s value: %(value)r", "expected one argument", "expected %s argument",
    "expected %s arguments", "expected at least one argument", "not allowed with argument %s",
    "ambiguous option: %(option)s could match %(matches)s", "ignored explicit argument %r",
}  # fmt: skip


@cache
def written(path):
    """Return what stands in a file."""
    return path.read_text(encoding="utf-8")


@cache
def parsed(path):
    """Return a source's tree."""
    return ast.parse(written(path))


def sources(pattern):
    """Return the sources in which a pattern is found; to parse all takes seconds."""
    found = [*ROOT.glob("autograd/**/*.py"), *ROOT.glob("nn/**/*.py")]
    return [path for path in found if re.search(pattern, written(path))]


def assets(ending):
    """Return the files of pages: scripts, or the pages themselves."""
    return [path for top in ("autograd", "nn") for path in ROOT.glob(f"{top}/**/assets/*.{ending}")]


def marks(path):
    """Return what a page's file says through the catalogues."""
    return set(re.findall(r"\[\[(.+?)\]\]", path.read_text(encoding="utf-8")))


# Functions whose texts are messages, and how many of their arguments are; those of `options` that are prose.
_SPOKEN = {
    "gettext": 1, "marked": 1, "inscription": 1, "refuse_constant": 4, "refuse_while_tracing": 2, "_leave": 1,
    "_refuse_copy": 1, "ShapeError": 1, "options": None,
}  # fmt: skip
# Tables of what to write instead; most of it is code.
_REMEDIES = {
    "autograd.calculus.functional": ("_THEIRS",), "autograd.elsewhere": ("_FUNCTIONS", "_METHODS"),
    "autograd.spellings": ("TENSORS",), "autograd.ufuncs": ("INSTEAD",), "autograd.value": ("_OPTIONS",),
    "nn.data": ("_INSTEAD",), "nn.elsewhere": ("_INSTEAD", "_KINDS"), "nn.init": ("_INSTEAD",),
    "nn.losses": ("_FOREIGN", "_INSTEAD"), "nn.modules.missing": ("_OF_MODULES",),
    "nn.modules.recurrent": ("_OTHERS",), "nn.optim": ("_INSTEAD", "_SPEED"), "nn.train.fit": ("_DATA",),
}  # fmt: skip
_WITHIN = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|'[^']*'|\w+(\.\w+)+")
_PROSE = re.compile(
    r"\b(an|the|or|and|of|with|which|that|nothing|itself|its|such|where|is|are|do|does|no|by|under|below)\b"
    r"|\ba [a-z]{2,}|\b[a-z]{3,},? [a-z]{3,}\b"
)


def is_prose(text):
    """Whether words stand in what to write, besides code."""
    bare = text
    while bare != (bare := _WITHIN.sub("", bare)):
        pass
    return _PROSE.search(bare) is not None


def texts_in(held):
    """Yield the texts in a table's fields."""
    if isinstance(held, str):
        yield held
    elif isinstance(held, (dict, tuple)):
        for part in held.values() if isinstance(held, dict) else held:
            yield from texts_in(part)


def constants(node):
    """Yield the texts that an argument may be: of a condition both, of a table all."""
    if isinstance(node, ast.IfExp):
        yield from (*constants(node.body), *constants(node.orelse))
    elif isinstance(node, (ast.Tuple, ast.Dict)):
        for part in node.elts if isinstance(node, ast.Tuple) else node.values:
            yield from constants(part)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def called(node):
    """Return the name of the function that a node calls; an empty one where it calls none."""
    return getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""


def remedies():
    """Return what the tables say in prose, as `told_instead` looks it up."""
    held = [vars(import_module(module))[name] for module, names in _REMEDIES.items() for name in names]
    bare = {text if is_prose(rest := text.removeprefix("write ")) and rest == text else rest
            for text in texts_in(tuple(held))}  # fmt: skip
    return {text for text in bare if is_prose(text)}


def messages():
    """Return what goes through the catalogues: calls, tables, helps of options, marks in scripts."""
    found = {*_ARGPARSE, *nn.cli.COMMANDS.values(), *remedies()}
    found |= {text for what in MISCONCEPTIONS.values() for text in what}
    found |= {text for rules in WRONG_RULES.values() for *_, text in rules}
    for path in sources(rf"\b({'|'.join(_SPOKEN)})\(|\bhelp="):
        for node in ast.walk(parsed(path)):
            if (name := called(node)) in _SPOKEN:
                given = [*node.args[: _SPOKEN[name]], *(k.value for k in node.keywords if name == "options")]
                said = {text for argument in given for text in constants(argument)}
                found |= {text for text in said if name not in ("options", "_leave") or is_prose(text)}
            elif isinstance(node, ast.keyword) and node.arg == "help" and "cli" in path.parts:
                found |= set(constants(node.value))
    for path in [*assets("js"), *assets("html")]:
        found |= marks(path)
    return found


# Errors that say to who mends this package, not to who uses it, what went wrong in it.
_INNER = {"UntranslatableError", "AssertionError"}
_SAYING = re.compile(r"(\w*(Error|Exception|Exit|Warning)|warn|warn_explicit|add_note|print|_notice|_bad)$")
_REASON = re.compile("(Return|Say|Tell|Show) (why|what is wrong|what an error|the message)")
# Commands for a shell, programs, styles and pages are no sentences.
_CODE = re.compile(r"[{<$|]|^(pip|chainrule|complete|autoload|--)\b")


def unspoken(node):
    """Yield the sentences below a node that reach the user as they stand, in English."""
    name = called(node)
    if name in _SPOKEN or name in ("compile", "_finding") or name in _INNER or is_docstring(node):
        return
    if isinstance(node, ast.keyword) and node.arg == "help":
        return
    if isinstance(node, ast.JoinedStr):
        whole = "".join(str(part.value) if isinstance(part, ast.Constant) else "0" for part in node.values)
        yield from [whole] if is_sentence(whole) else []
    for child in [node] if isinstance(node, ast.Constant) else ast.iter_child_nodes(node):
        if not isinstance(child, ast.Constant):
            yield from unspoken(child)
        elif isinstance(child.value, str) and is_sentence(child.value):
            yield child.value


def is_docstring(node):
    """Whether a text stands by itself."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def said_in(tree):
    """Yield what a module says: all that is raised, warned of or printed, and reasons that are returned.

    A name stands for what the function gives it, however it is built.
    """
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.Lambda)):
            yield from said_by(node)


def said_by(function):
    """Yield the parts of a function that it says."""
    given = {}
    for node in ast.walk(function):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets if isinstance(node, (ast.Assign, ast.AugAssign, ast.NamedExpr)) else []:
            given.setdefault(getattr(target, "id", ""), []).append(node.value)
    is_named = isinstance(function, ast.FunctionDef)
    is_reason = is_named and _REASON.match(ast.get_docstring(function) or "")
    waiting = [node for node in ast.walk(function)
               if isinstance(node, ast.Raise) or _SAYING.match(called(node))
               or (is_reason and isinstance(node, ast.Return))]  # fmt: skip
    while waiting:
        node = waiting.pop()
        yield node
        for name in {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}:
            waiting += given.pop(name, [])


def is_sentence(text):
    """Whether there are two words of prose in a row, and no code."""
    return re.search(r"\b[a-z]{2,},? [a-z]{2,}\b", text) is not None and not _CODE.search(text.strip())


def test_whatever_is_raised_warned_of_or_printed_goes_through_the_catalogues():
    left = set()
    for path in sources(r"\w"):
        parts = [parsed(path)] if "cli" in path.parts else said_in(parsed(path))
        left |= {(path.relative_to(ROOT).as_posix(), text) for part in parts for text in unspoken(part)}
    assert {(name, text) for name, text in left if text not in nn.cli.COMMANDS.values()} == set()


def test_a_sentence_that_is_said_in_english_alone_is_found():
    for line in ('raise ValueError("this is wrong")', 'warnings.warn(f"{x} is not so")',
                 'why = f"{x} is wrong here"\n    raise TypeError(gettext("no: {why}", why=why))',
                 'error = OSError("it cannot be read")\n    raise error',
                 'print("nothing is left", file=sys.stderr)'):  # fmt: skip
        tree = ast.parse(f"def f(x):\n    {line}")
        assert [text for part in said_in(tree) for text in unspoken(part)], line
    tree = ast.parse('def f(x):\n    raise ValueError(gettext("this is {x} wrong", x=x))')
    assert [text for part in said_in(tree) for text in unspoken(part)] == []


def places(message):
    """Return where values go: of format, of templates in scripts, of argparse's percent signs."""
    if "${" in message:
        return sorted(re.findall(r"\$\{.*?\}", message))
    if "%" in message:
        return sorted(re.findall(r"%(?:\(\w+\))?[sr]", message))
    return sorted(field for _, field, _, _ in string.Formatter().parse(message) if field is not None)


@pytest.mark.parametrize("name", OTHERS)
def test_every_message_is_translated_and_no_entry_is_stale(name):
    said, entries = messages(), set(words.catalogue(name))
    assert said - entries == set()
    assert entries - said == set()


@pytest.mark.parametrize("name", OTHERS)
def test_a_translation_keeps_the_places_for_values(name):
    quoted = set().union(*map(marks, assets("js")))
    for message, spoken in words.catalogue(name).items():
        assert places(spoken) == places(message), message
        if message in quoted:
            assert not set("`'\"\\") & set(re.sub(r"\$\{.*?\}", "", spoken)), spoken


@pytest.mark.parametrize("name", OTHERS)
def test_a_catalogue_is_one_that_gettexts_own_tools_read(name):
    babel = pytest.importorskip("babel.messages.pofile", reason="pip install babel")
    path = words.LOCALE / f"{name}.po"
    with path.open("rb") as file:
        theirs = babel.read_po(file, locale=name, abort_invalid=True)
    assert {str(m.id): str(m.string) for m in theirs if m.id} == dict(words.catalogue(name))


def neuron():
    w, x = Value(0.5, "w"), Value(2.0, "x")
    loss = (w * x).tanh() ** 2
    loss.label = "loss"
    loss.backward()
    return w, loss


def test_a_derivation_in_chinese_has_the_same_formulas_and_numbers():
    w, loss = neuron()
    english, chinese = (str(explain(loss, wrt=w, lang=lang)) for lang in ("en", "zh"))
    assert "反向传播" in chinese
    formulas = [[line.split("  ")[-1].strip() for line in text.splitlines() if "grad" in line]
                for text in (english, chinese)]  # fmt: skip
    assert formulas[0] == formulas[1]
    table = [line for line in chinese.splitlines() if ".grad" in line]
    assert len({words.columns(re.split(r"w\.grad|v\d\.grad|loss\.grad", line)[0]) for line in table}) == 1
    with pytest.raises(ValueError, match="no words in the language 'tlh'; there are en, zh_CN"):
        explain(loss, lang="tlh")


@pytest.mark.parametrize("style", ["text", "markdown", "latex", "mathml"])
def test_no_english_heading_is_left_in_a_chinese_derivation(style):
    w, loss = neuron()
    shown = explain(loss, wrt=w, style=style, lang="zh").to(style)
    assert not set(re.findall(r"[A-Z][a-z]+", re.sub(r"<style>.*?</style>|\\\w+|<math.*?>", "", shown)))


def test_a_chinese_page_says_nothing_in_english():
    page = stepper(neuron()[1], lang="zh").html
    assert '<html lang="zh-CN">' in page
    assert "反向传播 ${at - N} / ${E}" in page
    assert "[[" not in page.partition('id="steps"')[0]
    assert not re.search(r"Forward|Backward|Play|Pause|not computed", page)
    assert stepper(neuron()[1]).html == stepper(neuron()[1], lang="en").html


def test_a_live_page_in_chinese_says_nothing_in_english():
    page = live(neuron()[1], lang="zh").html
    text, _, script = page.partition('<script type="application/json"')
    assert '<html lang="zh-CN">' in page
    assert "a branch that was not taken" not in script
    assert "把操作数 ${num(own)} 当成了局部导数。" in script
    assert "[[" not in text
    assert not any(f"[[{mark}]]" in script for path in assets("js") for mark in marks(path))
    said = re.sub(r"<style>.*?</style>|<code>.*?</code>|<[^>]*>", " ", text, flags=re.DOTALL)
    labels = re.findall(r'aria-label="([^"]*)"', text)
    known = {"JavaScript", "SVG", "LaTeX", "Home", "End"}
    assert set(re.findall(r"[A-Za-z]{3,}", " ".join([said, *labels]))) - known == {"loss"}
    with pytest.raises(ValueError, match="no words in the language 'tlh'"):
        live(neuron()[1], lang="tlh")


def test_pictures_name_fonts_that_have_chinese():
    with words.language("zh"):
        svg = draw(neuron()[1], engine="builtin").svg()
    assert "传回的梯度" in svg
    assert "PingFang SC" in svg
    assert "Microsoft YaHei" in svg
    assert "Noto Sans CJK SC" in svg


@pytest.mark.parametrize(("option", "variables", "chinese"), [
    ("zh", {}, True), ("zh-Hans", {"CHAINRULE_LANG": "en"}, True), ("en", {"LANG": "zh_CN.UTF-8"}, False),
    ("", {"CHAINRULE_LANG": "zh"}, True), ("", {"CHAINRULE_LANG": "en", "LANG": "zh_CN.UTF-8"}, False),
    ("", {"LANG": "zh_CN.UTF-8"}, True), ("", {"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, False),
    ("", {"LANG": "de_DE.UTF-8"}, False), ("", {}, False),
])  # fmt: skip
def test_the_command_line_asks_its_option_then_the_variable_then_the_locale(
    option, variables, chinese, capsys, monkeypatch
):
    for name in ("CHAINRULE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    for given in ([f"--lang={option}"], ["--lang", option]) if option else ([],):
        for arguments in (["explain", "x", "--at", "x=1", *given], [*given, "explain", "x", "--at", "x=1"]):
            assert main(arguments) == 0
            assert ("反向传播" in capsys.readouterr().out) is chinese


def test_help_and_complaints_are_in_the_readers_language_and_argparse_is_english_again_after(capsys):
    before = vars(argparse)["_"]
    with pytest.raises(SystemExit):
        main(["--lang", "zh", "check", "--help"])
    printed = capsys.readouterr().out
    assert printed.startswith("用法：chainrule check")
    assert "导数的最高阶数" in printed
    assert not re.search("options|show this", printed)
    with pytest.raises(SystemExit):
        main(["--lang", "zh", "check"])
    assert capsys.readouterr().err.startswith("chainrule check: 缺少参数：expression；以负号开头")
    assert main(["--lang", "tlh"]) == 2
    assert capsys.readouterr().err == "chainrule: --lang takes en or zh, got 'tlh'\n"
    assert vars(argparse)["_"] is before


@pytest.mark.parametrize(("typed", "said"), [
    ("explain tnah(x) --at x=1", "没有函数 tnah；是不是 tanh？"), ("draw w*x --at w=1", "x 没有值"),
    ("live x.real --at x=1", "不允许取属性"), ("stepper ^ --at x=1", "这不是表达式："),
    ("check x --at x=1,x=2", "x 有两个值"), ("explain x*y --at x=1,y=2 --wrt z", "它有 x, y"),
    ("conform toch", "没有叫 toch 的适配器"), ("diagnose none.py:Value", "没有文件 none.py"),
    ("conform torch --order 4", "参考值只有一阶到三阶"), ("draw x --at x=1 -o a.foo", "图的格式有 svg"),
    ("draw (x --at x=1", "'(' 没有闭合"), ("explain x --at x=1 --depth -1", "应为不小于 1 的整数"),
    ("live 1+2", "没有可以求导的变量"), ("explain dot(x,x,x) --at x=1", "两个长度相同的向量"),
])  # fmt: skip
def test_what_is_wrong_with_an_expression_is_said_in_the_readers_language(typed, said, capsys):
    assert main(["--lang", "zh", *typed.split()]) == 2
    told = capsys.readouterr().err
    assert said in told.splitlines()[0]


@pytest.mark.parametrize(("typed", "said"), [
    ("moon", "没有叫 'moon' 的数据集"), ("moons --hidden 3,x", "用逗号隔开的整数"),
    ("moons --lr=-1", "--lr 应不小于 0.0"), ("moons --validation 1", "之间的比例"),
    ("moons --batch-size 0", "--batch-size 至少是 1"),
    ("moons --loss mse", "请用 logistic、hinge 或 cross-entropy"),
    ("moons --resume no.json", "没有可以接着训练的文件"), ("no.csv", "没有这个文件或目录"),
    ("moons --samples 1", "应是不小于 2 的整数"),
])  # fmt: skip
def test_what_is_wrong_with_a_training_is_said_in_the_readers_language(typed, said, capsys, tmp_path):
    pytest.importorskip("numpy")
    assert nn.cli.main(["--lang", "zh", "train", *typed.split(), "--out", str(tmp_path)]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(("text", "said"), [
    ("a,b\n1,x\n2,3\n", "第 2 行第 2 列"), ("", "每个样本要有一行"), ("a,b,y\n1,2\n", "有 2 个单元格"),
])  # fmt: skip
def test_what_is_wrong_with_a_file_is_said_in_the_readers_language(text, said, tmp_path, capsys):
    pytest.importorskip("numpy")
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    assert nn.cli.main(["--lang", "zh", "train", str(path), "--target", "b", "--out", str(tmp_path)]) == 2
    assert said in capsys.readouterr().err


def test_reports_of_checks_and_of_the_installation_are_in_the_readers_language(capsys):
    assert main(["--lang", "zh", "check", "abs(x)", "--at", "x=0"]) == 1
    told = capsys.readouterr().out
    assert "什么也无法检查" in told
    assert "df/dx 处于不可导点：abs(0.0) 在该处不可导" in told
    assert main(["--lang", "zh", "doctor"]) == 0
    assert "引擎        " in capsys.readouterr().out


def test_what_a_catalogue_lacks_stays_english():
    entries = ('msgid "a"\nmsgstr "甲"', '#, fuzzy\nmsgid "b"\nmsgstr "乙"', 'msgid "c"\nmsgstr ""\n')
    assert words.read_catalogue("\n\n".join(entries)) == {"a": "甲"}
    with words.language("zh"):
        assert words.gettext("no such message {x}", x=1) == "no such message 1"


def test_a_chinese_picture_says_nothing_in_english():
    w, b, x, h = (Value(v, name) for v, name in ((2.0, "w"), (-0.3, "b"), (0.5, "x"), (0.1, "h")))
    y = (w * x + b).relu() * (x > 0.0)
    y.backward()
    for _ in range(30):
        h = (w * h + b).tanh()
    with words.language("zh"):
        pictures = [
            draw(y, engine="builtin"),
            draw(h, engine="builtin"),
            draw(y, versus=w * x, engine="builtin"),
            draw(h, nearest=4, engine="builtin"),
            draw(y, size=(800, 450), engine="builtin"),
        ]
        said = [text for picture in pictures for text in (picture.svg(), picture.to_mermaid())]
    for text in said:
        shown = re.sub(r"<style.*?</style>|<[^>]*>|\w+=", " ", text)
        if text.startswith("flowchart"):
            shown = " ".join(re.findall('"([^"]*)"', text)).replace("<br/>", " ")
        found = {word for word in re.findall(r"[A-Za-z]{3,}", shown) if not re.fullmatch(r"d?v\d*", word)}
        assert found <= {"ReLU", "tanh", "max", "fold", "False", "depth", "nearest", "size"}
    assert "值" in said[0]
    assert "梯度" in said[0]
    assert "每一步" in said[2]
