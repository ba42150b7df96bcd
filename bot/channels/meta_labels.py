"""Words on a button of Meta's, as `core` cuts them: the console shows the same."""

from bot.core.labels import are_distinct as are_distinct
from bot.core.labels import cut as cut
from bot.core.labels import numbered as numbered
