"""Writes the cases of this folder with HuggingFace PEFT itself.

    pip install torch peft transformers safetensors
    python make_cases.py            # beside this file; the committed files came from PEFT 0.21.0, torch 2.13.0 (CPU)

adapters/NAME/adapter           what PEFT saved
adapters/NAME/base              the base model, as its own save_pretrained or save_file writes it
adapters/NAME/expected.safetensors
    MODULE.indices              I64 [2, n]: rows (out_features), columns (in_features)
    MODULE.delta                delta weight [out, in], in the dtype that PEFT gives it
    MODULE.merged               the base weight after merge, as stored
matching.json                   what PEFT says of (configuration, module name): is it adapted, with which n_frequency
regex.json                      what Python's re says of (expression, text): fullmatch and match
regex_random.json               the same of expressions drawn at random, "1" for each text that matches
regex_edges.json                the same where one character, number or flag more or less makes the difference
"""

import json
import random
import re
import shutil
import warnings
from pathlib import Path

import torch
from peft import FourierFTConfig, PeftModel, get_peft_model
from peft.tuners.tuners_utils import _ExcludedModule, check_target_module_exists
from safetensors.torch import save_file
from torch import nn
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
)
from transformers.pytorch_utils import Conv1D

warnings.simplefilter("ignore")
HERE = Path(__file__).parent
OUT = HERE / "adapters"


def tensors_of(model):
    return {k: v.detach().clone().contiguous() for k, v in model.state_dict().items()}


def case(name, model, config, base_tensors=None, base_config=None, autocast=True, prepare=None, save=None, before=None):
    """Adapts `model`, saves the adapter, loads it again into an equal model, and stores what that computes."""
    folder = OUT / name
    (folder / "base").mkdir(parents=True)
    start = tensors_of(model)
    base = base_tensors if base_tensors is not None else start
    save_file(base, folder / "base" / "model.safetensors", {"format": "pt"})
    if base_config is not None:
        (folder / "base" / "config.json").write_text(json.dumps(base_config, indent=2, sort_keys=True))
    if before is not None:
        before(model)
    peft_model = get_peft_model(model, config, autocast_adapter_dtype=autocast)
    if prepare is not None:
        with torch.no_grad():
            prepare(peft_model)
    if save is not None:
        save(peft_model, folder / "adapter")
    else:
        peft_model.save_pretrained(folder / "adapter")
    (folder / "adapter" / "README.md").unlink(missing_ok=True)
    expected = {}
    adapter = peft_model.active_adapter
    layers = {}
    for path, module in peft_model.get_base_model().named_modules():
        if hasattr(module, "fourierft_spectrum") and adapter in module.fourierft_spectrum:
            layers[path] = module
            expected[path + ".indices"] = module.indices[adapter].to(torch.int64).contiguous()
            expected[path + ".delta"] = module.get_delta_weight(adapter).detach().contiguous()
    peft_model.merge_adapter()
    for path, module in layers.items():
        expected[path + ".merged"] = module.get_base_layer().weight.detach().clone().contiguous()
    save_file(expected, folder / "expected.safetensors")


class Block(nn.Module):
    def __init__(self, linear, size=6):
        super().__init__()
        self.q = linear(size, size)
        self.v = linear(size, size + 2)


class Stack(nn.Module):
    """model.layers.{0,1}.{q,v} and a head, with Linear or Conv1D as asked."""

    def __init__(self, linear=nn.Linear, head=None):
        super().__init__()
        self.model = nn.Module()
        self.model.layers = nn.ModuleList([Block(linear), Block(linear)])
        self.head = head or nn.Linear(6, 3)


def conv1d(inputs, outputs):
    return Conv1D(outputs, inputs)


def fill(peft_model):
    """Values that a rounding would change."""
    for parameter in peft_model.parameters():
        if parameter.requires_grad:
            parameter.copy_(torch.randn(parameter.shape).to(parameter.dtype))


