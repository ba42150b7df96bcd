"""Which passwords are taken (ASVS 5, 6.2)."""

from zxcvbn.frequency_lists import FREQUENCY_LISTS

from bot.store.passwords import faults

NAME, DEPARTMENT = "anna.lopez", "Danbury Police Department"
SENTENCE = "seven owls under a bridge count the lanterns while the river sleeps and nobody asks them why "


def test_a_password_has_twelve_characters_at_least() -> None:
    assert faults("vk7$Qz!mNp9", NAME, DEPARTMENT) != ()
    assert faults("vk7$Qz!mNp9w", NAME, DEPARTMENT) == ()


def test_a_password_may_have_a_hundred_and_twenty_eight() -> None:
    for length in (64, 100, 128):
        assert faults((SENTENCE * 2)[:length], NAME, DEPARTMENT) == ()
    assert faults((SENTENCE * 2)[:129], NAME, DEPARTMENT) != ()


def test_no_password_that_many_have_is_taken() -> None:
    """The 3,000 most used, and all of those long enough to be thought good among 30,000."""
    most_used = FREQUENCY_LISTS["passwords"]
    assert len(most_used) >= 30_000
    tried = [*most_used[:3000], *(each for each in most_used if len(each) >= 12)]
    assert [each for each in tried if faults(each, NAME, DEPARTMENT) == ()] == []
