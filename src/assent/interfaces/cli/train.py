"""``assent train``: weights from datasets, resumable."""

from pathlib import Path
from typing import Annotated

import typer

from assent.interfaces.cli.progress import progress_bar, stoppable
from assent.interfaces.cli.say import say, say_json
from assent.interfaces.cli.wiring import Given
from assent.services.train import TABLE, Progress, TrainRequest, is_first_process
from assent.services.train import train as run
from assent.services.weights import weights_info

EXAMPLES = (
    "assent train unet --data my-study --steps 2000 --out unet.safetensors",
    "assent train posterior --data a --data b --minutes 120 --out posterior.safetensors",
)
SHOWN = 3


def train(  # noqa: PLR0913 - every option is one
    *,
    method: Annotated[str, typer.Argument(help="Name of a method with weights.")],
    data: Annotated[
        list[str],
        typer.Option(metavar="DIR", help='A folder, or "synthetic:NAME"; repeatable.'),
    ],
    out: Annotated[Path, typer.Option(help="The weights (.safetensors).")],
    steps: Annotated[int | None, typer.Option(help="Optimiser steps.")] = None,
    minutes: Annotated[float | None, typer.Option(help="Or minutes.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    seed: Annotated[int, typer.Option(help="Of every random draw.")] = 0,
    fold: Annotated[
        int, typer.Option(help="0 to 4: five of them test every image once; 0 is the usual split.")
    ] = 0,
    resume: Annotated[Path | None, typer.Option(help="A checkpoint to go on from.")] = None,
    given: Given,
) -> None:
    """Train a method; checkpoint and curve lie beside the weights.

    Further settings of the training stand in the table [training].
    """
    request = TrainRequest(
        method=method,
        data=tuple(data),
        out=out,
        steps=steps,
        minutes=minutes,
        device=device,
        seed=seed,
        fold=fold,
        resume=resume,
        method_settings=given.settings.of_method(method),
        training=given.settings.of(TABLE),
        command=given.command_line,
    )
    kept = f"A checkpoint, where one was written, lies beside {out}; --resume goes on from it."
    is_first = is_first_process()
    off = given.as_json or not is_first
    with stoppable(kept), progress_bar(f"training {method}", off=off) as tell:

        def told(progress: Progress) -> None:
            if progress.note and is_first:
                say(progress.note, error=True)
            tell(progress.done, _figures(progress))

        written = run(request, told)
    if not is_first:
        return  # The first process may still be writing.
    facts = weights_info(str(written))
    if given.as_json:
        say_json(facts)
    else:
        size = facts["bytes"] / 2**20
        say(f"{written}  {facts['parameters']:,} parameters, {size:.1f} MiB")


def _figures(progress: Progress) -> str:
    if progress.doing:
        return progress.doing
    shown = list(progress.figures.items())[:SHOWN]
    return f"step {progress.step}  " + "  ".join(f"{name} {value:.3f}" for name, value in shown)
