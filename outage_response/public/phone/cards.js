// One card per task: where, what, its clock, whom to phone, and the buttons that its state allows.
(() => {
	const phone = window.OutagePhone;
	const __ = phone.__;
	// What is sent is English, and each reader's language shows it; what a guard types stays as typed
	const DANGERS = {
		"Smoke or fire": __("Smoke or fire"),
		Water: __("Water"),
		Crowd: __("Crowd"),
		"Live parts": __("Live parts"),
	};
	const SOME_DANGER = "Danger";
	phone.is_typed_danger = (word) => word !== SOME_DANGER && !(word in DANGERS);
	const EVIDENCE = {
		call: __("Who was called?"),
		note: __("Note"),
		reading: __("Reading (for example how many minutes it lasts)"),
		photo: __("Note"),
	};
	const TRAPPED = "trapped";
	const OUT = /^released/;
	const MOST = 100; // people in one elevator
	const PARTS = {
		talk: __("Talk to them"),
		lock_off: __("Step 1: lock it off"),
		release: __("Step 2: free them"),
		call_services: __("Call for help"),
	};
	const STATES = {
		Open: __("Open"),
		Acknowledged: __("Acknowledged"),
		"In Progress": __("In Progress"),
		"On Post": __("On Post"),
	};

	// An element: h("p", {class: "what"}, "text", child …). Text is never read as HTML.
	const h = (tag, properties = {}, ...children) => {
		const element = document.createElement(tag);
		for (const [name, value] of Object.entries(properties)) {
			if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
			else if (value === true) element.setAttribute(name, "");
			else if (value !== false && value != null) element.setAttribute(name, value);
		}
		element.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
		return element;
	};
	phone.h = h;

	// The mark says it to who cannot tell red
	const mark = () => h("span", { class: "mark", "aria-hidden": "true" }, "!");
	phone.alarm_button = (text, act, kind = "") =>
		h("button", { type: "button", class: `alarm trapped ${kind}`, onclick: act }, mark(), h("span", {}, text));

	const button = (text, act, kind = "") => h("button", { type: "button", class: kind, onclick: act }, text);

	// A field whose content outlives the page
	const field = (task, name, tag, properties, ...children) => {
		const key = `${task.name}:${name}`;
		const element = h(tag, { id: key, ...properties }, children);
		const tick = element.type === "checkbox";
		const kept = phone.drafts.get(key);
		if (tick) element.checked = kept === "1";
		else if (phone.is_said(kept)) element.value = kept;
		element.addEventListener("input", () => phone.drafts.set(key, tick ? (element.checked ? "1" : "") : element.value));
		return element;
	};
	// A number of people by thumb; `none` stands there while nobody has counted. Kept as `key`, where there is one.
	phone.stepper = ({ key = "", text, none, start = null, changed = () => {} }) => {
		const kept = key ? phone.drafts.get(key) : "";
		let count = phone.is_said(kept) ? Number(kept) : start;
		const shown = h("output", { "aria-live": "polite" });
		const show = () => {
			shown.textContent = count === null ? none : count;
			shown.classList.toggle("none", count === null);
			changed(count);
		};
		const by = (step) => () => {
			count = Math.min((count ?? 0) + step, MOST);
			if (count < 1) count = null;
			if (key) phone.drafts.set(key, count === null ? "" : String(count));
			show();
		};
		const turn = (sign, name, step) =>
			h("button", { type: "button", id: key && `${key}:${step}`, "aria-label": name, onclick: by(step) }, sign);
		show();
		return {
			value: () => count,
			row: h(
				"div",
				{ class: "stepper", role: "group", "aria-label": text },
				h("span", {}, text),
				turn("−", __("One less"), -1),
				shown,
				turn("+", __("One more"), 1),
			),
		};
	};

	const labelled = (text, element) => h("label", { for: element.id }, text, element);
	const ticked = (text, element) => h("label", { class: "tick", for: element.id }, element, h("span", {}, text));

	const fold = (id, title, ...content) =>
		h("details", { id, open: phone.opened.has(id), ontoggle: remember_fold }, h("summary", {}, title), content);
	const remember_fold = ({ target }) => phone.opened[target.open ? "add" : "delete"](target.id);

	// A choice that is no longer offered leaves the list empty: nobody else is put in its place unseen
	const choose = (task, name, text, options) => {
		const rows = options.map(([value, label]) => h("option", { value }, label));
		const select = field(task, name, "select", { required: true }, rows);
		const send = (verb, argument) => () =>
			select.reportValidity() && phone.act(verb, task, { [argument]: select.value });
		return [[labelled(text, select), select], send];
	};

	// As a telephone dials it: an extension after two pauses. See domain/phone_numbers.py
	const dialled = (text) => {
		const [, number, extension] =
			/^(.*?)(?:(?:转|轉|分机|分機|内线|內線|ext|x|#|,|;)[a-z]{0,6}[ .:=]{0,3}(\d{1,6})\s*)?$/i.exec(text);
		return number.replace(/[^\d+*#]/g, "") + (extension ? `,,${extension}` : "");
	};

	phone.call_link = (who, number) => h("a", { class: "call", href: `tel:${dialled(number)}` }, `☎ ${who} ${number}`);

	// ------------------------------------------------------------ what a card says

	// "due in 4:32", kept ticking by page.js
	phone.due_text = (due) => {
		const seconds = Math.round((phone.clock.parse(due) - phone.clock.now()) / 1000);
		const all = Math.abs(seconds);
		const two = (number) => String(number).padStart(2, "0");
		const days = Math.floor(all / 86400);
		const time = `${Math.floor((all % 86400) / 3600)}:${two(Math.floor((all % 3600) / 60))}:${two(all % 60)}`;
		const span = (days ? __("{0} d", days) + " " : "") + time.replace(/^0:/, "");
		return seconds >= 0 ? __("due in {0}", span) : __("overdue by {0}", span);
	};

	const clock = (task) => {
		if (task.status === "On Post") return h("p", { class: "clock" }, __("on post since {0}", hour(task.since)));
		if (!task.due) return null;
		const late = phone.clock.parse(task.due) < phone.clock.now();
		return h("p", { class: late ? "clock late" : "clock", "data-due": task.due }, phone.due_text(task.due));
	};
	const hour = (moment) => (moment || "").slice(11, 16);
	phone.hour = hour;

	const about = (task) => {
		const incident = phone.data.incidents[task.incident] || {};
		return h(
			"p",
			{ class: "about" },
			incident.drill && h("strong", { class: "drill" }, __("DRILL")),
			`${incident.headline || ""} · ${incident.property || ""} · ${task.incident}`,
		);
	};

	// "Elevator 3 | 2 inside | 12 min", kept ticking by page.js
	phone.inside_text = ({ label, people, certain, since }) => {
		const minutes = since ? Math.max(0, Math.floor((phone.clock.now() - phone.clock.parse(since)) / 60000)) : "?";
		if (!certain) return __("{0} | perhaps people inside | {1} min", label, minutes);
		if (!Number(people)) return __("{0} | people inside, not counted | {1} min", label, minutes);
		return __("{0} | {1} inside | {2} min", label, people, minutes);
	};

	const where = (task) => {
		if (!task.inside) return h("p", { class: "where" }, task.where);
		const { people, certain, since } = task.inside;
		const about = { label: task.where, people: people ?? 0, certain: certain ? "1" : "", since };
		const data = Object.entries(about).map(([name, value]) => [`data-${name}`, value]);
		const headline = h("p", { class: "where inside", ...Object.fromEntries(data) });
		phone.say_inside(headline, about);
		return headline;
	};
	// A line breaks between its parts, not within them
	phone.say_inside = (headline, about) => {
		const text = phone.inside_text(about);
		if (headline.textContent === text) return;
		headline.replaceChildren(...text.match(/[^|｜]+[|｜]?\s*/g).map((part) => h("span", {}, part)));
	};

	// How the people are, where the car stands, and how far the rescue has come
	const how_they_are = ({ conditions = [], floor, certain, locked_off, contractor_arrived, claim }) =>
		h(
			"ul",
			{ class: "facts" },
			conditions.map((word) => h("li", { class: "bad" }, word)),
			floor && h("li", {}, __("Car at: {0}", floor)),
			(certain || locked_off) &&
				(locked_off
					? h("li", { class: "good" }, __("Locked off {0}", hour(locked_off)))
					: h("li", { class: "bad" }, __("Not locked off yet"))),
			contractor_arrived && h("li", { class: "good" }, __("Maintenance company here {0}", hour(contractor_arrived))),
			claim && h("li", {}, __("Said to be empty: a second person has to read it back")),
		);

	// What whoever stands before the car needs at once
	const car = ({ plate_no, key_place, rescue_instructions, contractor_name, contractor_phone }) =>
		h(
			"div",
			{ class: "car" },
			(plate_no || key_place) &&
				h(
					"p",
					{},
					plate_no && h("span", {}, __("Elevator number: {0}", plate_no)),
					key_place && h("span", {}, __("Key: {0}", key_place)),
				),
			contractor_phone
				? phone.call_link(contractor_name || __("Maintenance company"), contractor_phone)
				: contractor_name && h("p", {}, contractor_name),
			rescue_instructions && h("p", { class: "instructions" }, rescue_instructions),
		);

	// `with_car`: no card above says it already
	phone.card = (task, place, with_car = true) =>
		h(
			"article",
			{
				class: `card ${place}${task.life_safety ? " life" : ""}${task.inside ? " people" : ""}`,
				"aria-labelledby": `what:${task.name}`,
				"data-row": `task ${task.name}`,
			},
			h(
				"p",
				{ class: "state" },
				task.life_safety && h("strong", { class: "tag" }, __("Life safety")),
				task.part && h("strong", { class: "tag" }, PARTS[task.part] || task.part),
				STATES[task.status] || task.status,
			),
			where(task),
			task.inside && how_they_are(task.inside),
			h(place === "now" ? "h2" : "h3", { id: `what:${task.name}` }, task.what),
			clock(task),
			task.waiting && h("p", { class: "hint first" }, __("First: {0}", task.waiting.join(", "))),
			task.read_back && h("p", { class: "hint" }, __("Waiting to be read back by the control room.")),
			task.completes_with && h("p", { class: "hint" }, __("Completes by itself when that is done in Desk.")),
			task.phone && task.phone !== task.inside?.car?.contractor_phone && phone.call_link("", task.phone),
			task.inside?.car && with_car && car(task.inside.car),
			place === "now" && phone.data.phones.slice(0, 1).map(([who, number]) => phone.call_link(who, number)),
			place === "now" || (task.inside && place !== "later")
				? buttons(task)
				: fold(`act:${task.name}`, __("What I did"), buttons(task)),
			about(task),
		);

	// ------------------------------------------------------------ what a card lets one do

	const may = (verb, task) => phone.data.verbs[verb].includes(task.status);
	const act = (verb, task, args) => () => phone.act(verb, task, args);

	const buttons = (task) => [
		h(
			"div",
			{ class: "buttons" },
			may("arrive", task) && button(task.held ? __("On post") : __("I am there"), act("arrive", task), "main"),
			may("acknowledge", task) && button(task.held ? __("On my way") : __("Mine"), act("acknowledge", task)),
		),
		task.held ? leaving(task) : finishing(task),
		danger(task),
	];

	const leaving = (task) => {
		if (!may("relieve", task)) return null;
		const colleagues = phone.data.colleagues[task.name] || [];
		const posts = phone.data.posts[task.name] || [];
		const [who, relieve] = choose(task, "relieve", __("Who takes the post?"), colleagues);
		const [where, move] = choose(task, "move", __("Where to?"), posts);
		return [
			fold(
				`relieved:${task.name}`,
				__("Relieved…"),
				colleagues.length
					? [who, button(__("Relieved"), relieve("relieve", "user"), "main")]
					: h("p", {}, __("Nobody else of your department is on duty. Ask the control room.")),
			),
			fold(
				`moved:${task.name}`,
				__("Moved…"),
				posts.length
					? [where, button(__("Moved on command"), move("move", "to"), "main")]
					: h("p", {}, __("No other post is without a guard. Ask the control room.")),
			),
		];
	};

	const danger = (task) => {
		if (!may("withdraw", task)) return null;
		const other = field(task, "danger", "input", { maxlength: 140 });
		const leave = (word) => phone.act("withdraw", task, { danger: word });
		const details = fold(
			`danger:${task.name}`,
			__("Danger, I am leaving"),
			h(
				"div",
				{ class: "buttons" },
				Object.entries(DANGERS).map(([word, text]) => button(text, () => leave(word), "alarm")),
			),
			labelled(__("Something else"), other),
			button(__("Danger, I am leaving"), () => leave(other.value.trim() || SOME_DANGER), "alarm"),
		);
		details.className = "danger";
		return details;
	};

	// Everything that completing takes; nothing but a reading and the safety checks is asked for at once
	const finishing = (task) => {
		if (!may("complete", task) || task.waiting || task.read_back || task.completes_with) return null;
		const asks = task.asks;
		const checks = (asks.checks || []).map(([word, text]) => [
			word,
			field(task, `check:${word}`, "input", { type: "checkbox" }),
			text,
		]);
		const items = (asks.items || []).map(item_rows(task));
		const evidence = evidence_fields(task);
		const problem = h("p", { class: "why", role: "alert" });
		const outcomes = asks.outcomes || [];
		const trapped = outcomes.find(([, , meaning]) => meaning === TRAPPED);
		const others = outcomes.filter((outcome) => outcome !== trapped);
		const end = others.some(([, , meaning]) => OUT.test(meaning)) && those_out(task);
		const inside =
			trapped && phone.stepper({ key: `${task.name}:people`, text: __("People inside"), none: __("not counted") });

		// Nobody waits for a count, or for a photo to get through: it follows
		const people_inside = () => {
			const photo = evidence.photo();
			const text = evidence.text.value.trim();
			const people = inside.value();
			return phone.act(
				"complete",
				task,
				{
					outcome: trapped[0],
					...(people !== null && { people }),
					...(text && { evidence: text }),
					...(asks.later && !text && { evidence_later: true }),
				},
				null,
				{ after: photo ? [["add_evidence", task, {}, photo]] : [] },
			);
		};

		const complete = (outcome, exceptions) => {
			const ends = Boolean(end) && OUT.test(phone.meaning(task, outcome));
			const lacks = ends && end.lacks();
			if (lacks) return (problem.textContent = lacks);
			const text = [ends && end.why(), evidence.text.value.trim()].filter(Boolean).join("\n");
			if (checks.some(([, box]) => !box.checked)) return (problem.textContent = __("Tick each check first."));
			if (asks.evidence === "reading" && !text) {
				evidence.text.focus();
				return (problem.textContent = __("Give the reading: it cannot wait."));
			}
			const given = asks.evidence === "photo" ? evidence.photo() : text;
			return phone.act(
				"complete",
				task,
				{
					...(outcome && { outcome }),
					...(ends && { people: end.value() }),
					...(checks.length && { checks: checks.map(([word]) => word) }),
					...(exceptions && { exceptions }),
					...(text && { evidence: text }),
					...(asks.later && !given && { evidence_later: true }),
				},
				evidence.photo(),
				{ before: ends ? end.corrected() : [] },
			);
		};
		const except = () => {
			const found = items.map((item) => item.exception()).filter(Boolean);
			if (!found.length) return (problem.textContent = __("Tick what is not normal, or choose “All normal”."));
			return complete(null, found);
		};
		return h(
			"div",
			{ class: "finish" },
			trapped && h("div", { class: "alone" }, inside.row, phone.alarm_button(trapped[1], people_inside)),
			end && end.rows,
			checks.map(([, box, text]) => ticked(text, box)),
			evidence.rows,
			h(
				"div",
				{ class: "buttons" },
				asks.outcomes
					? others.map(([word, text]) => button(text, () => complete(word), trapped ? "" : "main"))
					: button(done_text(task, items), () => complete(), "main"),
			),
			items.length > 0 &&
				fold(
					`except:${task.name}`,
					__("All normal except…"),
					items.map((item) => item.row),
					button(__("Send: the rest is normal"), except, "main"),
				),
			problem,
		);
	};

	const done_text = (task, items) => {
		if (task.part === "lock_off") return __("Locked off and tagged");
		return items.length ? __("All normal") : __("Done");
	};

	// How many are out. The server ends no rescue with another number than was counted: whoever finds that the first count
	// was wrong says why, and with that corrects it.
	const those_out = (task) => {
		const counted = task.inside?.people || 0;
		const differs = (count) => counted > 0 && count !== null && count !== counted;
		const why = field(task, "why", "textarea", { rows: 2, maxlength: 300 });
		const says = h("p", { class: "why" });
		const ask = h("div", { class: "differs" }, says, labelled(__("Why the numbers differ"), why));
		const out = phone.stepper({
			key: `${task.name}:people`,
			text: __("People out"),
			none: __("count them"),
			start: counted || null,
			changed: (count) => {
				ask.hidden = !differs(count);
				says.textContent = __("{0} were counted, {1} are out: look into the car once more.", counted, count);
			},
		});
		const reason = () => (differs(out.value()) ? why.value.trim() : "");
		return {
			value: out.value,
			why: reason,
			rows: [out.row, ask],
			lacks: () => {
				if (out.value() === null) return __("Count those who are out first.");
				if (!differs(out.value()) || reason()) return "";
				why.focus();
				return __("Say in words why the numbers differ.");
			},
			corrected: () => {
				if (!differs(out.value())) return [];
				const count = { name: task.inside.name, incident: task.incident, where: task.where, before: task.name };
				return [["note_entrapment", { ...count, what: String(out.value()) }, { people: out.value() }]];
			},
		};
	};

	const item_rows =
		(task) =>
		([key, text, result]) => {
			const box = field(task, `item:${key}`, "input", { type: "checkbox" });
			const note = field(task, `note:${key}`, "input", {
				maxlength: 200,
				"aria-label": __("What is wrong: {0}", text),
			});
			const mended = field(task, `mended:${key}`, "input", { type: "checkbox" });
			return {
				row: h("div", { class: "item" }, ticked(text, box), note, ticked(__("mended"), mended)),
				exception: () =>
					(box.checked || result === "Defect") && (box.checked || mended.checked)
						? { item: key, note: note.value.trim(), ...(mended.checked && { fixed: true }) }
						: null,
			};
		};

	const evidence_fields = (task) => {
		const { evidence, later } = task.asks;
		const text = field(task, "evidence", evidence === "reading" ? "input" : "textarea", { rows: 2, maxlength: 2000 });
		const file = h("input", {
			id: `${task.name}:photo`,
			type: "file",
			accept: "image/*",
			capture: "environment",
			onchange: ({ target }) => phone.take_photo(task, target.files[0]),
		});
		const photo = h(
			"label",
			{ class: "button photo", for: file.id },
			phone.taken.has(task.name) ? __("Photo taken. Another one") : __("Take a photo"),
			file,
		);
		const asked = EVIDENCE[evidence] || __("Note");
		const rows = () => {
			// while people are inside, what can wait is out of the way
			if (task.inside && evidence !== "reading")
				return fold(`note:${task.name}`, __("Note, photo"), labelled(asked, text), photo);
			if (!evidence || evidence === "none")
				return [fold(`note:${task.name}`, __("Add a note"), labelled(asked, text)), photo];
			return [labelled(asked + (later ? ` (${__("may follow later")})` : ""), text), photo];
		};
		return {
			text,
			photo: () => phone.taken.get(task.name) || null,
			rows: rows(),
		};
	};

	// The shift ends: what one has of an outage goes to those who come; posts are relieved one by one
	phone.hand_over = (name, incident, tasks) => {
		if (!tasks.some((task) => task.incident === name && !task.held)) return null;
		const about = { name, what: __("My tasks"), where: incident.property };
		const note = field(about, "note", "textarea", { rows: 2, maxlength: 500 });
		const problem = h("p", { class: "why", role: "alert" });
		const hand = () => {
			const text = note.value.trim();
			if (text) return phone.act("hand_over", about, { note: text });
			note.focus();
			problem.textContent = __("Say in a word where things stand.");
		};
		return fold(
			`hand:${name}`,
			__("Hand over my tasks…"),
			h("p", { class: "hint" }, __("They go to those on duty now or next, and ring until somebody takes them.")),
			labelled(__("Where do things stand?"), note),
			button(__("Hand over my tasks"), hand, "main"),
			problem,
		);
	};

	// What was not written at 02:00
	phone.owed_card = (task) => {
		const evidence = evidence_fields(task);
		const problem = h("p", { class: "why", role: "alert" });
		const add = () => {
			const text = evidence.text.value.trim();
			if (!text && !evidence.photo()) return (problem.textContent = __("Write a note or take a photo."));
			return phone.act("add_evidence", task, text ? { evidence: text } : {}, evidence.photo());
		};
		return h(
			"article",
			{ class: "card", "aria-labelledby": `what:${task.name}`, "data-row": `owed ${task.name}` },
			h("p", { class: "where" }, task.where),
			h("h3", { id: `what:${task.name}` }, task.what),
			h("p", { class: "hint" }, __("Done {0}; shows as added later.", hour(task.done_at))),
			evidence.rows,
			button(__("Add"), add, "main"),
			problem,
		);
	};
})();
