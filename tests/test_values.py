"""What is found in a text, and that two ways of writing the same are the same."""

import pytest

from bot.knowledge.values import Kind, values


def found(text: str) -> list[tuple[str, str]]:
    return [(value.kind.value, value.key) for value in values(text)]


@pytest.mark.parametrize(
    ("same", "kind", "key"),
    [
        (["911", "9-1-1"], "phone", "911"),
        (["2-1-1", "211"], "phone", "211"),
        (["988"], "phone", "988"),
        (["203-748-6423", "(203) 748-6423", "203.748.6423", "1-203-748-6423"], "phone", "2037486423"),
        (["1-800-467-3135", "800-467-3135", "1-800-HOPE-135"], "phone", "8004673135"),
        (["748-6423"], "phone", "7486423"),
        (["375 Main Street", "375 Main St"], "address", "375 main street"),
        (["Hayestown Road"], "address", "hayestown road"),
        (["$70.00", "$70", "US$ 70,00", "US$70", "70 dollars", "70 dólares"], "fee", "70.00"),
        (["50 cents", "50 centavos", "$0.50"], "fee", "0.50"),
        (["$1,000", "$1,000.00", "US$ 1.000,00"], "fee", "1000.00"),
        (["SLFU.OOS@ct.gov", "slfu.oos@CT.gov"], "email", "slfu.oos@ct.gov"),
        (["8:30 AM", "8:30 a.m.", "8:30 a. m.", "8h30", "08:30"], "time", "08:30"),
        (["4 PM", "4:00 p.m.", "16h", "16:00"], "time", "16:00"),
        (["12 PM", "12:00"], "time", "12:00"),
        (["12:15 AM", "0:15"], "time", "00:15"),
        (["July 1, 2024", "1 de julio de 2024", "1º de julho de 2024", "2024-07-01", "7/1/2024"], "date", "2024-07-01"),
        (["March 2021", "marzo de 2021", "março de 2021"], "date", "2021-03"),
        (["July 4", "4 de julio", "4 de julho"], "date", "-07-04"),
        (["2016"], "date", "2016"),
        (["60 days", "60 días", "60 dias"], "period", "60 day"),
        (["10 business days", "10 días hábiles", "10 dias úteis"], "period", "10 day"),
        (["eight weeks", "ocho semanas", "oito semanas"], "period", "8 week"),
        (["5%", "5 percent", "5 por ciento", "5 por cento"], "percent", "5"),
        (["21", "21 years", "21 años", "21 anos"], "number", "21"),
        (["29-6d"], "number", "29-6d"),
        (["https://www.ic3.gov", "http://ic3.gov/", "ic3.gov", "IC3.gov."], "url", "ic3.gov"),
    ],
)
def test_ways_of_writing_the_same_value_are_the_same(same: list[str], kind: str, key: str) -> None:
    assert {tuple(found(f"Ask: {text} and wait")) for text in same} == {((kind, key),)}


@pytest.mark.parametrize(
    "text",
    ["1. Go there.\n2. Ask.", "K-9 teams", "un día", "a COVID-19 test", "Ask at the desk.", "I may march out"],
)
def test_steps_names_and_words_are_no_values(text: str) -> None:
    assert found(text) == []


def test_each_part_of_a_text_is_found_once() -> None:
    text = "Call 203-748-6423 or 311, Mon-Fri 8 AM to 4 PM, at 21 Delay Street, Danbury 06810; see https://danburyparking.com."
    assert found(text) == [
        ("url", "danburyparking.com"),
        ("address", "21 delay street"),
        ("phone", "2037486423"),
        ("phone", "311"),
        ("time", "08:00"),
        ("time", "16:00"),
        ("number", "06810"),
    ]


def test_the_number_of_a_street_is_no_number_to_call() -> None:
    assert found("211 Main Street") == [("address", "211 main street")]


def test_a_value_is_shown_as_it_was_written() -> None:
    (value,) = values("Vale US$ 70,00.")
    assert (value.kind, value.shown) == (Kind.FEE, "US$ 70,00")
