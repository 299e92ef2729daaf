#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Many clients of one studio at once: each paints a 512 x 512 picture and waits for it.

    LINMO_BIN=build/release/linmo python3 bench/studio_load.py [CLIENTS]

Prints the time that one takes alone, how long the clients waited (median, 99th percentile, longest), what that is of
"queue length x single time", errors, whether they were served in the order of asking, the server's and its workers'
memory, and what previews take meanwhile."""

import concurrent.futures
import pathlib
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests/e2e"))

from studio_test import MODEL, Studio, look  # noqa: E402
from support import make_picture  # noqa: E402


def resident(pid):
    """MB of a process and its children at their peak."""
    total, waiting = 0.0, [pid]
    while waiting:
        one = waiting.pop()
        status = pathlib.Path(f"/proc/{one}/status").read_text()
        total += int(status.split("VmHWM:")[1].split()[0]) / 1e3
        waiting += pathlib.Path(f"/proc/{one}/task/{one}/children").read_text().split()
    return total


def main(clients):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        with Studio(folder / "data") as studio:
            ids = [studio.upload(make_picture(folder / f"{i}.png", 512, 512, seed=i))["id"] for i in range(8)]

            def paint(number):
                begun = time.monotonic()
                state = studio.wait(studio.begin(kind="stylise", pictures=[ids[number % 8]], **look(MODEL)), seconds=600)
                return time.monotonic() - begun, state

            paint(0)  # the worker starts and loads the model
            single = sorted(paint(i)[0] for i in range(5))[2]
            previews, over = [], threading.Event()

            def preview():
                while not over.is_set():
                    begun = time.monotonic()
                    answer = studio.ask("POST", "/api/v1/preview", {"picture": ids[0], "size": 512, **look(MODEL)})
                    assert answer.status == 200
                    previews.append(time.monotonic() - begun)
                    time.sleep(0.3)

            watcher = threading.Thread(target=preview)
            watcher.start()
            with concurrent.futures.ThreadPoolExecutor(clients) as pool:
                results = list(pool.map(paint, range(clients)))
            over.set()
            watcher.join()
            waits = sorted(wait for wait, _ in results)
            failed = sum(state["state"] != "done" for _, state in results)
            jobs = [j for j in reversed(studio.get("/jobs"))]  # in the order of asking
            ended = [j["ended"] for j in jobs]
            p99 = waits[min(len(waits) - 1, int(0.99 * len(waits)))]
            print(f"one alone {single * 1e3:.0f} ms; {clients} at once: median {waits[len(waits) // 2]:.2f} s, "
                  f"99th percentile {p99:.2f} s, longest {waits[-1]:.2f} s")
            print(f"p99 / (queue length x single time) = {p99 / (clients * single):.2f}; failed {failed}; "
                  f"in the order of asking: {'yes' if ended == sorted(ended) else 'no'}")
            print(f"peak memory of server and workers {resident(studio.process.pid):.0f} MB; "
                  f"previews of 512 px meanwhile: median {sorted(previews)[len(previews) // 2] * 1e3:.0f} ms, longest {max(previews) * 1e3:.0f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 64)
