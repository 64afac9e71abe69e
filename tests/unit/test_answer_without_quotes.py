"""What somebody wrote who answers a message, without what they quote."""

import pytest

from outage_response.domain.answer_without_quotes import asks_for_updates, cut_html, own_words, says_still_out

OURS = "We know of the power outage in your area; our people are at work on it."


@pytest.mark.parametrize(
	("text", "own"),
	[
		("Thanks!\n> No power in 12A\n> please help", "Thanks!"),
		("Fine now\n\nOn Wed, 11 Mar 2026 at 02:10, House <a@b.example> wrote:\nNo power", "Fine now"),
		("好的\n在 2026年3月11日，物业写道：\n停电了", "好的"),
		("Thank you\n-----Original Message-----\nFrom: me\nNo power", "Thank you"),
		("谢谢\n发件人：我\n没电", "谢谢"),
		(f"Thank you\n{OURS}\nNo power", "Thank you"),
		("Still no power.\nOn the stairs too.", "Still no power.\nOn the stairs too."),
		("No power", "No power"),
		("", ""),
	],
)
def test_only_the_own_words(text, own):
	assert own_words(text, [OURS]) == own


@pytest.mark.parametrize(
	"quote",
	[
		"<blockquote>No power</blockquote>",
		'<div class="gmail_quote">No power</div>',
		'<div id="divRplyFwdMsg">No power</div>',
		'<div style="border:none;border-top:solid #E1E1E1 1.0pt">From: me</div>',
	],
)
def test_quotes_of_mail_programs(quote):
	assert cut_html(f"<p>Thanks</p>{quote}") == "<p>Thanks</p>"


def test_no_quote():
	assert cut_html("<p>Still dark</p>") == "<p>Still dark</p>"
	assert cut_html(None) == ""


@pytest.mark.parametrize(
	"text", ["UPDATES", "updates please", "Keep me posted!", "更新", "请随时通知我。", "\nUpdate\nthanks"]
)
def test_asking_for_every_update(text):
	assert asks_for_updates(text)


@pytest.mark.parametrize("text", ["No updates please", "When will you update the lift?", "", "什么时候更新电梯"])
def test_not_asking(text):
	assert not asks_for_updates(text)


@pytest.mark.parametrize(
	"text",
	[
		"Still dark here",
		"It is not back",
		"still nothing",
		"还没有亮",
		"我家还是黑的",
		"仍然没电",
		"我家没有",
		"未恢复",
		"仍未恢复",
		"it hasn't come back",
		"It hasn’t come back",
		"nope",
		"Nope!",
		"没有",
		"还没有呢",
		"Not yet",
		"not here",
		"we have nothing",
		"it isn't back",
		"我哋呢度仲未有",
		"我家冇",
		"5楼没来",
		"No.\nPlease come",
	],
)
def test_still_out(text):
	assert says_still_out(text)


@pytest.mark.parametrize(
	"text",
	[
		"Thank you",
		"All good now",
		"谢谢，来电了",
		"Stillwater is my street",
		"no problem, thanks",
		"我没有问题了",
		"没有别的事了，谢谢",
		"我们没有收到发票",
		"I have nothing to add",
		"No, all is well",
		"我还没收到发票",
		"still no reply about my parking card",
	],
)
def test_not_still_out(text):
	assert not says_still_out(text)
