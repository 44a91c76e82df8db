"""Prints names on disk and in memory, of every family of names.txt, as transformers itself maps them.

    pip install torch transformers
    python make_name_cases.py

One line each: family, name on disk, name in memory. Numbers aside no two lines of a family are alike. The models
are made without memory (device meta) and with one layer. name-cases.txt keeps what every rule needs.
"""

import re
import sys
import warnings
from pathlib import Path

import torch
import transformers
from transformers import CONFIG_MAPPING, AutoModel
from transformers.conversion_mapping import get_model_conversion_mapping
from transformers.core_model_loading import PrefixChange, WeightConverter, WeightRenaming, rename_source_key
from transformers.models.auto import modeling_auto

warnings.simplefilter("ignore")
transformers.logging.set_verbosity_error()
HERE = Path(__file__).parent
TABLE = HERE / "../../../src/main/resources/io/fourierft/peft/names.txt"
TABLES = [n for n in dir(modeling_auto) if n.startswith("MODEL_FOR_") and n.endswith("_NAMES")]


def small(config):
    for name in ("num_hidden_layers", "encoder_layers", "decoder_layers", "n_layer", "num_layers", "depth"):
        if isinstance(getattr(config, name, None), int) and getattr(config, name) > 1:
            try:
                setattr(config, name, 1)
            except Exception:
                pass
    for name in vars(config):
        part = getattr(config, name)
        if isinstance(part, transformers.PretrainedConfig):
            small(part)
    return config


def models(family):
    names = set()
    for table in TABLES:
        entry = getattr(modeling_auto, table).get(family)
        names.update([entry] if isinstance(entry, str) else entry or [])
    base = modeling_auto.MODEL_MAPPING_NAMES.get(family)
    names.update([base] if isinstance(base, str) else base or [])
    for name in sorted(names):
        try:
            model_class = getattr(transformers, name)
            for shrink in (True, False):
                try:
                    config = CONFIG_MAPPING[family]()
                    with torch.device("meta"):
                        yield model_class(small(config) if shrink else config)
                    break
                except Exception as e:
                    error = e
            else:
                print(family, name, type(error).__name__, str(error)[:100], file=sys.stderr)
        except Exception as e:
            print(family, name, e, file=sys.stderr)


def pairs(model):
    conversions = [c for c in get_model_conversion_mapping(model, add_legacy=False) if not isinstance(c, PrefixChange)]
    reverse = [c.reverse_transform() for c in conversions[::-1]]
    renamings = [c for c in reverse if isinstance(c, WeightRenaming)]
    converters = [c for c in reverse if isinstance(c, WeightConverter)]
    for live in model.state_dict():
        disk, _ = rename_source_key(live, renamings, converters, reverse=True)
        yield disk, live


seen = set()
for line in TABLE.read_text().splitlines():
    if not line.startswith("[") or line == "[*]":
        continue
    for family in line[1 : line.index("]")].split():
        if family not in CONFIG_MAPPING:
            continue
        for model in models(family):
            try:
                found = list(pairs(model))
            except Exception as e:
                print(family, type(model).__name__, "pairs", type(e).__name__, str(e)[:120], file=sys.stderr)
                continue
            for disk, live in found:
                key = (family, re.sub(r"\b\d+\b", "#", disk), re.sub(r"\b\d+\b", "#", live))
                if disk != live and "experts" not in disk and key not in seen:
                    seen.add(key)
                    print(family, disk, live)
