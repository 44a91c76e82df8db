"""Writes src/main/resources/io/fourierft/peft/models.txt from the configurations and classes of transformers.

    pip install torch transformers
    python make_model_facts.py > ../../../src/main/resources/io/fourierft/peft/models.txt
"""

import re
import warnings

import torch
import transformers
from transformers import CONFIG_MAPPING
from transformers.models.auto import modeling_auto

warnings.simplefilter("ignore")
transformers.logging.set_verbosity_error()
TASKS = {
    "SEQ_CLS": "MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES",
    "TOKEN_CLS": "MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES",
    "QUESTION_ANS": "MODEL_FOR_QUESTION_ANSWERING_MAPPING_NAMES",
}


def tied_by_default(model_type):
    try:
        config = CONFIG_MAPPING[model_type]()
        own = getattr(config, "tie_word_embeddings", None)
        return own if own is not None else getattr(config.get_text_config(), "tie_word_embeddings", False)
    except Exception:  # some configurations cannot be made without arguments
        return False


def classes():
    """Every class of the Auto tables, by model type."""
    found = {}
    for name in dir(modeling_auto):
        if name.startswith("MODEL_") and name.endswith("_NAMES"):
            for model_type, names in getattr(modeling_auto, name).items():
                found.setdefault(model_type, set()).update([names] if isinstance(names, str) else names)
    return found


def pairs(class_name):
    try:
        tied = getattr(transformers, class_name)._tied_weights_keys
    except Exception:
        return set()
    if not isinstance(tied, dict):
        return set()
    plain = {(a, b.rstrip("$")) for a, b in tied.items() if re.fullmatch(r"[\w.]+\$?", b) and re.fullmatch(r"[\w.]+", a)}
    return {(a, b) for a, b in plain if a.endswith((".weight", ".bias"))}


def head_modules(model_type, class_name):
    """The modules with weights that the class has outside the bare model; none if it cannot be made so."""
    try:
        config = CONFIG_MAPPING[model_type]()
        for name in ("num_hidden_layers", "encoder_layers", "decoder_layers", "n_layer", "num_layers"):
            if isinstance(getattr(config, name, None), int):
                setattr(config, name, 1)
        with torch.device("meta"):
            model = getattr(transformers, class_name)(config)
    except Exception:
        return []
    if not hasattr(model, model.base_model_prefix):
        return []
    names = [n.rpartition(".")[0] for n, _ in model.named_parameters()]
    return list(dict.fromkeys(n for n in names if not (n + ".").startswith(model.base_model_prefix + ".")))


by_type = classes()
groups = {}
for model_type in sorted(CONFIG_MAPPING.keys()):
    tied = set().union(*[pairs(name) for name in by_type.get(model_type, [])])
    if ("lm_head.weight", "shared.weight") in tied:
        # T5 and its kin: the stacks' own names for the shared weight are no output embedding.
        heirs = {(a, b) for a, b in tied if b == "shared.weight" and a.endswith("encoder.embed_tokens.weight")}
        tied = {("lm_head.weight", "shared.weight")} | {(a, "~" + b) for a, b in heirs}
    groups.setdefault(tuple(sorted(tied)), []).append(model_type)

print("// What transformers " + transformers.__version__ + " says of its model types; made by make_model_facts.py.")
print("// A section holds the weights that are one where word embeddings are tied, output = input, and the model")
print("// types of which that holds: those tied by default and those tied only if their configuration says so.")
print("// output ~ input: another name for the input embedding, which keeps the weight where the input is replaced.")
for tied, types in sorted(groups.items(), key=lambda item: -len(item[1])):
    print("\n[" + ", ".join(a + (" ~ " if b[0] == "~" else " = ") + b.lstrip("~") for a, b in tied) + "]")
    for word, wanted in (("tied", True), ("untied", False)):
        names = [t for t in types if bool(tied_by_default(t)) == wanted]
        if names:
            print(word + " " + " ".join(names))
print("\n// The class of a task's head, and the modules that it has beside the bare model.")
for task, table in TASKS.items():
    print("\n[" + task + "]")
    for model_type, name in sorted(getattr(modeling_auto, table).items()):
        name = name if isinstance(name, str) else name[0]
        print(" ".join([model_type, name, *head_modules(model_type, name)]))
