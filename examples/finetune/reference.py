"""The example's base model, and its training once more by PEFT and torch.

    python3 reference.py base                pretrains base/ on the digits 0 to 4
    python3 reference.py train DIR [STEPS [BIAS]]
                                             writes the first adapter, 50 losses and the trained adapter
    python3 reference.py fresh DIR BIAS      writes an adapter as get_peft_model makes it, untrained
    python3 reference.py scores ADAPTER FILE writes the scores of eight test images
    python3 reference.py check DIR           compares adapter/ and scores.json, which FineTune.java left
                                             there, with what PEFT says of that adapter

Made with torch 2.13.0, transformers 5.18.0 and PEFT 0.21.0 on a CPU, one thread.
"""

import gzip
import json
import math
import sys
from pathlib import Path

import torch
from peft import FourierFTConfig, PeftModel, get_peft_model
from transformers import ViTConfig, ViTForImageClassification

HERE = Path(__file__).resolve().parent
BATCH = 16
STEPS = 50
EPOCHS = 12
HEAD_RATE = 6e-3
SPECTRUM_RATE = 5e-2


def digits(wanted):
    """Images [n, 1, 8, 8] of values 0 to 1, and labels counted from the first wanted digit."""
    images, labels = [], []
    with gzip.open(HERE / "digits.csv.gz", "rt") as file:
        for line in file:
            numbers = [int(float(word)) for word in line.split(",")]
            if numbers[64] in wanted:
                images.append([value / 16 for value in numbers[:64]])
                labels.append(numbers[64] - wanted.start)
    return torch.tensor(images).reshape(-1, 1, 8, 8), torch.tensor(labels)


def split(wanted):
    """Every fourth image is kept for the test."""
    images, labels = digits(wanted)
    test = torch.arange(len(labels)) % 4 == 3
    return images[~test], labels[~test], images[test], labels[test]


def batch(step, images, labels):
    """The images of a step: a walk that meets each of them once in an epoch, in another order."""
    count = len(labels)
    per_epoch = count // BATCH
    epoch, first = divmod(step, per_epoch)
    chosen = [((first * BATCH + i) * 389 + 97 * epoch) % count for i in range(BATCH)]
    return images[chosen], labels[chosen]


def accuracy(model, images, labels):
    with torch.no_grad():
        return (model(images).logits.argmax(-1) == labels).float().mean().item()


def make_base():
    torch.manual_seed(5)
    config = ViTConfig(
        hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=128,
        image_size=8, patch_size=2, num_channels=1, num_labels=5, hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0, layer_norm_eps=1e-5,
        id2label={i: str(i) for i in range(5)}, label2id={str(i): i for i in range(5)})
    model = ViTForImageClassification(config)
    images, labels, test_images, test_labels = split(range(0, 5))
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for step in range(25 * (len(labels) // BATCH)):
        pixels, wanted = batch(step, images, labels)
        loss = torch.nn.functional.cross_entropy(model(pixels).logits, wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print("digits 0 to 4:", accuracy(model, test_images, test_labels))
    model.save_pretrained(HERE / "base")


def adapter_config(bias):
    return FourierFTConfig(
        target_modules=["q_proj", "v_proj"], modules_to_save=["classifier"], n_frequency=200,
        scaling=100.0, random_loc_seed=2024, init_weights=True, bias=bias)


def adapted(bias, new_head=True):
    torch.manual_seed(7)
    base = ViTForImageClassification.from_pretrained(HERE / "base")
    if new_head:
        torch.nn.init.normal_(base.classifier.weight, std=0.05)
        torch.nn.init.zeros_(base.classifier.bias)
    model = get_peft_model(base, adapter_config(bias))
    model.peft_config["default"].base_model_name_or_path = "examples/finetune/base"
    return model


def optimizer_of(model, total):
    trained = {n: p for n, p in model.named_parameters() if p.requires_grad and "original_module" not in n}
    spectra = [p for n, p in trained.items() if "fourierft_spectrum" in n]
    heads = [p for n, p in trained.items() if "modules_to_save" in n]
    biases = [p for n, p in trained.items() if n.endswith(".bias") and "modules_to_save" not in n]
    assert len(spectra) + len(heads) + len(biases) == len(trained)
    groups = [{"params": spectra, "lr": SPECTRUM_RATE}, {"params": heads + biases, "lr": HEAD_RATE}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.0)
    warmup = math.ceil(0.06 * total)
    factor = lambda step: (step / max(1, warmup) if step < warmup
                           else max(0.0, (total - step) / max(1, total - warmup)))
    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


def train(folder, steps=STEPS, bias="none"):
    folder = Path(folder)
    model = adapted(bias)
    images, labels, test_images, test_labels = split(range(5, 10))
    total = EPOCHS * (len(labels) // BATCH)
    optimizer, schedule = optimizer_of(model, total)
    if folder.name:
        model.save_pretrained(folder / "first-adapter")
    losses = []
    for step in range(steps):
        pixels, wanted = batch(step, images, labels)
        loss = torch.nn.functional.cross_entropy(model(pixels).logits, wanted)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        if (step + 1) % 42 == 0:
            print(step + 1, losses[-1], accuracy(model, test_images, test_labels))
    model.save_pretrained(folder / "trained-adapter")
    (folder / "losses.json").write_text(json.dumps(losses, indent=0) + "\n")
    for name in ("first-adapter", "trained-adapter"):
        (folder / name / "README.md").unlink(missing_ok=True)


def fresh(folder, bias):
    adapted(bias, new_head=False).save_pretrained(folder)
    (Path(folder) / "README.md").unlink(missing_ok=True)


def scores(adapter):
    """The scores of the first eight test images."""
    base = ViTForImageClassification.from_pretrained(HERE / "base")
    torch.nn.init.zeros_(base.classifier.weight)  # the adapter brings its own
    model = PeftModel.from_pretrained(base, adapter)
    _, _, test_images, _ = split(range(5, 10))
    with torch.no_grad():
        return model(test_images[:8]).logits


def check(folder):
    found = torch.tensor(json.loads((Path(folder) / "scores.json").read_text())).reshape(-1, 5)
    wanted = scores(Path(folder) / "adapter")
    worst = ((found - wanted).abs().max() / wanted.abs().max()).item()
    print("largest difference, relative to the largest score:", worst)
    return worst <= 1e-5


if __name__ == "__main__":
    torch.set_num_threads(1)
    match sys.argv[1:]:
        case ["base"]:
            make_base()
        case ["train", folder]:
            train(folder)
        case ["train", folder, steps]:
            train(folder, int(steps))
        case ["train", folder, steps, bias]:
            train(folder, int(steps), bias)
        case ["fresh", folder, bias]:
            fresh(folder, bias)
        case ["scores", adapter, file]:
            Path(file).write_text(json.dumps(scores(adapter).flatten().tolist(), indent=0) + "\n")
        case ["check", folder]:
            sys.exit(not check(folder))
        case _:
            sys.exit(__doc__)
