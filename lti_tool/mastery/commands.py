"""``lti-tool mastery …``: what whoever runs the tool asks about mastery on the command line."""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lti_tool.mastery.evaluate import Evaluation, evaluate
from lti_tool.mastery.prediction import DEFAULT, MODELS

if TYPE_CHECKING:
    from lti_tool.mastery.recomputing import Recomputed

mastery_commands = typer.Typer(help="Models of what learners know.", no_args_is_help=True)


@mastery_commands.callback()
def _mastery() -> None:
    """Models of what learners know."""


@mastery_commands.command("evaluate")
def mastery_evaluate(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.csv",
            help="Recorded answers in time order: learner,competency,correct and perhaps item and at (ISO 8601).",
        ),
    ],
    test: Annotated[
        Path | None,
        typer.Option(
            "--test", metavar="FILE.csv", help="Other learners to score on; without it, learners are held out by fold."
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model", metavar="NAME", help=f"Beside the default, only this model: {', '.join(MODELS)}. Repeatable."
        ),
    ] = None,
    folds: Annotated[int, typer.Option("--folds", min=2, help="Into how many groups learners are dealt.")] = 5,
    cold: Annotated[
        bool,
        typer.Option("--cold", help="Learn nothing beforehand: every model begins with the first answer it predicts."),
    ] = False,
    frozen: Annotated[
        bool, typer.Option("--frozen", help="Learn nothing from held-out learners but about each of them.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Score the prediction models on recorded answers, one step ahead, on learners that were held out."""
    wanted = model or list(MODELS)
    unknown = [name for name in wanted if name not in MODELS]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]} is none of {', '.join(MODELS)}", param_hint="--model")
    if cold and test is not None:
        raise typer.BadParameter("--cold learns nothing beforehand, so it takes one file", param_hint="--cold")
    names = [name for name in MODELS if name in wanted or name == DEFAULT]
    found = evaluate(file, test=test, models=names, folds=folds, cold=cold, frozen=frozen, said=_said)
    for note in found.notes:
        typer.echo(note, err=True)
    typer.echo(json.dumps(found.as_json(), indent=2) if as_json else table(found))


@mastery_commands.command("recompute")
def mastery_recompute(
    course: Annotated[str, typer.Option("--course", metavar="ID", help="The course's id here, or its id in the LMS.")],
    processes: Annotated[
        int | None,
        typer.Option(
            "--processes", min=1, max=64, help="At once; without it, as many as there are cores. SQLite: one."
        ),
    ] = None,
    apply_rules: Annotated[
        bool,
        typer.Option("--apply-rules", help="Judge what was begun by the rules and levels that the course has now."),
    ] = False,
) -> None:
    """Compute all levels, reviews and predictions of a course again from its evidence; to the same, unless one was wrong."""
    started = time.perf_counter()
    done, used = asyncio.run(_recompute(course, processes, apply_rules))
    seconds = time.perf_counter() - started
    typer.echo(
        f"computed again: {done.learners} learners, {done.states} levels, {done.changed} of them are others now; "
        f"{seconds:.1f} s in {used} process{'' if used == 1 else 'es'}"
    )


async def _recompute(wanted: str, processes: int | None, apply_rules: bool) -> "tuple[Recomputed, int]":
    # The database's parts are heavy; the other commands do not need them.
    from lti_tool.clock import SystemClock  # noqa: PLC0415
    from lti_tool.db.session import Database  # noqa: PLC0415
    from lti_tool.mastery import changing, parts  # noqa: PLC0415
    from lti_tool.mastery.gradebook_commands import the_course  # noqa: PLC0415
    from lti_tool.settings import load_settings  # noqa: PLC0415

    database = Database.at(load_settings().database_url)
    try:
        found = await the_course(database, wanted)
        used = 1 if database.is_sqlite else processes or parts.usual(database)
        now = SystemClock().now()
        if apply_rules:
            return await changing.apply_to_all(database, found, None, now, None, processes=used), used
        return await parts.recompute(database, found.organisation_id, found.id, now, used), used
    finally:
        await database.close()


def _said(name: str) -> None:
    """Large files take minutes; a person who waits sees what is worked on."""
    if sys.stderr.isatty():
        typer.echo(f"{name} …", err=True)


def table(found: Evaluation) -> str:
    """The figures for a person to read, the default marked."""
    lines = [
        f"{'model':<12}{'AUC':>7}  {'95 % by learner':<15}{'RMSE':>8}{'log loss':>10}{'calibration':>13}{'seconds':>9}"
    ]
    for name, judged in found.models.items():
        one = judged.score
        auc = "–" if one.auc is None else f"{one.auc:.4f}"
        low_high = "–" if one.auc_interval is None else "{:.4f}–{:.4f}".format(*one.auc_interval)
        shown = f"{name} *" if name == DEFAULT else name
        lines.append(
            f"{shown:<12}{auc:>7}  {low_high:<15}{one.rmse:>8.4f}{one.log_loss:>10.4f}{one.ece:>13.4f}{judged.seconds:>9.1f}"
        )
    lines.append(
        f"{found.rows} answers of {found.learners} held-out learners. * the default. AUC: higher is better, all else lower."
    )
    return "\n".join(lines)
