#!/usr/bin/env python3
"""Times `fourierft merge` of a large model against copying its folder, and against PEFT.

    benchmarks/merge/measure.py [--gigabytes 2] [--shards 1] [--rounds 5] [--folder DIR] [--python PYTHON]
                                [--other LAUNCHER] [--report FILE]

Needs Python alone; with --python naming one that has torch, transformers and peft, PEFT's merge_and_unload and
save_pretrained are timed too, in a process of their own as ours is. Each round runs every contestant once, with
the base's pages in memory (warm) and dropped (cold); what is printed are medians and the ratios of the
rounds' medians. "copy and read" is `cp -r` of the base's folder plus reading it once: what a merge cannot avoid.
Ours ends when its files are on the device; cp and PEFT leave that to the system, so that "copy, on the device"
is given too. --other names the launcher of another version, which is timed in the same rounds.
"""
import argparse
import json
import os
import platform
import shutil
import statistics
import struct
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
HIDDEN, INNER, VOCABULARY = 2048, 5504, 32000
PEFT = """
import sys, torch
from transformers import AutoModelForCausalLM
from peft import PeftModel
base, adapter, out = sys.argv[1:]
model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16)
PeftModel.from_pretrained(model, adapter).merge_and_unload().save_pretrained(out)
"""


def write(path, tensors, chunk):
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, (dtype, shape, size) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        while offset > 0:
            file.write(chunk[: min(offset, len(chunk))])
            offset -= len(chunk)


def weights():
    """16 MiB of BF16 numbers between 2^-7 and 2^-5."""
    raw = bytearray(os.urandom(16 << 20))
    raw[1::2] = bytes(0x3C | (b & 0x80) for b in raw[1::2])
    return bytes(raw)


def make(folder, gigabytes, shards):
    base, adapter = os.path.join(folder, "base"), os.path.join(folder, "adapter")
    layer = {
        "self_attn.q_proj": (HIDDEN, HIDDEN), "self_attn.k_proj": (HIDDEN, HIDDEN),
        "self_attn.v_proj": (HIDDEN, HIDDEN), "self_attn.o_proj": (HIDDEN, HIDDEN),
        "mlp.gate_proj": (INNER, HIDDEN), "mlp.up_proj": (INNER, HIDDEN), "mlp.down_proj": (HIDDEN, INNER),
    }
    outside = 2 * VOCABULARY * HIDDEN * 2
    layers = max(1, round((gigabytes * 1e9 - outside) / sum(2 * m * n for m, n in layer.values())))
    tensors = {}

    def add(name, *shape):
        size = 2
        for n in shape:
            size *= n
        tensors[name] = ("BF16", list(shape), size)

    add("model.embed_tokens.weight", VOCABULARY, HIDDEN)
    for i in range(layers):
        for name, shape in layer.items():
            add(f"model.layers.{i}.{name}.weight", *shape)
        add(f"model.layers.{i}.input_layernorm.weight", HIDDEN)
        add(f"model.layers.{i}.post_attention_layernorm.weight", HIDDEN)
    add("model.norm.weight", HIDDEN)
    add("lm_head.weight", VOCABULARY, HIDDEN)
    chunk = weights()
    os.makedirs(base)
    os.makedirs(adapter)
    if shards == 1:
        write(os.path.join(base, "model.safetensors"), tensors, chunk)
    else:
        parts, places = [{} for _ in range(shards)], {}
        each = sum(size for _, _, size in tensors.values()) / shards
        done = 0
        for name, tensor in tensors.items():
            number = min(shards - 1, int(done / each))
            parts[number][name] = tensor
            places[name] = f"model-{number + 1:05d}-of-{shards:05d}.safetensors"
            done += tensor[2]
        for number, part in enumerate(parts):
            write(os.path.join(base, f"model-{number + 1:05d}-of-{shards:05d}.safetensors"), part, chunk)
        with open(os.path.join(base, "model.safetensors.index.json"), "w") as file:
            json.dump({"metadata": {"total_size": done}, "weight_map": places}, file)
    json.dump({
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": HIDDEN,
        "intermediate_size": INNER, "num_hidden_layers": layers, "num_attention_heads": 16,
        "num_key_value_heads": 16, "vocab_size": VOCABULARY, "tie_word_embeddings": False,
        "dtype": "bfloat16", "rms_norm_eps": 1e-5, "hidden_act": "silu", "max_position_embeddings": 2048,
    }, open(os.path.join(base, "config.json"), "w"))
    spectra = {}
    for i in range(layers):
        for name in ("q_proj", "v_proj"):
            key = f"base_model.model.model.layers.{i}.self_attn.{name}.fourierft_spectrum"
            spectra[key] = ("F32", [1000], 4000)
    floats = struct.pack("<1000f", *((i % 17 - 8) / 8 for i in range(1000)))
    write(os.path.join(adapter, "adapter_model.safetensors"), spectra, floats)
    json.dump({
        "peft_type": "FOURIERFT", "task_type": "CAUSAL_LM", "n_frequency": 1000, "scaling": 150.0,
        "random_loc_seed": 777, "target_modules": ["q_proj", "v_proj"], "bias": "none",
        "base_model_name_or_path": base, "inference_mode": True, "fan_in_fan_out": False, "init_weights": False,
        "modules_to_save": None, "layers_to_transform": None, "layers_pattern": None, "n_frequency_pattern": {},
    }, open(os.path.join(adapter, "adapter_config.json"), "w"))
    return base, adapter


