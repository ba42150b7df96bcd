"""Who may do what: every act in every role. An act that is not in the table nobody may do (law 10)."""

from itertools import product

import pytest

from bot.core.staff import Account, Act, NotAllowed, Role, allowed

MAY = {
    Role.VIEWER: "see, read the audit log",
    Role.CURATOR: "see, edit knowledge",
    Role.ANNOUNCER: "see, draft, discard, publish, pause, cancel, enrol testers",
    Role.APPROVER: "see, discard, approve, publish, publish an Alert, pause, cancel, enrol testers",
    Role.ADMINISTRATOR: "keep accounts, read the audit log, keep records",
}


@pytest.mark.parametrize(("act", "role"), list(product(Act, Role)), ids=lambda value: value.value)
def test_a_role_may_do_what_the_table_says_and_nothing_else(act: Act, role: Role) -> None:
    expected = act.value in MAY[role].split(", ")
    assert allowed({role}, act) is expected
    assert Account("anna", frozenset({role})).may(act) is expected


@pytest.mark.parametrize("act", Act)
def test_nobody_may_anything_without_a_role(act: Act) -> None:
    assert not allowed((), act)


@pytest.mark.parametrize("act", Act)
def test_a_disabled_account_may_nothing_whatever_its_roles(act: Act) -> None:
    gone = Account("anna", frozenset(Role), is_disabled=True)
    assert not gone.may(act)
    with pytest.raises(NotAllowed):
        gone.must_be_allowed(act)


@pytest.mark.parametrize("act", Act)
def test_roles_add_up(act: Act) -> None:
    both = Account("night", frozenset({Role.ANNOUNCER, Role.APPROVER}))
    assert both.may(act) is (allowed({Role.ANNOUNCER}, act) or allowed({Role.APPROVER}, act))


def test_who_keeps_the_accounts_says_no_word_to_the_public() -> None:
    acts = (Act.DRAFT, Act.APPROVE, Act.PUBLISH, Act.PUBLISH_ALERT, Act.CANCEL, Act.EDIT_KNOWLEDGE, Act.SEE)
    assert not any(allowed({Role.ADMINISTRATOR}, act) for act in acts)


def test_a_refusal_says_who_what_and_which_role_it_needs() -> None:
    with pytest.raises(NotAllowed, match=r"^anna may not publish an Alert: that needs the role approver$"):
        Account("anna", frozenset({Role.ANNOUNCER})).must_be_allowed(Act.PUBLISH_ALERT)
