"""The options of `run` that say what measures the pictures: this process, or the workers of Ray."""

import json
from collections.abc import Callable
from functools import partial, wraps
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from audit.engine.measured_batch import Engine


class ActorOptions(click.ParamType[dict[str, Any]]):
    """A JSON object."""

    name = "JSON"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, Any]:
        try:
            options = value if isinstance(value, dict) else json.loads(str(value))
        except (ValueError, RecursionError):
            options = None
        if not isinstance(options, dict):
            self.fail(
                f'{value!r} is no JSON object; need Ray\'s options of an actor, as {{"num_gpus": 0.5}}.', param, ctx
            )
        return options


def engine_options(command: Callable[..., int]) -> Callable[..., int]:
    """The command with these options; it gets what they come to as `engine`, None for this process."""

    @wraps(command)
    def with_engine(*, engine: str, actors: int | None, actor_options: dict[str, Any], **others: Any) -> int:
        return command(engine=_engine(engine, actors, actor_options), **others)

    for option in (
        click.option(
            "--actor-options", type=ActorOptions(), default="{}", help="With ray: its own options of an actor."
        ),
        click.option("--actors", type=click.IntRange(1), help="With ray: workers. [default: one a GPU or core]"),
        click.option("--engine", type=click.Choice(["local", "ray"]), default="local", help="What measures pictures."),
    ):
        with_engine = option(with_engine)
    return with_engine


def _engine(name: str, actors: int | None, options: dict[str, Any]) -> "Engine | None":
    if name == "ray":
        from audit.engine.ray_engine import on_ray

        return partial(on_ray, actors, options)
    if actors is not None or options:
        raise click.UsageError("--actors and --actor-options are options of --engine ray.")
    return None
