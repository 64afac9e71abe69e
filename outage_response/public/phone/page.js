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
	const PRIORITIES = [__("Life"), __("Within minutes"), __("While it is dark"), __("Afterwards")];
	const boot = JSON.parse(document.getElementById("boot").textContent);
	const main = document.querySelector("main");
	const status = document.getElementById("status");

	phone.data = null;
	phone.opened = new Set();
	phone.taken = new Map(); // task -> photo not yet sent
	let items = [];
	let others = 0;
	let fresh = true; // what was sent is in the list

	// ------------------------------------------------------------ acting

	const acting = new Set();

	// One touch acts once, however long it takes to write it down
	phone.act = async (verb, task, args = {}, photo = null) => {
		const touch = `${verb} ${task.name}`;
		if (acting.has(touch)) return;
		acting.add(touch);
		try {
			await phone.queue(verb, task, args, photo);
			for (const id of [...phone.opened]) if (id.endsWith(`:${task.name}`)) phone.opened.delete(id);
			fresh = false;
			await show(true);
			window.scrollTo({ top: 0 });
		} finally {
			acting.delete(touch);
		}
		await exchange();
	};

	// The second half of a double tap is not meant for the card that has moved up under the finger. Keys have no place.
	let tapped = { at: -SAME_TOUCH };
	const once = (event) => {
		const { clientX: x, clientY: y, detail, timeStamp: at } = event;
		const again = detail && at - tapped.at < SAME_TOUCH && Math.hypot(x - tapped.x, y - tapped.y) < SAME_PLACE;
		tapped = { at, x, y };
		if (again && event.target.closest("button")) event.stopPropagation();
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

	let shown = "";
	const show = async (anew = false) => {
		items = await phone.outbox.mine();
		others = await phone.outbox.of_others();
		say(status, status_text());
		status.className = !phone.network || phone.session === "ended" ? "away" : "";
		const looks = [
			phone.data?.digest,
			phone.network,
			phone.session,
			others,
			items.map((item) => [item.seq, item.state]),
		];
		if (!phone.data || (!anew && shown === JSON.stringify(looks))) return;
		put_off = !anew && Date.now() < hands_on;
		if (put_off) return;
		shown = JSON.stringify(looks);
		const focus = document.activeElement?.id;
		const marks = [document.activeElement?.selectionStart, document.activeElement?.selectionEnd];
		main.replaceChildren(...[session(), outbox(), ...tasks(), owed(), outages(), phones(), foot()].filter(Boolean));
		const again = focus && document.getElementById(focus);
		if (again) {
			again.focus({ preventScroll: true });
			if (marks[0] != null && again.setSelectionRange) again.setSelectionRange(...marks);
		}
		hands_on = 0; // the focus that was given back is nobody's touch
	};

	// A screen reader hears only what is new
	const say = (element, text) => {
		if (element.textContent !== text) element.textContent = text;
	};

	const status_text = () => {
		const count = waiting().length;
		if (phone.session === "ended") return __("Logged out. Kept on this phone: {0}", count);
		if (count) return phone.network ? __("sending: {0}", count) : __("waiting for network: {0}", count);
		const refused = items.filter((item) => item.state === "refused").length;
		if (refused) return __("refused, see the reason below: {0}", refused);
		if (!phone.network) return __("No network. What you do is kept and sent later.");
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

	const outbox = () => {
		if (!items.length && !others) return null;
		return h(
			"section",
			{ "aria-label": __("On its way") },
			others > 0 && h("p", { class: "hint" }, __("Another person's items wait on this phone: {0}", others)),
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
		add_evidence: __("added later"),
	};
	const outbox_row = (item) =>
		h(
			"li",
			{ class: item.state },
			`${phone.hour(item.at)} ${VERBS[item.verb]}: ${item.what} (${item.where}) — `,
			h("strong", {}, item_state(item)),
			item.state === "refused" &&
				h(
					"div",
					{ class: "buttons" },
					h("button", { type: "button", onclick: () => try_again(item) }, __("Try again")),
					h("button", { type: "button", onclick: () => take_back(item) }, __("Take back")),
				),
		);
	const item_state = (item) => {
		if (item.state === "refused") return __("refused: {0}", item.why);
		if (item.state === "sent") return __("sent");
		return phone.network && phone.session === "ok" ? __("sending") : __("waiting for network");
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

	const tasks = () => {
		const list = ahead(phone.data.tasks);
		const planned = list.filter((task) => task.later);
		const another_day = planned.length > 0 && folded(__("Planned Work"), planned, "planned");
		const [now, ...rest] = list.filter((task) => !task.later);
		if (!now) return [nothing(), another_day];
		const next = rest.splice(0, 2);
		const groups = PRIORITIES.map((title, priority) => [
			title,
			rest.filter((task) => Math.min(task.priority, 3) === priority),
		]);
		return [
			h("section", { "aria-label": __("Now") }, h("p", { class: "label" }, __("Now")), phone.card(now, "now")),
			next.length > 0 &&
				h(
					"section",
					{},
					h("h2", { class: "label" }, __("Next")),
					next.map((task) => phone.card(task, "next")),
				),
			...groups.map(([title, some], priority) => some.length > 0 && folded(title, some, priority)),
			another_day,
		];
	};
	const folded = (title, some, which) =>
		h(
			"details",
			{
				id: `later:${which}`,
				open: phone.opened.has(`later:${which}`),
				ontoggle: ({ target }) => phone.opened[target.open ? "add" : "delete"](target.id),
			},
			h("summary", {}, `${title} (${some.length})`),
			some.map((task) => phone.card(task, "later")),
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
						{},
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
		await show();
		if (again) setTimeout(exchange, 500);
		else if (reached()) send_photos(); // nobody waits for them
	};
	const send_photos = async () => {
		if (await phone.upload()) await exchange();
	};
	const take = async (list) => {
		if (!list) return;
		phone.data = list;
		phone.list.set(list);
	};

	const tick = () =>
		document.querySelectorAll("[data-due]").forEach((element) => {
			say(element, phone.due_text(element.dataset.due));
			element.classList.toggle("late", phone.clock.parse(element.dataset.due) < phone.clock.now());
		});

	const begin = async () => {
		await phone.forget_others();
		phone.data = phone.list.get();
		for (const task of [...(phone.data?.tasks || []), ...(phone.data?.owed || [])]) {
			const photo = await phone.photos.get(task.name);
			if (photo) phone.taken.set(task.name, photo);
		}
		await show();
		await exchange();
		setInterval(tick, 1000);
		setInterval(() => document.visibilityState === "visible" && exchange(), EVERY);
		document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && exchange());
		window.addEventListener("online", exchange);
		if (reached()) await phone.keep_page(boot.version, boot.files).catch(() => null);
	};
	begin();
})();
