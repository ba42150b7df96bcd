"""Commands that are imported when somebody asks for them: `ask` does not wait for what it does not use."""

from importlib import import_module

import click


class Later(click.Group):
    """A group of commands that stands in another module, as `group`."""

    def __init__(self, name: str, module: str, says: str) -> None:
        super().__init__(name, help=says)
        self._module = module

    def list_commands(self, ctx: click.Context) -> list[str]:
        return self._group().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return self._group().get_command(ctx, cmd_name)

    def _group(self) -> click.Group:
        found: click.Group = import_module(self._module).group
        return found
