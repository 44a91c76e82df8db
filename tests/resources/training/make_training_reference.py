"""Writes training_reference.json: what torch.optim.AdamW, torch's clip_grad_norm_ and transformers' schedules give.

Run once with torch and transformers installed; the tests read the stored file. Every float32 is stored exactly, as the
double of the same value.
"""

import json
import pathlib

import torch
import transformers


def adamw(name, options, sizes, steps, seed, clip=None, rates=None):
    generator = torch.Generator().manual_seed(seed)
    parameters = [torch.nn.Parameter(torch.randn(n, generator=generator)) for n in sizes]
    optimizer = torch.optim.AdamW(parameters, foreach=False, fused=False, **options)
    initial = [p.detach().tolist() for p in parameters]
    trace = []
    for step in range(steps):
        gradients = [torch.randn(p.numel(), generator=generator) * 10 ** (step % 3 - 1) for p in parameters]
        for p, g in zip(parameters, gradients):
            p.grad = g.clone()
        norm = None
        if clip is not None:
            norm = float(torch.nn.utils.clip_grad_norm_(parameters, clip))
        if rates is not None:
            optimizer.param_groups[0]["lr"] = rates[step]
        clipped = [p.grad.tolist() for p in parameters]
        optimizer.step()
        trace.append(
            {
                "gradients": [g.tolist() for g in gradients],
                "norm": norm,
                "clipped": clipped,
                "values": [p.detach().tolist() for p in parameters],
                "exp_avg": [optimizer.state[p]["exp_avg"].tolist() for p in parameters],
                "exp_avg_sq": [optimizer.state[p]["exp_avg_sq"].tolist() for p in parameters],
            }
        )
    return {"name": name, "options": options, "initial": initial, "clip": clip, "rates": rates, "steps": trace}


def schedule(kind, warmup, total, count, **options):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    maker = {
        "linear": transformers.get_linear_schedule_with_warmup,
        "cosine": transformers.get_cosine_schedule_with_warmup,
    }[kind]
    scheduler = maker(optimizer, warmup, total, **options)
    factors = []
    for _ in range(count):
        factors.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return {"kind": kind, "warmup": warmup, "total": total, "cycles": options.get("num_cycles", 0.5), "factors": factors}


reference = {
    "torch": torch.__version__,
    "transformers": transformers.__version__,
    "adamw": [
        adamw("defaults", dict(lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2), [5], 6, 1),
        adamw("other values", dict(lr=5e-2, betas=(0.6, 0.95), eps=1e-3, weight_decay=0.3), [3, 4], 6, 2),
        adamw("beta1 below a half", dict(lr=1e-2, betas=(0.3, 0.9), eps=1e-8, weight_decay=0.0), [4], 4, 3),
        adamw("clipped", dict(lr=1e-2, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2), [4, 3], 6, 4, clip=1.0),
        adamw(
            "scheduled",
            dict(lr=1e-2, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-1),
            [6],
            5,
            5,
            rates=[0.0, 0.005, 0.01, 0.0075, 0.0025],
        ),
    ],
    "schedules": [
        schedule("linear", 3, 12, 15),
        schedule("linear", 0, 5, 7),
        schedule("linear", 4, 4, 6),
        schedule("cosine", 3, 12, 15),
        schedule("cosine", 0, 7, 9),
        schedule("cosine", 2, 10, 12, num_cycles=1.5),
    ],
}
path = pathlib.Path(__file__).with_name("training_reference.json")
path.write_text(json.dumps(reference, indent=1) + "\n")
