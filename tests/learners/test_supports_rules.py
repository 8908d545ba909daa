"""Which form of a step a learner opens."""

import uuid

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.learners.models import Support
from lti_tool.learners.rules import Form, Supports, choose, language_name, language_tag, minutes_for

READ = frozenset({"read-aloud"})
LANGUAGE = frozenset({"language"})


def form(serves: frozenset[str], language: str = "", *, modifies: bool = False) -> Form:
    return Form(uuid.uuid4(), serves, language, modifies)


def test_without_supports_everybody_opens_the_usual_form() -> None:
    assert choose([form(READ), form(LANGUAGE, "es")], Supports()) is None


def test_the_form_that_serves_most_comes_first_and_the_earlier_of_two_alike() -> None:
    aloud, again, both = form(READ), form(READ), form(READ | LANGUAGE, "es")
    reader = Supports(frozenset({Support.READ_ALOUD}))
    assert choose([aloud, again], reader) is aloud
    spanish = Supports(frozenset({Support.READ_ALOUD, Support.LANGUAGE}), "es-MX")
    assert choose([aloud, both], spanish) is both
    assert choose([both, aloud], reader) is aloud, "a form in Spanish is no form for who reads none"


@pytest.mark.parametrize(("tag", "mine"), [("es", "es-MX"), ("pt_BR", "pt"), ("ES", "es")])
def test_a_language_counts_whatever_its_region(tag: str, mine: str) -> None:
    one = form(LANGUAGE, tag)
    assert choose([one], Supports(frozenset({Support.LANGUAGE}), mine)) is one
    assert choose([one], Supports(frozenset({Support.LANGUAGE}), "fr")) is None


def test_what_a_teacher_gave_comes_first_and_a_modification_before_all() -> None:
    aloud, simpler, modified = form(READ), form(frozenset({"simpler-text"})), form(frozenset(), modifies=True)
    reader = Supports(frozenset({Support.READ_ALOUD}))
    assert choose([aloud, simpler, modified], reader, {simpler.id}) is simpler
    assert choose([aloud, simpler, modified], reader, {simpler.id, modified.id}) is modified


forms = st.lists(
    st.builds(
        Form,
        st.uuids(),
        st.frozensets(st.sampled_from([kind.value for kind in Support])),
        st.sampled_from(["", "es", "fr-CA"]),
        st.booleans(),
    ),
    max_size=6,
)
supports = st.builds(Supports, st.frozensets(st.sampled_from(list(Support))), st.sampled_from(["", "es", "fr"]))


@given(forms, supports)
def test_no_support_ever_brings_a_modification(some: list[Form], mine: Supports) -> None:
    found = choose(some, mine)
    assert found is None or (not found.modifies and found.serves & mine.names)


def test_more_time_makes_the_estimate_longer_in_whole_minutes() -> None:
    slower = Supports(frozenset({Support.EXTENDED_TIME}), factor=1.5)
    assert minutes_for(15, slower) == 23
    assert minutes_for(None, slower) is None
    assert minutes_for(15, Supports()) == 15


@pytest.mark.parametrize(
    ("written", "tag"),
    [
        ("es", "es"),
        ("Spanish", "es"),
        ("español", "es"),
        ("pt_BR", "pt-BR"),
        ("ukrainian", "uk"),
        ("", None),
        ("??", None),
    ],
)
def test_a_language_is_understood_as_a_tag_and_as_a_word(written: str, tag: str | None) -> None:
    assert language_tag(written, [Locale("en")]) == tag


def test_a_language_is_named_in_the_readers_own() -> None:
    assert language_name("es", Locale("en")) == "Spanish"
    assert language_name("es", Locale("es")) == "español"
    assert language_name("x-private", Locale("en")) == "x-private"
