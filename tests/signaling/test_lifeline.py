from __future__ import annotations

import subprocess
import sys
from typing import Final

PROGRAM: Final = """
import signal, time
from signaling.lifeline import end_with_stdin
signal.signal(signal.SIGTERM, lambda *_: (print("ending in order", flush=True), exit(0)))
end_with_stdin()
print("running", flush=True)
while True:
    time.sleep(60)
"""


def test_a_process_ends_in_order_when_its_standard_input_does() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        assert process.stdout.readline() == "running\n"

        process.stdin.close()

        assert process.stdout.readline() == "ending in order\n"
        assert process.wait(10) == 0