def adapters():
    shutil.rmtree(OUT, ignore_errors=True)
    torch.manual_seed(0)
    # The saved keys are sorted, so "0.q" comes before "q": not the order of the training.
    case(
        "pattern_order",
        Stack(),
        FourierFTConfig(
            target_modules=["q", "v"], n_frequency=5, n_frequency_pattern={"q": 3, "0.q": 4}, random_loc_seed=-1
        ),
    )
    case(
        "bias_all_and_saved_head",
        Stack(),
        FourierFTConfig(
            target_modules=["q"], n_frequency=4, bias="all", modules_to_save=["head"], random_loc_seed=2**32 + 9
        ),
        prepare=fill,
    )
    case(
        "bias_fourier_only",
        Stack(),
        FourierFTConfig(target_modules=["v"], n_frequency=7, bias="fourier_only", scaling=300),
        prepare=fill,
    )
    mixed = Stack(conv1d, head=nn.Linear(6, 6))
    case(
        "conv1d_and_linear",
        mixed,
        FourierFTConfig(target_modules=["q", "v", "head"], n_frequency=9, scaling=33.25),
    )
    case(
        "second_layer_only",
        Stack(),
        FourierFTConfig(
            target_modules=["q", "v"], n_frequency=6, layers_to_transform=[1], layers_pattern="layers", init_weights=True
        ),
        prepare=fill,
    )
    case(
        "expression_with_exclusion",
        Stack(),
        FourierFTConfig(
            target_modules=r".*\.layers\.\d+\.(?P<part>q|v)", exclude_modules=["0.v"], n_frequency=36, random_loc_seed=2**63 + 5
        ),
    )
    case(
        "bf16_without_autocast",
        Stack().to(torch.bfloat16),
        FourierFTConfig(target_modules=["q", "v"], n_frequency=11),
        autocast=False,
    )
    case(
        "f16_without_autocast",
        Stack().to(torch.float16),
        FourierFTConfig(target_modules=["v"], n_frequency=11),
        autocast=False,
    )
    gpt2_config = GPT2Config(n_embd=8, n_layer=2, n_head=2, vocab_size=17, n_positions=8)
    gpt2 = GPT2LMHeadModel(gpt2_config)
    # The published GPT-2 checkpoints are those of the model without its head: no "transformer." prefix.
    bare = tensors_of(gpt2.transformer)
    case(
        "gpt2_default_targets",
        gpt2,
        FourierFTConfig(n_frequency=20, task_type="CAUSAL_LM"),
        base_tensors=bare,
        base_config={"model_type": "gpt2"},
    )
    bert_config = BertConfig(
        hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=12, vocab_size=17,
        max_position_embeddings=8, num_labels=3,
    )
    bert = BertForSequenceClassification(bert_config)
    case(
        "bert_classifier",
        bert,
        FourierFTConfig(n_frequency=10, task_type="SEQ_CLS"),
        base_tensors=tensors_of(bert.bert),
        base_config={"model_type": "bert"},
        prepare=fill,
    )
    llama_config = LlamaConfig(
        hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=12, vocab_size=17,
        max_position_embeddings=8,
    )
    case(
        "llama_all_linear_resized",
        LlamaForCausalLM(llama_config),
        FourierFTConfig(target_modules="all-linear", n_frequency=10, task_type="CAUSAL_LM"),
        base_config={"model_type": "llama"},
        before=lambda model: model.resize_token_embeddings(19),
        save=lambda model, folder: model.save_pretrained(folder, save_embedding_layers=True),
    )

    def second(peft_model):
        peft_model.add_adapter("other", FourierFTConfig(target_modules=["v"], n_frequency=2, random_loc_seed=1))

    case(
        "two_adapters", Stack(), FourierFTConfig(target_modules=["q"], n_frequency=3), prepare=second
    )
    for readme in OUT.glob("*/adapter/**/README.md"):
        readme.unlink()


