"""What a shell completes when somebody presses Tab, and `completion`, which tells the shell."""

import os

import click
from click import shell_completion
from click.shell_completion import CompletionItem

PROGRAM = "saliency-audit"
VARIABLE = "_SALIENCY_AUDIT_COMPLETE"
"""With it in the environment, the program answers the shell instead of the user."""
SHELLS = ("bash", "zsh", "fish")


ANSWERED = {f"{shell}_{what}" for shell in SHELLS for what in ("source", "complete")}


def asked() -> bool:
    """A shell asks. Whatever else the variable says, the program answers the user."""
    return os.environ.get(VARIABLE) in ANSWERED


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> int:
    """Print what makes SHELL complete this program: eval "$(saliency-audit completion bash)" in ~/.bashrc."""
    script = shell_completion.get_completion_class(shell)
    assert script is not None
    click.echo(script(click.Group(), {}, PROGRAM, VARIABLE).source())
    return 0


def methods(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """The saliency methods, and where a colon was typed those of other libraries."""
    from audit import registry

    package = "audit.saliency.methods"
    known = registry.of_libraries(package) if ":" in begun else registry.names(package)
    return [CompletionItem(name) for name in known if name.startswith(begun)]


def profiles(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """The profiles that come along, or a file."""
    from checks.profile import built_in_names

    names = [CompletionItem(name) for name in built_in_names() if name.startswith(begun)]
    return names or [CompletionItem(begun, type="file")]
