"""Law 6, rule by rule: what a clause must be to be an order, and what else may stand in the message."""

import pytest

from bot.core.optout import Doubtful, OptOut, Start, Stop, recognise_optout
from bot.core.optout_clause import Topics
from bot.core.text import fold
from tests.test_optout import meant

STOP, ASK_STOP, START, ASK_START = Stop(), Doubtful(Stop()), Start(), Doubtful(Start())


def different(words: int) -> str:
    """So many different words that mean nothing here."""
    letters = "bcdfghjklm"
    return " ".join(f"{letters[n // 10]}a{letters[n % 10]}i" for n in range(words))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # A message of thirty clauses and thirty different words is read whole; of a longer one its first clause.
        ("hm. " * 29 + "stop texting me", STOP),
        ("hm. " * 30 + "stop texting me", None),
        (f"{different(27)}. stop texting me", STOP),
        (f"{different(28)}. stop texting me", None),
        ("hm. " * 20 + f"{different(28)}. stop texting me", None),
        ("hm. stop texting me. " + "hm. " * 29, None),
        (f"stop texting me. {different(31)}", STOP),
        (f"stop. {different(31)}", ASK_STOP),
        (f"start. {different(31)}", None),
        (f"cancel. {different(31)}", None),
        # Of a clause, thirty words.
        ("stop texting me " + "the a " * 13 + "lamp", None),
        ("stop texting me " + "the a " * 14 + "lamp", STOP),
    ],
)
def test_law_6_a_long_message_is_read_by_its_first_clause(text: str, found: OptOut | None) -> None:
    assert meant(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # An order in words that can mean nothing else holds first or last, whatever else is said.
        ("stop texting me. what are your hours", STOP),
        ("what are your hours? stop texting me", STOP),
        ("hello people. stop texting me. what are your hours", None),
        ("i moved. stop texting me. enough. stop. cancel. thanks", STOP),
        ("stop texting me. my husband is here", ASK_STOP),
        # Letters of another script may be a disguise; those with a stroke or a hook are Latin.
        ("stop texting me. 停止", ASK_STOP),
        ("stop texting me. \U00017000", ASK_STOP),  # of Tangut, which has no name
        ("stop texting me. øre, straße", STOP),
        # The bare word for it, beside courtesies and reasons; beside anything else it is asked about, or nothing.
        ("stop. thanks", STOP),
        ("stop. i moved. cancel", STOP),
        ("stop. u", STOP),
        ("stop. h i", STOP),
        ("stop. enough", STOP),
        ("stop. what are your hours", ASK_STOP),
        ("what are your hours? stop", None),
        ("stop. he is here", None),
        # A word that is an order only alone.
        ("cancel", STOP),
        ("cancel. thanks", STOP),
        ("cancel. quit", STOP),
        ("cancel. good morning", ASK_STOP),
        ("cancel. what are your hours", None),
        ("cancel it now", ASK_STOP),
        ("cancel lamp", None),
        ("lamp cancel", None),
        # Perhaps an order.
        ("enough", ASK_STOP),
        ("enough. thanks. i moved", ASK_STOP),
        ("enough. what are your hours", None),
        ("enough lamp", None),
        ("lamp enough", None),
        ("i moved. good morning", None),
        # Begin again.
        ("start. thanks. good morning", START),
        ("start. what are your hours", None),
        ("start. cancel", None),
        ("start. stop", ASK_STOP),
        ("start. stop texting me", ASK_STOP),
        ("i want to start again", START),
        ("start again lamp", None),
        ("start again to my phone", None),
        ("lamp start again", None),
        ("he wants to start again", None),
    ],
)
def test_law_6_what_else_is_said_decides(text: str, found: OptOut | None) -> None:
    assert meant(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # Within its clause an order may have a wish or a reason before it, an ending or a reason after it.
        ("can you stop texting me", STOP),
        ("i moved stop texting me", STOP),
        ("stop texting me to my phone", STOP),
        ("stop texting me i moved far from here", STOP),
        ("can you stop texting me to my phone", STOP),
        ("lamp stop texting me", None),
        ("stop texting me lamp", None),
        ("can you stop texting me lamp", None),
        ("lamp stop texting me i moved", None),
        ("stop texting me lamp or you will be sued", None),
        ("stop texting me when he comes", None),
        ("she said stop texting me", None),
        # The bare word has a whole reason before it, never a wish.
        ("i moved stop", STOP),
        ("stop i moved to another town", STOP),
        ("i moved far stop", None),
        ("can you stop", None),
        ("stop lamp", None),
        ("stop she moved", None),
        ("lamp stop i moved", None),
        ("i moved stop lamp", None),
        # Fillers, courtesies, what is said again and emoji change nothing.
        ("please stop sending me these messages right now thanks", STOP),
        ("stop stop 🛑 stop", STOP),
        ("the stop of these", STOP),
        ("please", None),
        ("of the", None),
    ],
)
def test_law_6_what_stands_in_the_same_clause_decides(text: str, found: OptOut | None) -> None:
    assert meant(text) == found


