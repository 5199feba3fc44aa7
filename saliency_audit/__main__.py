"""The command line, as `saliency-audit`, `python -m saliency_audit` and `python -m audit` start it."""

from saliency_audit.packages import own_packages


def main() -> None:
    """Run the command line and leave with its exit code."""
    with own_packages():
        from audit.cli.main import main as commands

        commands()


if __name__ == "__main__":
    main()
