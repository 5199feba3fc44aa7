"""The command line: the group of all commands, and the codes that it leaves with."""

import os
import sys
import sysconfig
import traceback
from pathlib import Path

import click

from audit.cli.baselines import accept, compare
from audit.cli.busy import wait_politely
from audit.cli.completion import VARIABLE, asked, completion
from audit.cli.demo import demo
from audit.cli.doctor import doctor
from audit.cli.evidence import verify
from audit.cli.explain import explain
from audit.cli.explore import explore
from audit.cli.hashes import hashes
from audit.cli.history import history
from audit.cli.init import init
from audit.cli.inspect import inspect
from audit.cli.listing import list_
from audit.cli.merge import merge
from audit.cli.notices import bounded_notices
from audit.cli.output import EXIT, visible
from audit.cli.run import check, report, run
from audit.cli.sign import sign
from audit.cli.streams import close_stderr, open_streams, unprinted
from audit.cli.view import view
from audit.errors import AuditError

INTERRUPTED = 130


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="saliency-audit")
def cli() -> None:
    """Does this image classifier look at the object?

    Exit codes: 0 PASS, 1 FAIL, 2 usage error or INVALID, 3 INCONCLUSIVE, 130 interrupted.
    """


for command in (
    *(run, merge, check, report, explore, view, compare, history, accept, verify, sign),
    *(demo, explain, list_, init, inspect, hashes, doctor, completion),
):
    cli.add_command(command)


def main() -> None:
    """Run the command line and leave with its exit code. Whatever breaks leaves with that of INVALID."""
    open_streams()
    wait_politely()
    if asked():
        cli.main(complete_var=VARIABLE)  # answers the shell that asks, and leaves
    with bounded_notices():
        code = _run()
    if fault := unprinted():
        code = _broken(f"error: {fault}")
    sys.exit(code)


def _run() -> int:
    try:
        code: int = cli.main(standalone_mode=False, complete_var="")  # `main` has looked already
    except AuditError as error:
        code = _broken(f"error: {error}")
    except click.ClickException as error:
        error.show()
        code = EXIT["INVALID"]
    except (KeyboardInterrupt, click.Abort):
        click.echo("stopped", err=True)
        code = INTERRUPTED
    except SystemExit as error:
        code = _broken(f"error: the code that the settings name tried to leave the program (exit {error.code})")
    except Exception as error:  # noqa: BLE001 an exit code of 1 would say FAIL
        code = _unexpected(error)
    except BaseException as error:  # noqa: BLE001 as asyncio's CancelledError, or GeneratorExit
        seen = f"the code that the settings name ended the run ({type(error).__name__})"
        code = _broken(f"error: {seen}; nothing was judged")
    return code


def _unexpected(error: BaseException) -> int:
    if isinstance(error, OSError) and error.filename is None and (fault := unprinted("\n")):
        return _broken(f"error: {fault}")
    click.echo(visible("".join(traceback.format_exception(error))), err=True, nl=False)
    if place := _in_code_of_users(error):
        return _broken(
            f"error: {place} raises {type(error).__name__}: {error}. Nothing was judged; mend the code there."
        )
    return _broken(f"error: unexpected {type(error).__name__}: {error}. Nothing was judged; please report this.")


def _in_code_of_users(error: BaseException) -> str:
    """'mine.py line 3', where code that the settings name raised it or called what did; '' where none is involved."""
    ours = [str(Path(__file__).parents[2] / name) + os.sep for name in ("audit", "checks", "reports", "saliency_audit")]
    known = (*ours, *(sysconfig.get_path(name) + os.sep for name in ("stdlib", "purelib", "platlib")), "<")
    theirs = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(known)]
    return f"{theirs[-1].filename} line {theirs[-1].lineno}" if theirs else ""


def _broken(message: str) -> int:
    try:
        click.echo(visible(message), err=True)
    except OSError:  # stderr is full: nobody can be told, but the exit code still can
        close_stderr()
    return EXIT["INVALID"]
