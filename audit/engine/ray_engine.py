"""The engine of Ray: workers in other processes, or on other machines, measure the batches of one run.

Ray's actors alone, and none of its data sets: which pictures make up a batch, and in which order batches come, is part
of the arithmetic. A bounded number of batches is under way; the record is written here, in their order.
"""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from audit.engine.measured_batch import Job, MeasuredBatch, Source, unpacked
from audit.engine.plan import Plan
from audit.engine.ray_worker import RayWorker
from audit.engine.shown_samples import ShownSamples
from audit.errors import AuditError, first_line
from audit.models.pass_counter import Passes
from audit.phrases import count

AHEAD = 2
"""Batches that wait at each worker, with the one that it measures."""
WINDOW = 4
"""Batches under way, for each that waits at a worker: those that are done and whose turn has not come."""
RETRIES = 3
"""Of a batch whose worker ends, before the run does."""
RESTARTS = 20
"""Of one worker."""
STARTS = 3
"""Attempts to start Ray on this machine."""
MOST_NAMED = 20
"""Of a batch's pictures."""


def on_ray(actors: int | None, options: Mapping[str, Any], job: Job) -> Source:
    """The engine. actors: how many workers; None: one for each GPU, or for each core. options: Ray's own of an actor.

    Raises AuditError where Ray is not installed, or the network has no settings by which others could open it.
    """
    try:
        import ray  # noqa: F401, PLC0415
    except ImportError as error:
        step = "pip install 'saliency-audit[ray]'"
        raise AuditError("--engine", "ray is not installed", "need the extra", step) from error
    if job.settings.model is None:
        raise AuditError("--engine ray", "the model came from Python", "need one that the settings name")
    return partial(_measured, job, actors, dict(options))


def _measured(
    job: Job,
    actors: int | None,
    options: dict[str, Any],
    todo: Sequence[range],
    passes: Passes,
    shown: ShownSamples,
) -> Generator[MeasuredBatch, None, None]:
    del passes, shown  # the workers have their own
    if not todo:
        return
    with _workers(job, actors, options, len(todo)) as workers:
        for numbers, packed in _in_order(workers, todo, job.plan):
            yield unpacked(numbers, packed)
        for worker in workers:
            _answer(job.plan, todo[-1], worker.fault.remote())


@contextmanager
def _workers(job: Job, actors: int | None, options: dict[str, Any], batches: int) -> Iterator[list[Any]]:
    """Actors, in the cluster that RAY_ADDRESS names or in one of this machine alone, and their end."""
    import ray  # noqa: PLC0415

    started = not ray.is_initialized()
    if started:
        _start()
    workers: list[Any] = []
    try:
        make, there = _maker(job, options)
        workers += [make() for _ in range(min(actors or there, batches))]
        yield workers
    finally:
        for worker in workers:
            ray.kill(worker)
        if started:
            ray.shutdown()


def _start() -> None:
    """Join or start a cluster. A busy machine may need more than the half minute that Ray gives its own processes."""
    import ray  # noqa: PLC0415

    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing leaves the machine unasked
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # as Ray will do by itself, and warns until then
    for left in reversed(range(STARTS)):
        try:
            ray.init(include_dashboard=False, logging_level="WARNING")
        except Exception as error:
            ray.shutdown()
            if not left:
                needed = "need a cluster that RAY_ADDRESS names, or room for one on this machine"
                raise AuditError("--engine ray", f"Ray does not start ({first_line(error)})", needed) from error
        else:
            return


def _maker(job: Job, options: dict[str, Any]) -> tuple[Callable[[], Any], int]:
    """What makes a worker, and for how many there are GPUs, or cores."""
    import ray  # noqa: PLC0415

    what = "GPU" if job.plan.factory.device.type == "cuda" else "CPU"
    own = {f"num_{what.lower()}s": 1, "max_restarts": RESTARTS, "max_task_retries": RETRIES}
    try:
        made = ray.remote(RayWorker).options(**{**own, **options})
    except (TypeError, ValueError, AssertionError) as error:
        seen = f"{options} are refused ({first_line(error)})"
        raise AuditError("--actor-options", seen, "need options that Ray knows of an actor") from error
    there = max(1, int(ray.cluster_resources().get(what, 1)))
    return partial(made.remote, job.settings, job.device, dict(job.entries)), there


def _in_order(workers: Sequence[Any], todo: Sequence[range], plan: Plan) -> Iterator[tuple[range, bytes]]:
    """What was measured, in the order of the ranges. No worker waits for the next batch to be sent to it."""
    import ray  # noqa: PLC0415

    left, flight = deque(todo), deque[tuple[range, Any]]()
    free = deque(worker for _ in range(AHEAD) for worker in workers)
    owner: dict[Any, Any] = {}
    done: set[Any] = set()

    def send() -> None:
        while free and left and len(flight) < WINDOW * AHEAD * len(workers):
            numbers, worker = left.popleft(), free.popleft()
            reference = worker.measure.remote(numbers.start, numbers.stop)
            owner[reference] = worker
            flight.append((numbers, reference))

    send()
    while flight:
        waiting = [reference for _, reference in flight if reference not in done]
        for reference in ray.wait(waiting, num_returns=1)[0] if flight[0][1] not in done else ():
            done.add(reference)
            free.append(owner.pop(reference))
        send()
        while flight and flight[0][1] in done:
            numbers, reference = flight.popleft()
            done.discard(reference)
            yield numbers, _answer(plan, numbers, reference)
            send()


def _answer(plan: Plan, numbers: range, reference: Any) -> Any:
    """What a worker answered. Raises AuditError where it ended too often, and what it raised where it did."""
    import ray  # noqa: PLC0415
    from ray.exceptions import RayActorError, RayTaskError  # noqa: PLC0415

    try:
        answer = ray.get(reference)
    except RayActorError as error:
        names = sorted({plan.inputs.samples[number][0].image for number in numbers})
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        seen = f"workers ended {count(RETRIES + 1, 'time')} while they measured {', '.join(names[:MOST_NAMED])}{more}"
        step = "Look for the end of memory in Ray's log, lower run.batch_size in a new folder, or go on with --resume."
        raise AuditError("--engine ray", seen, "need a worker that survives these pictures", step) from error
    except RayTaskError as error:
        raise error.cause from error
    if isinstance(answer, AuditError):
        raise answer
    return answer
