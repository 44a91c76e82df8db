"""What the peers measured, as a file that is whole at any time."""

import json
import os
import time


class Results:
    def __init__(self, path, seconds, earlier):
        self.path = path
        self.deadline = time.monotonic() + seconds
        self.root = {"peers": {}, "missing": {}, "cases": [], "skipped": []}
        self.known = set()
        for each in earlier:
            if os.path.exists(each):
                with open(each, encoding="utf-8") as source:
                    self.known |= {(c["case"], c["peer"]) for c in json.load(source)["cases"]}

    def write(self):
        # Whole: a process that is ended leaves no half of a file.
        with open(self.path + ".half", "w", encoding="utf-8") as out:
            json.dump(self.root, out, indent=1)
        os.replace(self.path + ".half", self.path)

    def run(self, name, peer, work):
        """Times one case of one peer; work() prepares it too, so that a failure is a gap, not the end."""
        if (name, peer) in self.known:
            return
        if time.monotonic() > self.deadline:
            self.root["skipped"].append({"case": name, "peer": peer, "reason": "the time was used up"})
            self.write()
            return
        try:
            milliseconds, low, high = work()
            entry = {"case": name, "peer": peer, "milliseconds": milliseconds, "low": low, "high": high}
            self.root["cases"].append(entry)
            print(f"{name:44} {peer:6} {milliseconds:10.4f} ms", flush=True)
        except Exception as failure:
            reason = f"{type(failure).__name__}: {failure}".split("\n")[0][:300]
            self.root["skipped"].append({"case": name, "peer": peer, "reason": reason})
            print(f"{name:44} {peer:6} failed: {reason}", flush=True)
        self.write()
