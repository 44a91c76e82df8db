"""Times the peers on the same GPU: PyTorch doing PEFT's formula, PEFT's own layer, CuPy's cuFFT, a
LoRA layer of rank 8 in PyTorch, PEFT's FourierFT and LoRA in training.

    peers.py cases.json LIST SECONDS peers.json [EARLIER.json...]

What an earlier file holds is not timed again. Whatever is not installed is left out, and the file says so. Times are medians over samples of many
calls between two events; results stay on the device.
"""

import json
import sys

from deltas import Deltas
from layers import Layers
from results import Results
from setting import Setting
from training import Training


def main():
    cases_path, chosen, seconds, out = sys.argv[1:5]
    with open(cases_path, encoding="utf-8") as source:
        cases = json.load(source)[chosen]
    results = Results(out, float(seconds), sys.argv[5:])
    try:
        setting = Setting(cases, results)
    except Exception as failure:
        results.root["missing"]["torch"] = f"{type(failure).__name__}: {failure}"[:300]
        results.write()
        print(f"no peers: {failure}")
        return
    # Those that decide the wanted ratios come first; what the time does not allow is left out last.
    layers, training, deltas = Layers(setting), Training(setting), Deltas(setting)
    layers.operators()
    training.training(graph=False)
    deltas.merges()
    deltas.deltas()
    deltas.mixed()
    layers.layers()
    # Recording may fail and leave torch unfit for more, so it comes last.
    training.training(graph=True)
    results.root["complete"] = True
    results.write()


if __name__ == "__main__":
    main()
