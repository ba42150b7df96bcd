"""`danbury-bot`, and `python -m bot`."""

from bot.knowledge.garbage import uncollected


def main() -> None:
    """Run the command line."""
    with uncollected():  # what is imported stays: to look through it for garbage takes a sixth of its time
        from bot import cli
    cli.main()


if __name__ == "__main__":
    main()
