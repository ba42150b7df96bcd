"""`python -m bot` is `danbury-bot`."""

from bot.cli import main

main()
