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

	const button = (text, act, kind = "") => h("button", { type: "button", class: kind, onclick: act }, text);

	// A field whose content outlives the page
	const field = (task, name, tag, properties, ...children) => {
		const key = `${task.name}:${name}`;
		const element = h(tag, { id: key, ...properties }, children);
		const tick = element.type === "checkbox";
		const kept = phone.drafts.get(key);
		if (tick) element.checked = kept === "1";
		else if (kept) element.value = kept;
		element.addEventListener("input", () => phone.drafts.set(key, tick ? (element.checked ? "1" : "") : element.value));
		return element;
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

	phone.call_link = (who, number) =>
		h("a", { class: "call", href: `tel:${number.replace(/[^\d+*#]/g, "")}` }, `☎ ${who} ${number}`);

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

	phone.card = (task, place) =>
		h(
			"article",
			{ class: `card ${place}${task.life_safety ? " life" : ""}`, "aria-labelledby": `what:${task.name}` },
			h(
				"p",
				{ class: "state" },
				task.life_safety && h("strong", { class: "tag" }, __("Life safety")),
				STATES[task.status] || task.status,
			),
			h("p", { class: "where" }, task.where),
			h(place === "now" ? "h2" : "h3", { id: `what:${task.name}` }, task.what),
			clock(task),
			task.waiting && h("p", { class: "hint" }, __("First: {0}", task.waiting.join(", "))),
			task.read_back && h("p", { class: "hint" }, __("Waiting to be read back by the control room.")),
			task.completes_with && h("p", { class: "hint" }, __("Completes by itself when that is done in Desk.")),
			task.phone && phone.call_link("", task.phone),
			place === "now" && phone.data.phones.slice(0, 1).map(([who, number]) => phone.call_link(who, number)),
			place === "now" ? buttons(task) : fold(`act:${task.name}`, __("What I did"), buttons(task)),
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

		const complete = (outcome, exceptions) => {
			const text = evidence.text.value.trim();
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
					...(checks.length && { checks: checks.map(([word]) => word) }),
					...(exceptions && { exceptions }),
					...(text && { evidence: text }),
					...(asks.later && !given && { evidence_later: true }),
				},
				evidence.photo(),
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
			checks.map(([, box, text]) => ticked(text, box)),
			evidence.rows,
			h(
				"div",
				{ class: "buttons" },
				asks.outcomes
					? asks.outcomes.map(([word, text]) => button(text, () => complete(word), "main"))
					: button(items.length ? __("All normal") : __("Done"), () => complete(), "main"),
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
		return {
			text,
			photo: () => phone.taken.get(task.name) || null,
			rows: [
				evidence && evidence !== "none"
					? labelled(EVIDENCE[evidence] + (later ? ` (${__("may follow later")})` : ""), text)
					: fold(`note:${task.name}`, __("Add a note"), labelled(__("Note"), text)),
				h(
					"label",
					{ class: "button photo", for: file.id },
					phone.taken.has(task.name) ? __("Photo taken. Another one") : __("Take a photo"),
					file,
				),
			],
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
			{ class: "card", "aria-labelledby": `what:${task.name}` },
			h("p", { class: "where" }, task.where),
			h("h3", { id: `what:${task.name}` }, task.what),
			h("p", { class: "hint" }, __("Done {0}; shows as added later.", hour(task.done_at))),
			evidence.rows,
			button(__("Add"), add, "main"),
			problem,
		);
	};
})();