def files(folder):
    return [os.path.join(root, name) for root, _, names in os.walk(folder) for name in names]


def drop(folder):
    for path in files(folder):
        handle = os.open(path, os.O_RDONLY)
        os.fsync(handle)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(handle)


def read(folder):
    for path in files(folder):
        with open(path, "rb", buffering=0) as file:
            while file.read(16 << 20):
                pass


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=2)
    parser.add_argument("--shards", type=int, default=1, help="the base's weight files")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", default=os.path.join(HERE, "..", "..", "target", "merge-benchmark"))
    parser.add_argument("--python")
    parser.add_argument("--launcher", default=os.path.join(HERE, "..", "..", "fourierft"))
    parser.add_argument("--other", help="the launcher of another version")
    parser.add_argument("--report")
    options = parser.parse_args()
    shutil.rmtree(options.folder, ignore_errors=True)
    base, adapter = make(options.folder, options.gigabytes, options.shards)
    out = os.path.join(options.folder, "out")
    for launcher in filter(None, [options.launcher, options.other]):
        subprocess.run([launcher, "--version"], check=True)

    def run(*command):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def copy_on_device():
        shutil.copytree(base, out)
        for path in files(out):
            handle = os.open(path, os.O_RDONLY)
            os.fsync(handle)
            os.close(handle)

    contestants = {
        "reading": lambda: read(base),
        "copy (cp -r)": lambda: run("cp", "-r", base, out),
        "copy, on the device": copy_on_device,
        "fourierft merge": lambda: run(options.launcher, "merge", "--base", base, "--adapter", adapter, "--out", out),
    }
    if options.other:
        contestants["the other version"] = lambda: run(
            options.other, "merge", "--base", base, "--adapter", adapter, "--out", out)
    if options.python:
        contestants["PEFT"] = lambda: run(options.python, "-c", PEFT, base, adapter, out)
    times = {(name, state): [] for name in contestants for state in ("warm", "cold")}
    for _ in range(options.rounds):
        for state in ("warm", "cold"):
            for name, work in contestants.items():
                shutil.rmtree(out, ignore_errors=True)
                os.sync()
                drop(base) if state == "cold" else read(base)
                begin = time.monotonic()
                work()
                times[name, state].append(time.monotonic() - begin)
    shutil.rmtree(out, ignore_errors=True)

    size = sum(os.path.getsize(path) for path in files(base))
    lines = [
        f"# Merging a model of {size / 1e9:.2f} GB in {options.shards} weight file{'s' if options.shards > 1 else ''}", "",
        f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} processors, {platform.machine()}, load {os.getloadavg()[0]:.1f} at the end, "
        f"{options.rounds} rounds; seconds, median (least to most).", "",
        "| | base in memory | base not in memory |", "| --- | --- | --- |",
    ]
    middle = {key: statistics.median(value) for key, value in times.items()}
    for name in contestants:
        cells = [f"{middle[name, s]:.2f} ({min(times[name, s]):.2f} to {max(times[name, s]):.2f})" for s in ("warm", "cold")]
        lines.append(f"| {name} | {cells[0]} | {cells[1]} |")

    def ratio(text, value):
        lines.append(f"| {text} | {value('warm'):.2f} | {value('cold'):.2f} |")

    ours = "fourierft merge"
    ratio("ours / (copy + reading)", lambda s: middle[ours, s] / (middle["copy (cp -r)", s] + middle["reading", s]))
    ratio("ours / (copy on the device + reading)",
          lambda s: middle[ours, s] / (middle["copy, on the device", s] + middle["reading", s]))
    if options.other:
        ratio("the other version / ours", lambda s: middle["the other version", s] / middle[ours, s])
    if options.python:
        ratio("PEFT / ours", lambda s: middle["PEFT", s] / middle[ours, s])
    text = "\n".join(lines) + "\n"
    print(text)
    if options.report:
        with open(options.report, "w") as file:
            file.write(text)
    shutil.rmtree(options.folder)


if __name__ == "__main__":
    sys.exit(main())
