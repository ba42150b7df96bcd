"""Whoever stops while a broadcast is under way: no send to them begins once it is stored."""

from tests.benchmarks import stop_race


async def test_no_send_begins_after_a_stop_was_stored() -> None:
    figures = await stop_race.run(stops=100, people=220, rate=60, seed=1)
    assert figures.stops == 100
    assert figures.late == 0
    assert figures.adds_up
    assert figures.spared > 0  # it was a race: some were quicker than their turn