def matching():
    """What PEFT's own functions say; `n` is the expression of FourierFTModel._create_and_replace."""
    names = [
        "q", "v", "q_proj", "model.q_proj", "layers.1.q", "model.layers.0.q", "model.layers.1.q", "model.layers.10.q",
        "model.layers.1.v", "model.layers.1.mlp.experts.0.q", "model.h.1.q", "model.h.1.attn.q", "encoder.block.0.layer.1.q",
        "model.layers.1.xq", "model.layers.1.qq", "model.layers.1.q.extra", "score", "my_score", "score.q", "model.score.q",
        "classifier.dense.q", "a.b.c", "model.layers.1.self_attn.q_proj", "model.layers.1.self_attn.v_proj", "model.layers.01.q",
        "transformer.h.0.mlp.c_proj", "x\ny.q", "größe.q", "layers.1.q_proj", "x.layers.2.y.layers.3.q",
    ]
    configs = [
        {"target_modules": ["q"]},
        {"target_modules": ["q", "v"]},
        {"target_modules": ["model.layers.1.q"]},
        {"target_modules": ["layers.1.q", "a.b.c"]},
        {"target_modules": []},
        {"target_modules": "q"},
        {"target_modules": r".*q"},
        {"target_modules": r".*\.q"},
        {"target_modules": r"model\.layers\.\d+\.(q|v)"},
        {"target_modules": r"model\.layers\.(?!0\.).*\.?q(_proj)?$"},
        {"target_modules": r"(?i)MODEL\.LAYERS\.1\.[QV]"},
        {"target_modules": r"(?P<a>.*)\.q\Z"},
        {"target_modules": r"[\w.]+"},
        {"target_modules": r"q|v"},
        {"target_modules": ["q"], "exclude_modules": ["layers.1.q"]},
        {"target_modules": ["q"], "exclude_modules": r".*experts.*"},
        {"target_modules": ["q"], "exclude_modules": r"experts"},
        {"target_modules": ["q"], "exclude_modules": ["q"]},
        {"target_modules": ["q"], "exclude_modules": ""},
        {"target_modules": ["q"], "modules_to_save": ["score"]},
        {"target_modules": ["q"], "modules_to_save": ["classifier.dense", "h"]},
        {"target_modules": ["q"], "modules_to_save": ["layers"]},
        {"target_modules": ["q"], "modules_to_save": [r"(my_)?score"]},
        {"target_modules": ["q"], "layers_to_transform": 1},
        {"target_modules": ["q"], "layers_to_transform": 0},
        {"target_modules": ["q"], "layers_to_transform": [1, 10]},
        {"target_modules": ["q"], "layers_to_transform": []},
        {"target_modules": ["q"], "layers_to_transform": [-1]},
        {"target_modules": ["q", "layers.1.q", "model.layers.10.q"], "layers_to_transform": 0},
        {"target_modules": ["q"], "layers_to_transform": [1], "layers_pattern": "h"},
        {"target_modules": ["q"], "layers_to_transform": [1], "layers_pattern": ["h", "layers"]},
        {"target_modules": ["q"], "layers_to_transform": [0], "layers_pattern": ["layers", "experts"]},
        {"target_modules": ["q"], "layers_to_transform": [3], "layers_pattern": "layers"},
        {"target_modules": ["q"], "layers_to_transform": [1], "layers_pattern": []},
        {"target_modules": ["q"], "layers_to_transform": [1], "layers_pattern": "(layers|h)"},
        {"target_modules": ["q"], "n_frequency": 9, "n_frequency_pattern": {"q": 3}},
        {"target_modules": ["q"], "n_frequency": 9, "n_frequency_pattern": {"q": 3, "layers.0.q": 4}},
        {"target_modules": ["q"], "n_frequency": 9, "n_frequency_pattern": {"layers.0.q": 4, "q": 3}},
        {"target_modules": ["q"], "n_frequency": 9, "n_frequency_pattern": {"^model.layers.1.q": 4}},
        {"target_modules": ["q"], "n_frequency": 9, "n_frequency_pattern": {r"layers\.[0-9]+\.q": 4, "a.b.c": 5}},
        {"target_modules": ["q"], "n_frequency": 9, "n_frequency_pattern": {"q|a.b.c": 4}},
        {"target_modules": ["q"], "n_frequency": 9, "n_frequency_pattern": {".*proj": 4, "model.q_proj": 5}},
        {"target_modules": ["q"], "n_frequency": 9, "n_frequency_pattern": {"": 4}},
        {"target_modules": ["q"], "n_frequency": 9, "n_frequency_pattern": {"größe.q": 4}},
    ]
    table = []
    for settings in configs:
        config = FourierFTConfig(**settings)
        rows = {}
        for name in names:
            found = check_target_module_exists(config, name)
            verdict = "EXCLUDED" if isinstance(found, _ExcludedModule) else "TARGETED" if found else "NOT_TARGETED"
            pattern = config.n_frequency_pattern
            key = next(filter(lambda k: re.match(rf".*\.{k}$", name), pattern.keys()), name)
            rows[name] = [verdict, pattern.get(key, config.n_frequency)]
        table.append({"config": {"peft_type": "FOURIERFT", **settings}, "modules": rows})
    (HERE / "matching.json").write_text(json.dumps(table, indent=1) + "\n")


