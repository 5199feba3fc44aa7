"""The command line, as `saliency-audit`, `python -m saliency_audit` and `python -m audit` start it."""

import sys

from saliency_audit.packages import own_packages

INTERRUPTED = 130


def main() -> None:
    """Run the command line and leave with its exit code, also where it is stopped while it is imported."""
    try:
        with own_packages():
            from audit.cli.main import main as commands

            commands()
    except KeyboardInterrupt:
        if sys.stderr is not None:
            sys.stderr.write("stopped\n")
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
