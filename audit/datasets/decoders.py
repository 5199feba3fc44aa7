"""Processes that decode pictures, for where a device would wait for threads that share the interpreter's lock."""

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from audit.errors import AuditError

HOME = Path(__file__).resolve().parents[2]
"""The folder around the packages of the product."""
SERVE = "import sys; sys.path[:0] = sys.argv[1:]; from audit.datasets.decoders import serve; serve()"

Task = Callable[[], Any]


class Decoders:
    """One process for each thread that asks, started when it first does; closed.

    Not `multiprocessing`: its processes would run the user's script once more.
    """

    def __init__(self) -> None:
        self._own = threading.local()
        self._started: list[subprocess.Popen[bytes]] = []

    def answer(self, task: Task) -> Any:
        """What a task that can be pickled returns in the process of this thread; what it raises is raised here.

        Raises AuditError where the process is gone.
        """
        process = self._process()
        try:
            pickle.dump(task, _there(process.stdin))
            _there(process.stdin).flush()
            answer, error = pickle.load(_there(process.stdout))
        except (OSError, EOFError, pickle.UnpicklingError) as gone:
            seen = f"a process that decodes them ended (exit code {process.poll()})"
            step = "Look for a lack of memory, or set run.processes = 0, and resume the run."
            raise AuditError("pictures", seen, "need it to the end", step) from gone
        if error is not None:
            raise error
        return answer

    def _process(self) -> subprocess.Popen[bytes]:
        if not hasattr(self._own, "process"):
            command = [sys.executable, "-c", SERVE, str(HOME), *filter(None, sys.path)]
            alone = {**os.environ, "OMP_NUM_THREADS": "1"}  # there are as many processes as cores
            self._own.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=alone)
            self._started.append(self._own.process)
        process: subprocess.Popen[bytes] = self._own.process
        return process

    def close(self) -> None:
        """They end when nobody can ask them any more; what one is at work on is lost."""
        for process in self._started:
            process.kill()
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):  # what was not flushed
                    _there(pipe).close()
            process.wait()


def serve() -> None:
    """Answers the tasks that arrive, until nobody can send one any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is the run that is interrupted, and then closes this
    tasks, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # whatever prints does not write into the answers
    while task := _next(tasks):
        answer, raised = None, None
        try:
            answer = task()
        except Exception as error:  # noqa: BLE001 it is raised where the task was set
            raised = error
        pickle.dump((answer, raised), answers)
        answers.flush()


def _next(tasks: IO[bytes]) -> Task | None:
    """None where nobody can send one any more."""
    try:
        task: Task = pickle.load(tasks)
    except EOFError:
        return None
    return task


def _there(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None, "Popen was asked for it"
    return pipe