def regex():
    texts = ["", "a", "ab", "a.b", "a\n", "a\r", "aXb", "model.layers.12.q", "[", "a[b", "&", "a&&b", "{", "a{b", "a{,2}", "aa",
             "٣", "é", "_", " ", "\t", "]", "^", "\\", "abab", "a-b", "}", "\x07", "\x0b"]
    expressions = ["a", "a$", "a\\Z", ".", ".*", "a.b", "\\d", "\\w", "\\s", "[[]", "a[[]b", "[a[]+", "[&]", "[a&&b]+", "{", "a{b", "a{,2}",
                   "a{2}", "a{1,}", "}", "[]]", "[^]]", "[]a]+", "(?P<x>ab)(?P=x)", "(?P<x>a)b", "(a)(b)\\1?", "a|ab", "(?:a|b)*",
                   "(?i)A", "(?s).*", "(?#comment)a", "[^a]", "[\\d.]", "\\x61", "\\u0061b", "\\t", "[\\b]", "\\ba\\b", "\\Bb", "a\\.b",
                   "\\[", "\\]", "\\^", "[\\^]", "[^^]", "a-b", "[a-b]+", "[a\\-b]+", "\\-", "\\a", "\\v", "[-a]", "(?=a).*", "(?!a).*",
                   "(?<=a)b", "a(?<!b)b", "a*?", "a+?b", "\\\\", "\\A.*", "^a$", "[\\W]", "[\\w-]+", "a**", "\\h", "\\Q", "\\p{L}", "\\z",
                   "(", ")", "[", "*", "a\\", "(?P<1>a)", "(?<n>a)", "\\k<n>", "[b-a]", "a++", "(?>a)", "\\G", "\\R", "\\X", "\\e", "\\cA",
                   "(?P=x)", "a{2,1}", "\\N", "[\\A]", "(?P<x>a)|(?P<x>b)", "\\8", "[[:alpha:]]", "a{ 1}", "[a-\\d]", "\\Ea"]
    table = []
    for expression in expressions:
        try:
            compiled = re.compile(expression)
        except re.error as e:
            table.append({"expression": expression, "error": str(e)})
            continue
        if re.search(r"\(\?P=|\\[1-9]", expression):
            table.append({"expression": expression, "refers_back": True})
            continue
        table.append({
            "expression": expression,
            "fullmatch": [t for t in texts if compiled.fullmatch(t)],
            "match": [t for t in texts if compiled.match(t)],
        })
    (HERE / "regex.json").write_text(json.dumps({"texts": texts, "expressions": table}, indent=1) + "\n")


RANDOM_TEXTS = ["", "a", "b", "ab", "ba", "aab", "abab", "a.b", "a_1", "A", "aB", "1", "12", "\n", "a\n", "a\nb", "ab\n", ".a", "é", "é1",
                "a b", "ſ", "K", "abcabc", "aaaa.bbbb", "model.layers.0.q", "a\n\n", "\u2028", "a-b", "x" * 20]


