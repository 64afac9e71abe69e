// The page: what is mine now, what next, the rest; kept fresh while it is looked at, and told of what is on its way.
(() => {
	const phone = window.OutagePhone;
	const { h, __ } = phone;
	const EVERY = 20000; // ms between looks at the server
	const SAME_TOUCH = 400; // ms; a double tap is one touch
	const SAME_PLACE = 30; // px
	const HANDS_ON = 30000; // ms that a redraw waits for what somebody has begun and left
	const SETTLED = 1000; // ms after it, so that nothing moves away under a finger
	const LONGEST_SIDE = 1280; // px
	const LARGEST_PHOTO = 400000; // bytes
	const ALARM_EVERY = 4000; // ms
	const FIRST_PEOPLE = 2; // to be phoned by hand; the others are folded
	const TELL_AFTER = 5; // tries that the server did not take
	const SHAKE = [400, 150, 400, 150, 800]; // ms on, off, …
	const TONES = [988, 740, 988, 740]; // Hz, one after the other
	const TONE = 0.22; // s
	const LIFE = 0;
	const LAST = 3;
	const PRIORITIES = [__("Life"), __("Within minutes"), __("While it is dark"), __("Afterwards")];
	const boot = JSON.parse(document.getElementById("boot").textContent);
	const main = document.querySelector("main");
	const status = document.getElementById("status");
	const alarm = document.getElementById("alarm");
	const sound = document.getElementById("sound");
	const at_all_times = document.getElementById("trapped");

	phone.data = null;
	phone.opened = new Set();
	phone.taken = new Map(); // task -> photo not yet sent
	let items = [];
	let others = 0;
	let fresh = true; // what was sent is in the list

	// ------------------------------------------------------------ acting

	const acting = new Set();

	// One touch acts once, however long it takes to write it down. `before` and `after` are what goes with it, in that order.
	phone.act = async (verb, task, args = {}, photo = null, { before = [], after = [] } = {}) => {
		const touch = [verb, task.name, args.elevator, args.building].join(" ");
		if (acting.has(touch)) return;
		acting.add(touch);
		try {
			for (const one of [...before, [verb, task, args, photo], ...after]) await phone.queue(...one);
			hush(verb, task);
			for (const id of [...phone.opened]) if (id.endsWith(`:${task.name}`)) phone.opened.delete(id);
			fresh = false;
			await show(true);
			window.scrollTo({ top: 0 });
		} finally {
			acting.delete(touch);
		}
		await exchange();
	};

	// The second half of a double tap is not meant for the button that has come to be under the finger meanwhile. The same
	// button twice is meant: one counts up fast, and presses again at once when told what is missing. Keys have no place.
	let tapped = { at: -SAME_TOUCH };
	const once = (event) => {
		const { clientX: x, clientY: y, detail, timeStamp: at, target } = event;
		const button = target.closest("button");
		const again = detail && at - tapped.at < SAME_TOUCH && Math.hypot(x - tapped.x, y - tapped.y) < SAME_PLACE;
		if (again && button && button !== tapped.button) event.stopPropagation();
		tapped = { at, x, y, button };
	};
	document.addEventListener("click", once, true);

	phone.take_photo = async (task, file) => {
		const blob = file && (await smaller(file).catch(() => null));
		if (!blob) {
			alert(__("This picture cannot be used. Take the photo once more."));
			return;
		}
		phone.taken.set(task.name, blob);
		await phone.photos.set(task.name, blob);
		await show(true);
	};

	// A photo of some hundred kilobytes says as much and gets through; where it was taken is not in it any more
	const smaller = async (file) => {
		const picture = await createImageBitmap(file);
		for (let side = LONGEST_SIDE; side > 200; side *= 0.75) {
			const scale = Math.min(1, side / Math.max(picture.width, picture.height));
			const canvas = h("canvas", {
				width: Math.round(picture.width * scale),
				height: Math.round(picture.height * scale),
			});
			canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
			const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.7));
			if (blob && blob.size < LARGEST_PHOTO) return blob;
		}
		return null;
	};

	// ------------------------------------------------------------ with what is on its way

	const waiting = () => items.filter((item) => item.state === "waiting");
	const AFTER = {
		acknowledge: () => ({ status: "Acknowledged" }),
		arrive: (task, item) => ({ status: task.held ? "On Post" : "In Progress", since: item.at }),
		withdraw: () => ({ status: "Open", shared: true }),
	};

	// The list as it will be when everything has arrived
	const ahead = (tasks) =>
		tasks
			.map((task) => {
				let seen = task;
				for (const item of items) {
					if (item.state === "refused" || (item.state === "sent" && fresh)) continue;
					if (item.verb === "move" && item.args.to === task.name) seen = { ...seen, status: "On Post", since: item.at };
					if (item.verb === "hand_over" && item.task === task.incident && seen?.status !== "On Post" && !task.held)
						seen = null;
					if (item.task !== task.name || !seen) continue;
					seen = AFTER[item.verb] ? { ...seen, ...AFTER[item.verb](seen, item) } : null;
				}
				return seen;
			})
			.filter(Boolean);

	// ------------------------------------------------------------ showing

	// A redraw ends what an input method is composing, and shuts a list of choices: it waits for both
	let hands_on = 0; // until this moment
	let put_off = false;
	const begun = (event) => {
		const composing = event.type.startsWith("composition");
		if (composing || event.target.closest("select")) hands_on = Date.now() + HANDS_ON;
	};
	const ended = () => {
		hands_on = 0;
		if (put_off) setTimeout(() => show(), SETTLED);
	};
	["compositionstart", "compositionupdate", "pointerdown", "keydown", "focusin"].forEach((kind) =>
		main.addEventListener(kind, begun),
	);
	["compositionend", "change", "focusout"].forEach((kind) => main.addEventListener(kind, ended));

	// Nothing moves under a finger: what it was put down on is what it touches
	let pressed = false;
	let lifted;
	const pressing = () => {
		clearTimeout(lifted);
		pressed = true;
	};
	const released = () => {
		lifted = setTimeout(() => {
			pressed = false;
			show();
		}, SETTLED);
	};
	document.addEventListener("pointerdown", pressing, true);
	["pointerup", "pointercancel"].forEach((kind) => document.addEventListener(kind, released, true));

	let shown = "";
	const show = async (anew = false) => {
		items = await phone.outbox.mine();
		others = await phone.outbox.of_others();
		if (pressed && !anew) return;
		look_out();
		say(status, status_text());
		status.className = !phone.network || phone.session === "ended" ? "away" : "";
		const looks = [
			phone.data?.digest,
			phone.network,
			phone.server_away,
			phone.session,
			others,
			items.map((item) => [item.seq, item.state, item.errors]),
		];
		if (!phone.data || (!anew && shown === JSON.stringify(looks))) return;
		put_off = !anew && Date.now() < hands_on;
		if (put_off) return;
		shown = JSON.stringify(looks);
		const focus = document.activeElement?.id;
		const marks = [document.activeElement?.selectionStart, document.activeElement?.selectionEnd];
		const parts = [silence(), session(), outbox(), ...tasks(), said(), owed(), outages(), phones(), foot()].filter(
			Boolean,
		);
		main.replaceChildren(...[...parts, lost(parts)].filter(Boolean));
		at_all_times.hidden = !Object.keys(phone.data.elevators || {}).length;
		const again = focus && document.getElementById(focus);
		if (again) {
			again.focus({ preventScroll: true });
			if (marks[0] != null && again.setSelectionRange) again.setSelectionRange(...marks);
		}
		hands_on = 0; // the focus that was given back is nobody's touch
	};

	// Whatever the lists hold is on the page, if need be here: what somebody has to do is never lost to a mistake in a script
	const lost = (parts) => {
		const drawn = new Set(
			parts.flatMap((part) => [...part.querySelectorAll("[data-row]")].map((it) => it.dataset.row)),
		);
		const given = [
			...ahead(phone.data.tasks).map((task) => ["task", task.name, task]),
			...ahead(phone.data.owed).map((task) => ["owed", task.name, task]),
			...said_rows().map((row) => ["said", row.name, row]),
			...Object.keys(phone.data.incidents).map((name) => ["outage", name, { what: name }]),
			...items.map((item) => ["item", item.seq, item]),
		].filter(([kind, name]) => !drawn.has(`${kind} ${name}`));
		if (!given.length) return null;
		console.error("not drawn:", given.map(([kind, name]) => `${kind} ${name}`).join());
		return h(
			"section",
			{},
			h("h2", { class: "label" }, __("More")),
			given.map(([kind, name, row]) =>
				kind === "task" && row.asks
					? phone.card(row, "next")
					: h("p", { "data-row": `${kind} ${name}` }, `${row.where || ""} ${row.what}`),
			),
		);
	};

	// A screen reader hears only what is new
	const say = (element, text) => {
		if (element.textContent !== text) element.textContent = text;
	};

	const status_text = () => {
		const count = waiting().length;
		if (phone.session === "ended") return __("Logged out. Kept on this phone: {0}", count);
		if (count && phone.network) return __("sending: {0}", count);
		if (count)
			return phone.server_away ? __("waiting for the server: {0}", count) : __("waiting for network: {0}", count);
		const refused = items.filter((item) => item.state === "refused").length;
		if (refused) return __("refused, see the reason below: {0}", refused);
		if (!phone.network)
			return phone.server_away
				? __("The server takes nothing just now. What you do is kept and sent later.")
				: __("No network. What you do is kept and sent later.");
		return phone.data ? __("up to date") : __("loading…");
	};

	const session = () =>
		phone.session === "ended" &&
		h(
			"section",
			{ class: "notice" },
			h("p", {}, __("Your login has ended. What you did is kept, and sent when you have logged in.")),
			h("a", { class: "button", href: "/login?redirect-to=/my-outage-tasks" }, __("Log in")),
		);

	// Nobody is rung: since when, whom to phone by hand, and the one button where the site does not know itself
	const silence = () => {
		const { lines = [], people = [], may_confirm } = phone.data.alarm || {};
		if (!lines.length) return null;
		const confirm_site = async ({ target }) => {
			target.disabled = true;
			if (!(await phone.confirm_site())) alert(__("This needs network. Try again."));
			await exchange();
		};
		return h(
			"section",
			{ class: "silence", role: "alert" },
			lines.map((line, place) => h(place ? "p" : "h2", {}, line)),
			may_confirm &&
				h(
					"button",
					{ type: "button", class: "alarm", id: "confirm-site", onclick: confirm_site },
					__("This is the site: ring and mail again"),
				),
			people.length > 0 && h("p", {}, __("Phone by hand:")),
			people.slice(0, FIRST_PEOPLE).map(to_phone),
			people.length > FIRST_PEOPLE &&
				h(
					"details",
					{
						id: "silence:more",
						open: phone.opened.has("silence:more"),
						ontoggle: ({ target }) => phone.opened[target.open ? "add" : "delete"](target.id),
					},
					h("summary", {}, __("and {0} more", people.length - FIRST_PEOPLE)),
					people.slice(FIRST_PEOPLE).map(to_phone),
				),
		);
	};
	const to_phone = ({ name, phone: number, what, where }) =>
		h(
			"div",
			{},
			number ? phone.call_link(name, number) : h("p", {}, `${name}: ${__("no number on record")}`),
			h("p", { class: "hint" }, where ? `${where} · ${short(what)}` : short(what)),
		);

	const outbox = () => {
		if (!items.length && !others) return null;
		return h(
			"section",
			{ "aria-label": __("On its way") },
			others > 0 &&
				h(
					"p",
					{ class: "hint" },
					others === 1 ? __("An act of another person waits") : __("{0} acts of another person wait", others),
				),
			items.some((item) => item.loose && item.state === "waiting") &&
				h("p", { class: "why" }, __("This phone cannot store it. Leave this page open until it is sent.")),
			h("ul", { class: "outbox" }, items.map(outbox_row)),
		);
	};

	const VERBS = {
		acknowledge: __("mine"),
		arrive: __("there"),
		complete: __("done"),
		relieve: __("relieved"),
		move: __("moved"),
		withdraw: __("danger"),
		hand_over: __("handed over"),
		note_entrapment: __("counted"),
		add_evidence: __("added later"),
	};
	const outbox_row = (item) =>
		h(
			"li",
			{ class: item.trapped ? `${item.state} trapped` : item.state, "data-row": `item ${item.seq}` },
			`${phone.hour(item.at)} `,
			h("span", { class: "said" }, item_text(item)),
			" — ",
			h("strong", {}, item_state(item)),
			item.state === "refused" &&
				h(
					"div",
					{ class: "buttons" },
					h("button", { type: "button", onclick: () => try_again(item) }, __("Try again")),
					h("button", { type: "button", onclick: () => take_back(item) }, __("Take back")),
				),
		);
	// Which outcome it was: "done" alone would not tell an empty elevator from one with people in it
	const item_text = ({ verb, what, where, said }) =>
		said
			? __("{0}: {1} ({2})", verb === "report_trapped" ? what : short(what), said, where)
			: __("{0}: {1} ({2})", VERBS[verb] || verb, what, where);
	// Of a step's title what stands before its explanation
	const short = (what) => what.split(/[:：(（?？;；]/)[0].trim();
	const item_state = (item) => {
		if (item.state === "refused") return __("refused: {0}", item.why);
		if (item.state === "sent") return item.late ? __("kept as a late note") : __("sent");
		if (item.errors >= TELL_AFTER)
			return __("kept; the server has not taken it yet (tries: {0}). Say it by radio or phone as well.", item.errors);
		if (phone.network && phone.session === "ok") return __("sending");
		return phone.server_away ? __("waiting for the server") : __("waiting for network");
	};

	const try_again = async (item) => {
		await phone.outbox.put({ ...item, state: "waiting", errors: 0 });
		await show(); // what is on its way cannot be taken back meanwhile
		await exchange();
	};
	const take_back = async (item) => {
		await phone.unqueue(item);
		await show(true);
	};

	// A task that does not say how urgent it is counts as one of life: shown too high it costs a look, shown nowhere a life
	const rank = ({ priority }) =>
		Number.isFinite(priority) ? Math.min(Math.max(Math.trunc(priority), LIFE), LAST) : LIFE;

	// What there is to know of a car is said by its first card; those that follow it do not say it again
	const cards = () => {
		const known = new Set();
		return (task, place) => {
			const car = `${task.incident} ${task.where}`;
			const again = known.has(car);
			if (task.inside) known.add(car);
			return phone.card(task, place, !again);
		};
	};

	const tasks = () => {
		const list = ahead(phone.data.tasks);
		const card = cards();
		const planned = list.filter((task) => task.later);
		const another_day = planned.length > 0 && folded(__("Planned Work"), planned, "planned", card);
		const today = list.filter((task) => !task.later);
		// whoever stands on a post stays there: nothing but life is held before their eyes
		const standing = today.find((task) => task.status === "On Post");
		if (standing && rank(today[0]) !== LIFE) today.unshift(...today.splice(today.indexOf(standing), 1));
		const [now, ...rest] = today;
		if (!now) return [nothing(), another_day];
		const next = rest.splice(0, standing ? 0 : 2);
		const groups = PRIORITIES.map((title, priority) => [title, rest.filter((task) => rank(task) === priority)]);
		return [
			h("section", { "aria-label": __("Now") }, h("p", { class: "label" }, __("Now")), card(now, "now")),
			next.length > 0 && open_group(__("Next"), next, "", card),
			...groups.map(
				([title, some], priority) =>
					some.length > 0 &&
					(priority === LIFE
						? open_group(`${title} (${some.length})`, some, "life-group", card)
						: folded(title, some, priority, card)),
			),
			another_day,
		];
	};
	const open_group = (title, some, kind, card) =>
		h(
			"section",
			{ class: kind },
			h("h2", { class: "label" }, title),
			some.map((task) => card(task, "next")),
		);
	const folded = (title, some, which, card) =>
		h(
			"details",
			{
				id: `later:${which}`,
				open: phone.opened.has(`later:${which}`),
				ontoggle: ({ target }) => phone.opened[target.open ? "add" : "delete"](target.id),
			},
			h("summary", {}, `${title} (${some.length})`),
			some.map((task) => card(task, "later")),
		);

	const nothing = () =>
		h(
			"section",
			{ class: "nothing" },
			h("h2", {}, __("Nothing for you now")),
			phone.data.command_centre &&
				h(
					"p",
					{},
					__("The whole outage is run from the command centre."),
					" ",
					h("a", { class: "button", href: phone.data.command_centre }, __("Command centre")),
				),
		);

	const owed = () => {
		const list = ahead(phone.data.owed);
		return (
			list.length > 0 &&
			h("section", {}, h("h2", { class: "label" }, __("To be added later")), list.map(phone.owed_card))
		);
	};

	// ------------------------------------------------------------ people in elevators

	// What I said of elevators, with what is still on its way
	const said_rows = () => {
		const rows = phone.data.said || [];
		const under_way = items.filter((item) => item.state === "waiting" || (item.state === "sent" && !fresh));
		const corrected = new Set(under_way.filter((item) => item.verb === "correct_outcome").map((item) => item.task));
		const known = new Set(rows.map((row) => row.name));
		const own = under_way
			.filter((item) => item.verb === "complete" && item.elevator && item.said && !known.has(item.task))
			.map((item) => ({ ...item, name: item.task, trapped: item.may_be_wrong }));
		return [...own.reverse(), ...rows].map((row) =>
			corrected.has(row.name) ? { ...row, trapped: false, said: __("People are inside after all") } : row,
		);
	};

	// "Empty" was wrong: one touch says so, asks for nothing and takes nothing back
	const said = () => {
		const rows = said_rows();
		if (!rows.length) return null;
		const inside = __("People are inside after all");
		const correct = ({ name, what, where, incident }) =>
			phone.act("correct_outcome", { name, what, where, incident, said: inside }, { outcome: "trapped" });
		return h(
			"section",
			{ "aria-labelledby": "what-i-said" },
			h("h2", { class: "label", id: "what-i-said" }, __("What I said")),
			h(
				"ul",
				{ class: "said-rows" },
				rows.map((row) =>
					h(
						"li",
						{ "data-row": `said ${row.name}` },
						h("span", {}, `${phone.hour(row.at)} ${__("{0}: {1} ({2})", short(row.what), row.said, row.where)}`),
						row.trapped && phone.alarm_button(inside, () => correct(row)),
					),
				),
			),
		);
	};

	const numbered = new Intl.Collator(document.documentElement.lang, { numeric: true });
	// [building, [[name, label], …]] of an outage, as people count them
	const by_building = (rows) => {
		const found = new Map();
		for (const [name, label, building] of rows) found.set(building, [...(found.get(building) || []), [name, label]]);
		return [...found].sort(([one], [other]) => numbered.compare(one, other));
	};

	// Its button stands at the foot of the screen while an outage runs, whatever else is shown: somebody bangs on a door
	const which_elevator = () => {
		const people = phone.stepper({ text: __("People inside"), none: __("not counted") });
		const dialog = h("dialog", { class: "trapped-dialog", "aria-labelledby": "which", onclose: () => dialog.remove() });
		const report = (name, what, args) => async () => {
			dialog.close();
			const { property } = phone.data.incidents[name] || {};
			const about = { name, what, where: property || name, said: __("People trapped") };
			const count = people.value();
			await phone.act("report_trapped", about, { ...args, ...(count !== null && { people: count }) });
		};
		const choices = ([name, rows]) => {
			const { headline, property, drill } = phone.data.incidents[name] || {};
			const several = Object.keys(phone.data.elevators).length > 1;
			return [
				(several || drill) &&
					h(
						"p",
						{ class: "about" },
						drill && h("strong", { class: "drill" }, __("DRILL")),
						`${headline || ""} · ${property || ""} · ${name}`,
					),
				by_building(rows).map(([building, some]) => [
					h("h3", {}, building || property || name),
					h(
						"div",
						{ class: "chips" },
						some.map(([elevator, label]) =>
							h("button", { type: "button", class: "chip", onclick: report(name, label, { elevator }) }, label),
						),
						some.length > 1 &&
							h(
								"button",
								{
									type: "button",
									class: "chip unsure",
									onclick: report(name, __("Not sure which: {0}", building || property || name), { building }),
								},
								__("Not sure which: {0}", building || property || name),
							),
					),
				]),
			];
		};
		dialog.append(
			h("h2", { id: "which", tabindex: -1 }, __("People trapped: which elevator?")),
			h("p", { class: "hint" }, __("One touch on the elevator sends it at once. The number may be left out.")),
			people.row,
			...Object.entries(phone.data.elevators).flatMap(choices).flat(Infinity).filter(Boolean),
			h("button", { type: "button", onclick: () => dialog.close() }, __("Close without sending")),
		);
		document.body.append(dialog);
		dialog.showModal();
		dialog.querySelector("h2").focus();
	};

	// ------------------------------------------------------------ alarm

	let ringing = []; // what it rings for, in words
	let rung_at = 0;
	let rung = 0;
	let voice = null; // browsers are silent until somebody has touched the page

	// What nobody has taken yet: each elevator with people in it, and life-safety tasks that are new on this phone
	const to_ring_for = () => {
		const list = ahead(phone.data?.tasks || []).filter(
			(task) => !task.later && !task.waiting && !task.completes_with && !task.read_back && rank(task) === LIFE,
		);
		const heard = phone.heard.get();
		const known = (phone.data?.tasks || []).flatMap((task) => [task.name, car_of(task)]);
		const kept = new Set([...heard].filter((key) => known.includes(key)));
		if (phone.data && kept.size !== heard.size) phone.heard.set(kept);
		const cars = new Map();
		for (const task of list.filter((one) => one.inside?.certain))
			cars.set(car_of(task), [...(cars.get(car_of(task)) || []), task]);
		const people = [...cars]
			.filter(([key, some]) => !kept.has(key) && nobody_at(some))
			.map(([, [task]]) => __("Nobody has taken it: {0}", phone.inside_text({ label: task.where, ...task.inside })));
		const life = list.filter((task) => !task.inside?.certain && task.status === "Open" && !kept.has(task.name));
		return [...people, ...life.slice(0, 1).map(() => __("New life-safety tasks: {0}", life.length))];
	};
	const car_of = (task) => `${task.incident} ${task.where} ${task.inside?.since || ""}`;
	// The check of a car says nothing of its rescue
	const nobody_at = (some) => {
		const rescue = some.filter((task) => task.part);
		return (rescue.length ? rescue : some).every((task) => task.status === "Open");
	};

	// Whoever does something for life has seen what else there is of it; whoever frees people is at it
	const hush = (verb, task) => {
		const mine = (phone.data?.tasks || []).find((one) => one.name === task.name);
		if (!mine || rank(mine) !== LIFE) return;
		const heard = phone.heard.get();
		if (verb === "withdraw") heard.delete(car_of(mine));
		else {
			for (const one of phone.data.tasks)
				if (one.incident === mine.incident && rank(one) === LIFE && !one.inside?.certain) heard.add(one.name);
			if (mine.inside?.certain && mine.part && verb === "complete") heard.add(car_of(mine));
		}
		phone.heard.set(heard);
	};

	const look_out = () => {
		ringing = to_ring_for();
		document.body.dataset.alarms = ringing.length;
		const deaf = ringing.length > 0 && !voice && phone.sound.is_on();
		const first = ringing.slice(0, 1);
		const more = ringing.length > 1 && __("and {0} more", ringing.length - 1);
		say(alarm, [...first, more, deaf && __("Touch the screen once to hear the alarm.")].filter(Boolean).join(" · "));
		alarm.hidden = !ringing.length;
		ring();
	};

	const ring = () => {
		if (!ringing.length || Date.now() - rung_at < ALARM_EVERY) return;
		rung_at = Date.now();
		document.body.dataset.rung = ++rung;
		if (navigator.userActivation?.hasBeenActive !== false) navigator.vibrate?.(SHAKE);
		if (phone.sound.is_on()) play();
	};

	const play = () => {
		if (!voice) return;
		voice.resume();
		TONES.forEach((frequency, place) => {
			const tone = voice.createOscillator();
			const loudness = voice.createGain();
			const begins = voice.currentTime + place * TONE;
			tone.type = "square";
			tone.frequency.value = frequency;
			loudness.gain.value = 0.4;
			tone.connect(loudness).connect(voice.destination);
			tone.start(begins);
			tone.stop(begins + TONE * 0.9);
		});
	};

	const unlock = () => {
		const Voice = window.AudioContext || window.webkitAudioContext;
		if (voice || !Voice) return;
		voice = new Voice();
		rung_at = 0; // what rings is heard now
		ring();
		setTimeout(show, SETTLED);
	};
	["pointerdown", "keydown"].forEach((kind) => document.addEventListener(kind, unlock, true));

	const show_sound = () => {
		sound.textContent = phone.sound.is_on() ? __("Sound is on") : __("Sound is off");
		sound.setAttribute("aria-pressed", String(phone.sound.is_on()));
		sound.hidden = false;
	};
	sound.addEventListener("click", () => {
		phone.sound.turn(!phone.sound.is_on());
		show_sound();
		look_out();
		if (phone.sound.is_on()) play();
	});

	// ------------------------------------------------------------ the rest

	// Have we been stood down?
	const outages = () => {
		const rows = Object.entries(phone.data.incidents);
		if (!rows.length) return h("p", { class: "hint" }, __("No outage is running."));
		return h(
			"section",
			{},
			h("h2", { class: "label" }, __("Outages")),
			h(
				"ul",
				{ class: "outages" },
				rows.map(([name, incident]) =>
					h(
						"li",
						{ "data-row": `outage ${name}` },
						incident.drill ? `${__("DRILL")}: ` : "",
						`${incident.property} · ${incident.headline} · ${name}`,
						h("br"),
						h(
							"strong",
							{},
							incident.stood_down
								? __("Stood down at {0}: posts are released", phone.hour(incident.stood_down))
								: __("Not stood down yet"),
						),
						phone.hand_over(name, incident, ahead(phone.data.tasks)),
					),
				),
			),
		);
	};

	const phones = () =>
		phone.data.phones.length > 0 &&
		h(
			"section",
			{},
			h("h2", { class: "label" }, __("Phone")),
			phone.data.phones.map(([who, number]) => phone.call_link(who, number)),
		);

	const foot = () =>
		h(
			"footer",
			{},
			h("p", {}, phone.data.full_name),
			phone.data.command_centre && h("a", { href: phone.data.command_centre }, __("Command centre")),
			h("a", { href: "/app" }, __("Desk")),
			h("button", { type: "button", class: "plain", onclick: log_out }, __("Log out")),
		);

	const log_out = async () => {
		const count = waiting().length;
		if (count && !confirm(__("{0} not sent yet: kept on this phone until you log in again. Log out?", count))) return;
		if (!(await phone.log_out())) return alert(__("Logging out needs network. Try again."));
		phone.taken.clear();
		await phone.forget_me();
		location.href = "/login?redirect-to=/my-outage-tasks";
	};

	// ------------------------------------------------------------ beating

	let exchanging = false;
	let again = false; // tapped while a round is under way
	const reached = () => phone.network && phone.session === "ok";
	const exchange = async () => {
		if (exchanging) {
			again = true;
			return;
		}
		exchanging = true;
		again = false;
		try {
			let list = await phone.poll(phone.data?.digest);
			await take(list);
			if (reached() && (await phone.flush())) {
				list = await phone.poll(phone.data?.digest);
				await take(list);
			}
			if (reached()) fresh = true;
		} finally {
			exchanging = false;
		}
		await end_shift();
		await show();
		if (again) setTimeout(exchange, 500);
		else if (reached()) send_photos(); // nobody waits for them
	};
	const send_photos = async () => {
		if (await phone.upload()) await exchange();
	};
	const end_shift = async () => {
		const names = ({ name }) => name;
		const { shift_ends, tasks = [], owed = [], incidents = {} } = phone.data || {};
		const theirs = new Set(
			tasks.length ? [...tasks, ...owed].map(names).concat(Object.keys(incidents)) : owed.map(names),
		);
		if (!(await phone.forget_shift(shift_ends, theirs))) return;
		for (const name of phone.taken.keys()) if (!theirs.has(name)) phone.taken.delete(name);
	};
	const take = async (list) => {
		if (!list) return;
		phone.data = list;
		phone.list.set(list);
	};

	const tick = () => {
		document.querySelectorAll("[data-due]").forEach((element) => {
			say(element, phone.due_text(element.dataset.due));
			element.classList.toggle("late", phone.clock.parse(element.dataset.due) < phone.clock.now());
		});
		document.querySelectorAll(".inside").forEach((element) => phone.say_inside(element, element.dataset));
		look_out();
	};

	const begin = async () => {
		show_sound();
		at_all_times.append(phone.alarm_button(__("People trapped"), () => which_elevator(), "asks"));
		at_all_times.hidden = true;
		await phone.forget_others();
		phone.data = phone.list.get();
		for (const task of [...(phone.data?.tasks || []), ...(phone.data?.owed || [])]) {
			const photo = await phone.photos.get(task.name);
			if (photo) phone.taken.set(task.name, photo);
		}
		await show();
		await exchange();
		setInterval(tick, 1000);
		// in a pocket it asks on while it rings: somebody else may have taken it
		setInterval(() => (document.visibilityState === "visible" || ringing.length > 0) && exchange(), EVERY);
		document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && exchange());
		window.addEventListener("online", exchange);
		if (reached()) await phone.keep_page(boot.version, boot.files).catch(() => null);
	};
	begin();
})();
