"""How a rule says no: a sentence that can be translated, with its words filled in."""

from outage_response.domain.errors import GateClosed, Keys, NotAllowed, Overlaps, RuleError, spoken

CHINESE = {"{who}: {what}": "{who}：{what}", "guard": "保安", "earths_removed": "接地线已拆除"}


def translate(text: str) -> str:
	return CHINESE.get(text, text)


def test_a_key_is_read_as_its_translation_or_as_its_own_words():
	assert spoken("earths_removed", translate) == "接地线已拆除"
	assert spoken("key_handed_back", translate) == "Key handed back"
	assert spoken("", lambda text: "the head of the translations") == ""


def test_text_and_words_are_translated_then_joined():
	error = RuleError("{who}: {what}", who="guard", what=("guard", 3))
	assert error.rendered(translate) == "保安：保安, 3"
	assert str(error) == "guard: guard, 3"


def test_keys_become_words_numbers_stay_and_an_empty_word_is_not_looked_up():
	error = RuleError("{who}: {what}", who=Keys(("earths_removed", "all_out")), what=7)
	assert error.rendered(translate) == "接地线已拆除, All out：7"
	assert RuleError("[{none}]", none="").rendered(lambda text: text or "the head of the translations") == "[]"


def test_what_closes_a_gate_and_what_runs_already_come_with_the_refusal():
	assert GateClosed("{gate}", ["a"], gate="close").blocking == ["a"]
	assert Overlaps("{of}", [{"incident": "I"}], of="x").running == [{"incident": "I"}]
	assert all(issubclass(kind, RuleError) for kind in (GateClosed, Overlaps, NotAllowed))