def random_expression(draw, depth=0):
    atoms = ["a", "b", "ab", ".", r"\.", r"\d", r"\w", r"\W", r"\s", r"\S", r"\D", "[ab]", "[^a]", r"[\w.]", r"[^\d\n]", "[a-c]", "[^b-z]", "^", "$",
             r"\A", r"\Z", r"\b", r"\B", "", "é", "q", "1", "[]a]", "[a-]", r"[\]\-x]", r"\x61", r"\141", r"\n", "_", "layers"]
    kind = draw.random()
    if depth > 4 or kind < 0.35:
        return draw.choice(atoms)
    inner = lambda: random_expression(draw, depth + 1)
    if kind < 0.6:
        return inner() + inner()
    if kind < 0.7:
        return draw.choice(["(%s|%s)", "(?:%s|%s)", "%s|%s", "(?>%s|%s)"]) % (inner(), inner())
    if kind < 0.9:
        quantifier = draw.choice(["*", "+", "?", "{2}", "{1,}", "{,2}", "{0}", "{1,3}", "{,}"]) + draw.choice(["", "", "?", "+"])
        return draw.choice(["(%s)", "(?:%s)", "%s"]) % inner() + quantifier
    if kind < 0.97:
        return draw.choice(["(?=%s)", "(?!%s)", "(?<=%s)", "(?<!%s)", "(?>%s)"]) % inner()
    return draw.choice(["(?i:%s)", "(?s:%s)", "(?m:%s)", "(?a:%s)", "(?-i:%s)", "(?x: %s #c\n)", "(?#c)%s"]) % inner()


def judged(expression, texts):
    try:
        compiled = re.compile(expression)
    except (re.error, OverflowError):
        return [expression, None, None]
    return [
        expression,
        "".join("01"[compiled.fullmatch(t) is not None] for t in texts),
        "".join("01"[compiled.match(t) is not None] for t in texts),
    ]


def regex_random(count=1500, seed=20261126):
    draw = random.Random(seed)
    rows = {}
    while len(rows) < count:
        expression = draw.choice(["", "", "", "(?i)", "(?s)", "(?m)", "(?a)"]) + random_expression(draw)
        if 2 < len(expression) < 60:
            try:
                rows[expression] = judged(expression, RANDOM_TEXTS)
            except SystemError:
                pass  # "please report a bug for the re module"
    lines = ",\n".join("  " + json.dumps(row) for row in rows.values())
    (HERE / "regex_random.json").write_text(f'{{\n "texts": {json.dumps(RANDOM_TEXTS)},\n "rows": [\n{lines}\n ]\n}}\n')


