"""Compares `fourierft to-lora` with torch's SVD, and loads what it writes with HuggingFace PEFT.

    pip install torch peft transformers safetensors
    python check_lora.py PROJECT_DIR

For each case: a random model, a FourierFT adapter as PEFT writes it, what `fourierft to-lora` makes of it, loaded by PEFT
as the LoRA that it says it is. Every module's delta must be within 2e-6 of the best one of its rank (torch.linalg.svd in
float64), PEFT must not miss a key or find one too many, tensors saved whole must be those of the adapter, and at full rank
the outputs must be those of the FourierFT model. Exit 1 if a case differs.

Writes lora/singular_values.json beside this file: the singular values of the deltas in ../fixtures/peft, for the tests.
"""

import json
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import torch
import transformers
from peft import FourierFTConfig, PeftModel, get_peft_model
from safetensors import safe_open

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()

TINY = dict(hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
            vocab_size=96, max_position_embeddings=64)  # fmt: skip
GPT2 = dict(n_embd=32, n_layer=2, n_head=4, vocab_size=96, n_positions=64)


def llama(**more):
    return transformers.LlamaForCausalLM(transformers.LlamaConfig(**TINY, **more))


def classifier():
    config = transformers.LlamaConfig(**TINY, num_labels=3, pad_token_id=0)
    return transformers.LlamaForSequenceClassification(config)


def gpt2():
    return transformers.GPT2LMHeadModel(transformers.GPT2Config(**GPT2))


# name, model, settings of the adapter, rank
CASES = [
    ("llama", llama, dict(target_modules=["q_proj", "v_proj"], n_frequency=40), 6),
    ("llama, full rank", llama, dict(target_modules=["q_proj", "v_proj"], n_frequency=40), 32),
    ("llama, default targets", llama, dict(n_frequency=25), 32),
    ("llama, a pattern of n", llama, dict(target_modules="all-linear", n_frequency=50, n_frequency_pattern={"q_proj": 2}), 8),
    ("llama, one layer, an expression", llama, dict(target_modules=r".*\.1\..*_proj", n_frequency=30), 32),
    ("llama, biases", lambda: llama(attention_bias=True), dict(target_modules=["q_proj", "v_proj"], n_frequency=40, bias="fourier_only"), 32),
    ("a classifier with its head", classifier, dict(target_modules=["q_proj", "v_proj"], n_frequency=40, task_type="SEQ_CLS"), 32),
    ("gpt2, Conv1D", gpt2, dict(target_modules=["c_attn", "c_fc"], n_frequency=60, fan_in_fan_out=True), 6),
    ("gpt2, full rank", gpt2, dict(target_modules=["c_attn", "c_fc"], n_frequency=60, fan_in_fan_out=True), 32),
]  # fmt: skip


def deltas(model):
    found = {}
    for name, module in model.named_modules():
        if hasattr(module, "get_delta_weight") and "default" in getattr(module, "active_adapters", ["default"]):
            delta = module.get_delta_weight("default").detach().double()
            # LoRA's is stored as the weight is, FourierFT's is [out, in] always.
            found[name] = delta.T if hasattr(module, "lora_A") and module.fan_in_fan_out else delta
    return found


def check(project, folder, make, settings, rank):
    torch.manual_seed(1)
    base = make().eval()
    base.save_pretrained(folder / "base")
    task = settings.get("task_type")
    config = FourierFTConfig(**dict(settings, scaling=100.0, init_weights=False))
    model = get_peft_model(base, config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.requires_grad and "fourierft" not in name:
                parameter.add_(torch.randn_like(parameter))
    model.save_pretrained(folder / "adapter")
    tokens = torch.arange(1, 21).view(2, 10)
    expected = deltas(model)
    with torch.no_grad():
        logits = model(tokens).logits
    subprocess.run(
        [f"{project}/fourierft", "to-lora", "--base", folder / "base", "--adapter", folder / "adapter",
         "--out", folder / "lora", "--rank", str(rank), "--json"], check=True, stdout=subprocess.DEVNULL)  # fmt: skip
    kind = transformers.AutoModelForSequenceClassification if task == "SEQ_CLS" else transformers.AutoModelForCausalLM
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        loaded = PeftModel.from_pretrained(kind.from_pretrained(folder / "base"), folder / "lora").eval()
    odd = [str(w.message) for w in said if "key" in str(w.message).lower() or "fan_in" in str(w.message)]
    worst = 0.0
    found = deltas(loaded)
    assert found.keys() == expected.keys(), (found.keys() ^ expected.keys())
    for name, delta in expected.items():
        u, s, v = torch.linalg.svd(delta, full_matrices=False)
        best = u[:, :rank] @ torch.diag(s[:rank]) @ v[:rank]
        # Where the last value that is kept equals the next one, either is best: the distance to the delta tells.
        worst = max(worst, ((delta - found[name]).norm() - (delta - best).norm()).abs().item() / delta.norm().item())
    with torch.no_grad():
        output = (loaded(tokens).logits - logits).norm().item() / logits.norm().item()
    ours, theirs = (set(safe_open(folder / f / "adapter_model.safetensors", "pt").keys()) for f in ("lora", "adapter"))
    kept = {k for k in theirs if "fourierft" not in k} == {k for k in ours if "lora_" not in k}
    good = worst < 2e-6 and kept and not odd and (rank < 32 or output < 1e-5)
    return good, worst, output, odd, kept


def singular_values(project):
    values = {}
    for case in sorted((project / "tests/resources/fixtures/peft").iterdir()):
        if (case / "expected.safetensors").exists():
            with safe_open(case / "expected.safetensors", "pt") as file:
                for key in sorted(file.keys()):
                    if key.endswith(".delta64"):
                        s = torch.linalg.svdvals(file.get_tensor(key))
                        values.setdefault(case.name, {})[key.removesuffix(".delta64")] = s.tolist()
    target = Path(__file__).parent / "lora" / "singular_values.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(values, separators=(",", ":")) + "\n")


def main():
    project = Path(sys.argv[1]).resolve()
    singular_values(project)
    bad = 0
    for name, make, settings, rank in CASES:
        with tempfile.TemporaryDirectory() as folder:
            good, worst, output, odd, kept = check(project, Path(folder), make, settings, rank)
        bad += not good
        print(f"{'ok' if good else 'DIFFERS'}: {name}, rank {rank}: deltas {worst:.1e}, outputs {output:.1e}", *odd, "" if kept else "tensors differ")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