@pytest.mark.parametrize("order", ["stop", "stop texting me", "take me off this list", "deme de baja", "parem"])
@pytest.mark.parametrize(
    "ending",
    ["right now", "rn", "right away", "today", "at once", "for good", "forever", "immediately", "effective immediately",
     "ahora mismo", "hoy", "para siempre", "nunca mas", "agora mesmo", "hoje", "para sempre"],
)  # fmt: skip
def test_law_6_a_stop_that_says_when_is_one(order: str, ending: str) -> None:
    assert meant(f"{order} {ending}") == STOP


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("please unsubscribe me from all alerts right away thank you", STOP),
        ("stop texting me so much", STOP),
        ("pls no more txt", STOP),
        ("stop asshole", STOP),
        ("stfu and stop texting me you idiots", STOP),
        ("parem imbecis", STOP),
        ("why do you keep texting me stop", STOP),
        ("why are you texting me? stop", STOP),
        ("this is spam stop", STOP),
        ("stop, i didn't sign up for this", STOP),
        ("i didn't sign up for this", ASK_STOP),
        ("why do you keep texting me", None),
        ("is this spam", None),
        ("idiots", None),
    ],
)
def test_law_6_a_stop_in_anger_or_with_thanks_is_one(text: str, found: OptOut | None) -> None:
    assert meant(text) == found


@pytest.mark.parametrize(
    "text", ["s t o p", "S.T.O.P", "S T O P !", "e n d", "q u i t", "p a r a r", "u n s u b s c r i b e", "o p t o u t"]
)
def test_law_6_letters_typed_apart_are_one_word(text: str) -> None:
    """Some letters are short for words: "q u i t" was read as "que you i t"."""
    assert meant(text) == STOP


@pytest.mark.parametrize("text", ["n o", "a b c", "s t o p sign", "my stop", "are you de", "shop", "step", "auto"])
def test_not_every_row_of_letters_nor_every_likeness_is_an_order(text: str) -> None:
    assert meant(text) is None


NAMES = {
    "weather": {"en": ["snow", "snow storm", "!"], "pt": ["neve"]},
    "water": {"en": ["snow storm drain", "flooding", "floods", "drop zones"]},
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("stop snow alerts", Stop("weather")),
        ("stop the alerts about snow", Stop("weather")),
        ("stop the alerts about the neve", Stop("weather")),
        ("stop snow storm alerts", Stop("weather")),
        ("stop snow storm drain alerts", Stop("water")),
        ("stop alerts about flooding", Stop("water")),
        ("stop floding alerts", Stop("water")),
        ("stop flodds alerts", Stop("water")),
        ("stop flods alerts", None),
        ("stop snwo alerts", None),
        ("stop snow and flooding", ASK_STOP),
        ("stop snow and neve", Stop("weather")),
        ("stop snow. stop flooding", ASK_STOP),
        ("stop snow alerts. what are your hours", Stop("weather")),
        ("stop snow alerts. my husband is here", Doubtful(Stop("weather"))),
        ("stop. snow. what are your hours", ASK_STOP),
        ("stop. no snow. what are your hours", Doubtful(Stop("weather"))),
        ("no snow", Doubtful(Stop("weather"))),
        ("no snow. good morning", Doubtful(Stop("weather"))),
        ("no snow. no flooding", ASK_STOP),
        # What says that it is advisories goes with the topic, before it or after it.
        ("delete me from the snow warnings list", Stop("weather")),
        ("eu quero sair dos avisos de neve", Stop("weather")),
        ("begin again snow alerts", Start("weather")),
        ("start snow alerts", Start("weather")),
        ("start snow and flooding alerts", ASK_START),
        ("start snow. stop flooding", ASK_STOP),
        ("snow", None),
        ("stop plowing snow", None),
        ("drop zones", None),
        ("stop alerts", STOP),
        ("stop texting me i moved because of the snow", STOP),
        ("stop", STOP),
        ("not interested in snow", Stop("weather")),
    ],
)
def test_law_6_a_topic_is_named_by_its_longest_name_misspelt_or_not(text: str, found: OptOut | None) -> None:
    assert recognise_optout(fold(text), Topics.of(NAMES)) == found


def test_a_topic_without_a_name_is_never_named() -> None:
    assert recognise_optout(fold("stop snow"), Topics.of({"weather": {"en": []}})) is None