# An expression, and texts of which some match and some do not.
EDGES = [
    # Classes at their first and last characters; letters whose case is not that of ASCII.
    ("(?a)\\d", "0 9 / : \u0663"), ("\\d", "0 9 / : \u0663"), ("(?a)\\w", "a z A Z 0 9 _ @ [ ` { / : \x7f \x80 \xe9"),
    ("\\s", ["\t", "\r", "\x08", "\x0e", "\x1b", "\x1c", "\x1f", " ", "!", "\x85", "\x86", "\u2029"]),
    ("(?a)\\s", ["\t", "\r", "\x1c", "\x1f", " ", "\x85", "\u2029"]),
    ("(?i)\xc9", "\xc9 \xe9 e"), ("(?ai)\xc9", "\xc9 \xe9 e"), ("(?ai)A", "A a \xe5"), ("(?i)a", "A a"), ("(?ai)k", "k K \u212a"),
    ("(?i)k", "k K \u212a"), ("(?a)(?u:\\w)\\w", "\xe9a \xe9\xe9 a\xe9"), ("(?u)\\w", "\xe9 -"), ("(?a:\\w)\\w", "\xe9a a\xe9"),
    # Escapes.
    ("\\x40", "@ A"), ("\\x414", "A4 A"), ("\\x4", "4"), ("\\x4g", "4g"), ("\\U0010ffff", "\U0010ffff a"), ("\\U00110000", "a"),
    ("\\u00e9", "\xe9 e"), ("\\N{DIGIT ONE}", "1 N"), ("\\N{digit nine}", "9 N"), ("\\N{NO SUCH SIGN}", "a"), ("\\N1", "N1"),
    ("\\0", ["\0", "0"]), ("\\07", "\x07 7"), ("\\08", ["\x008", "8"]), ("\\0777", "?7 \x077"), ("\\101", "A 1"), ("\\108", "H \x088"),
    ("\\377", "\xff a"), ("\\400", "a"), ("\\777", "a"), ("\\800", "a"), ("\\z", "z"), ("\\y", "y"), ("\\C", "C"), ("\\Y", "Y"),
    # Brackets.
    ("[\\A]", "A"), ("[\\Z]", "Z"), ("[\\z]", "z"), ("[\\1]", "\x01 1"), ("[\\7]", "\x07 7"), ("[\\8]", "8"), ("[\\9]", "9"),
    ("[\\101]", "A 1"), ("[\\18]", "\x01 8 1"), ("[\\377]", "\xff"), ("[\\400]", "a"), ("[\\0]", ["\0", "0"]), ("[\\0-\\2]", ["\0", "\1", "\3"]),
    ("[\\b]", ["\b", "b", "\0"]), ("[\\d]", ["1", "\0"]), ("[\\d-a]", "1 a"), ("[\\d-]", ["1", "-", "\0"]), ("[a-a]", "a b"), ("[b-a]", "a"),
    ("[a-c]", "a b c d `"), ("[^a-c]", "a c d"), ("[\\x41-\\x43]", "A B C D"), ("[]-a]", "] a b \\"), ("[a-]", "a - b"), ("[a\\", "a"),
    # Counts, and braces that are none.
    ("x{}", "x{} xx x"), ("x{,}", ["", "x", "xx", "x{,}"]), ("x{1,y}", "x{1,y} x"), ("x{1", "x{1 x"), ("x{1,2", "x{1,2 xx"), ("x{2}", "x xx xxx"),
    ("x{0}", ["", "x"]), ("x{,2}", ["", "xx", "xxx"]), ("(?:){4294967295}x", "x"), ("(?:){10000000000}x", "x"),
    ("x{2,2}", "x xx xxx"), ("x{1}?", "x xx"), ("x{1}{1}", "x"), ("x?+", ["", "x"]), ("(?>x*)x", "x xx"), ("(?:x++)x", "x xx"),
    # White space and comments that are passed over.
    ("(?x)a b", ["ab", "a b"]), ("(?x)a\tb\rc", ["abc", "a\tb\rc"]), ("(?x)a\x08b", ["ab", "a\x08b"]), ("(?x)a\x0eb", ["ab", "a\x0eb"]),
    ("(?x)a#b\nc", "ac abc a"), ("(?x)a#b", "a ab"), ("(?x)a#", "a a#"), ("(?x)[ #]", [" ", "#"]), ("(?x)a\\ b", ["a b", "ab"]), ("a b", ["a b", "ab"]),
    ("(?x:a b)c d", ["abc d", "abcd"]), ("(?-x:a b)", ["a b", "ab"]),
    # Ends of lines and words, what is looked at and not taken.
    ("a$", ["a", "a\n"]), ("(?m)a$\\nb", ["a\nb"]), ("(?m)a\\n^b", ["a\nb"]), ("a\\n^b", ["a\nb"]), ("a\\Z\\n?", ["a", "a\n"]), ("\\B", ["", "a"]),
    ("\\b", ["", "a"]), ("\\Ba", "a"), ("a\\b.*", "a ab a-"), ("(?<=ab)c", "c"), ("ab(?<=ab)c", "abc"), ("ab(?<!ab)c", "abc"), ("ab(?<=b)c", "abc"),
    ("(?<=a|bc)d", "d"), ("a(?=b)b", "ab aa"), ("a(?!b).", "ab ac"),
]


def regex_edges():
    rows = []
    for expression, texts in EDGES:
        texts = texts.split(" ") if isinstance(texts, str) else texts
        try:
            compiled = re.compile(expression)
        except (re.error, OverflowError):
            rows.append([expression, texts, None])
            continue
        rows.append([expression, texts, [t for t in texts if compiled.fullmatch(t)]])
    lines = ",\n".join(" " + json.dumps(row) for row in rows)
    (HERE / "regex_edges.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    adapters()
    matching()
    regex()
    regex_random()
    regex_edges()
