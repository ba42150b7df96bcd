import pytest

from bot.core.language import Languages

HEARD = Languages(
    {
        "en": ["how do I get a copy of my report", "where is the police station", "my car was stolen what do I do"],
        "es": ["cómo saco una copia del reporte", "dónde queda la estación de policía", "me robaron el carro qué hago"],
        "pt": [
            "como tiro uma cópia do boletim",
            "onde fica a delegacia de polícia",
            "roubaram meu carro o que eu faço",
        ],
    }
)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("where do I get the report", "en"),
        ("DONDE SACO EL REPORTE", "es"),
        ("onde eu tiro o boletim", "pt"),
        ("não sei o que eu faço", "pt"),
        ("", None),
        ("12345", None),
        ("xyzzy", None),
    ],
)
def test_the_language_is_heard_or_left_open(text: str, language: str | None) -> None:
    assert HEARD.of(text) == language


def test_a_knowledge_in_one_language_hears_only_that_one() -> None:
    assert Languages({"en": ["where is it"], "es": []}).of("where") == "en"


def test_with_nothing_to_learn_from_nothing_is_heard() -> None:
    assert Languages({}).of("where") is None
