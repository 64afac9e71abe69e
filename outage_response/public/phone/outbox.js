// Sends what was done, once each and in order, whenever the server can be reached; says how each item stands.
// Danger goes before all else. Photos have a lane of their own: a slow one holds up its own task and nothing beside it.
(() => {
	const phone = window.OutagePhone;
	const __ = phone.__;
	const ANSWER_WITHIN = 20000; // ms
	const PHOTO_WITHIN = 120000; // ms; 400 kB over the worst of networks
	const SENT_SHOWN = 120000; // ms
	const MAKE_WAY = "danger goes first";
	let csrf_token = "";
	let uploading = null; // the photo under way can be broken off

	phone.session = "ok"; // or "ended"
	phone.network = true;
	phone.server_away = false; // there is a network, and the server behind it takes nothing

	// ------------------------------------------------------------ one request

	// {status, body}; throws when there is no answer
	const ask = async (url, options = {}, within = ANSWER_WITHIN, patience = new AbortController()) => {
		const timer = setTimeout(() => patience.abort(), within);
		try {
			const answer = await fetch(url, {
				credentials: "same-origin",
				cache: "no-store",
				...options,
				signal: patience.signal,
				headers: { Accept: "application/json", "X-Frappe-CSRF-Token": csrf_token, ...options.headers },
			});
			const body = await answer.json().catch(() => null);
			return { status: answer.status, body };
		} finally {
			clearTimeout(timer);
		}
	};

	// What the server itself said, or null: a hotspot, a proxy or a maintenance page answer with status 200 as well
	const said = ({ status, body }) => (status === 200 && typeof body?.message === "object" ? body.message : null);

	const method = (name) => `/api/method/outage_response.api.${name}`;

	// The tasks as they stand now: the new list, or null when nothing changed or nobody answered
	phone.poll = async (seen) => {
		const began = Date.now();
		let answer;
		try {
			answer = await ask(`${method("phone.get_my_tasks")}?seen=${seen || ""}`);
		} catch {
			phone.network = false;
			phone.server_away = false;
			return null;
		}
		const list = said(answer);
		phone.network = answer.status === 200 ? Boolean(list?.user) : answer.status < 500;
		phone.server_away = answer.status >= 500;
		if (answer.status === 401 || answer.status === 403) phone.session = "ended";
		if (!list?.user) return null;
		if (list.user !== phone.user) {
			phone.session = "ended"; // nothing of this person is sent as another
			await phone.forget_me();
			location.reload(); // somebody else logged in
			return null;
		}
		phone.session = "ok";
		csrf_token = list.csrf_token;
		phone.clock.heard(list.now, Date.now() - began);
		return list.digest === seen ? null : list;
	};

	// This is the site and no copy. Answers whether the server has taken it
	phone.confirm_site = async () => {
		const answer = await answered(() => ask(method("paging.confirm_site"), { method: "POST" })).catch(() => null);
		return Boolean(answer && said(answer));
	};

	// Answers whether the server knows of it
	phone.log_out = async () => {
		await phone.poll(); // the token may be that of an older login
		const answer = await ask("/api/method/logout", { method: "POST" }).catch(() => null);
		return answer?.status === 200 && answer.body !== null;
	};

	// ------------------------------------------------------------ queue

	const new_id = () => {
		const bytes = crypto.getRandomValues(new Uint8Array(16)); // randomUUID is for https alone
		return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
	};

	// What a verb takes from a field: [the field's name, the argument's]
	const TYPED = {
		withdraw: ["danger", "danger"],
		hand_over: ["note", "note"],
		relieve: ["relieve", "user"],
		move: ["move", "to"],
	};

	const TRAPPED = "trapped";
	const OUT = /^released/;

	// An outcome as the line of the outbox says it
	const in_words = (task, { outcome, people }) => {
		const [, words] = (task.asks?.outcomes || []).find(([word]) => word === outcome) || [];
		const said = task.said || words;
		return said && phone.is_said(people) ? __("{0}, people: {1}", said, people) : said;
	};

	// What an outcome of a task means, whatever words the plan has for it; one that is none of its own is its meaning
	phone.meaning = ({ asks }, outcome) => {
		const [, , meaning] = (asks?.outcomes || []).find(([word]) => word === outcome) || [];
		return meaning ?? outcome ?? "";
	};

	// Can it turn out that people are inside after all? As `domain/entrapment_rules.corrections` has it.
	phone.may_be_wrong = (task, outcome) =>
		Boolean(task.elevator && outcome && phone.meaning(task, outcome) !== TRAPPED) &&
		task.asks.outcomes.some(([, , meaning]) => meaning === TRAPPED || OUT.test(meaning));

	// It happened now, whenever it arrives
	phone.queue = async (verb, task, args = {}, photo = null) => {
		if (verb === "withdraw") uploading?.abort(MAKE_WAY);
		await phone.outbox.add({
			user: phone.user,
			id: new_id(),
			verb,
			task: task.name,
			what: task.what,
			where: task.where,
			incident: task.incident,
			said: in_words(task, args),
			trapped: verb === "report_trapped" || phone.meaning(task, args.outcome) === TRAPPED,
			elevator: task.elevator,
			may_be_wrong: phone.may_be_wrong(task, args.outcome),
			before: task.before, // the task that waits until this is sent
			args,
			photo,
			at: phone.clock.text(phone.clock.now()),
			state: "waiting",
			errors: 0,
		});
		const typed = TYPED[verb];
		if (typed) phone.drafts.set(`${task.name}:${typed[0]}`, "");
		if (verb !== "complete" && verb !== "add_evidence") return;
		phone.drafts.forget(task.name);
		phone.taken.delete(task.name);
		await phone.photos.remove(task.name);
	};

	// What was typed and ticked goes back to its card
	phone.unqueue = async (item) => {
		const { evidence, people, checks = [], exceptions = [] } = item.args;
		const draft = (name, value) => phone.is_said(value) && phone.drafts.set(`${item.task}:${name}`, value);
		const unfold = (name) => phone.opened.add(`${name}:${item.task}`);
		const typed = TYPED[item.verb];
		const chosen = item.verb === "withdraw" && !phone.is_typed_danger(item.args.danger);
		if (typed && !chosen) draft(typed[0], item.args[typed[1]]);
		draft("evidence", evidence);
		if (item.verb === "complete") draft("people", people);
		checks.forEach((word) => draft(`check:${word}`, "1"));
		for (const { item: key, note, fixed } of exceptions) {
			draft(`item:${key}`, "1");
			draft(`note:${key}`, note);
			draft(`mended:${key}`, fixed && "1");
		}
		if (exceptions.length) unfold("except");
		if (evidence) unfold("note");
		if (item.photo) {
			phone.taken.set(item.task, item.photo);
			await phone.photos.set(item.task, item.photo);
		}
		unfold("act");
		await phone.outbox.remove(item.seq);
	};

	// One window at a time; the request id makes even a second one harmless
	const busy = new Set();
	const alone = async (lane, work) => {
		if (busy.has(lane)) return false;
		busy.add(lane);
		try {
			if (!navigator.locks) return await work();
			return await navigator.locks.request(lane, { ifAvailable: true }, (lock) => (lock ? work() : false));
		} finally {
			busy.delete(lane);
		}
	};

	// Send what waits; stops where the network or the session ends. Answers whether anything was sent.
	phone.flush = () => alone("outage-outbox", send_all);

	// Send the photos that items wait for. Answers whether an item can go on.
	phone.upload = () => alone("outage-photos", send_photos);

	const heavy = (item) => Boolean(item.photo && !item.args.photo);
	const about = (item) => [item.task, item.verb === "move" && item.args.to, item.before].filter(Boolean);

	// Oldest first; but whoever leaves for danger comes before all others, with what they had done on that spot, and people
	// in an elevator before what can wait
	const in_order = (items) => {
		const leaving = items.filter((item) => item.verb === "withdraw");
		const first = (item) =>
			leaving.some((left) => item.seq <= left.seq && !heavy(item) && about(item).includes(left.task));
		const people = (item) => item.verb === "report_trapped" && !first(item);
		return [...items.filter(first), ...items.filter(people), ...items.filter((item) => !first(item) && !people(item))];
	};

	const send_all = async () => {
		const all = await phone.outbox.mine();
		for (const item of all)
			if (item.state === "sent" && Date.now() - item.sent > SENT_SHOWN) await phone.outbox.remove(item.seq);
		const waiting = in_order(all.filter((item) => item.state === "waiting"));
		const held = new Set(); // tasks of which something stays behind: what follows there waits for it
		let any = false;
		let cut = false;
		for (const item of waiting) {
			if (item.state !== "waiting") continue;
			const leaves = item.verb === "withdraw"; // never waits for anything
			const stays = !leaves && (cut || heavy(item) || about(item).some((name) => held.has(name)));
			const state = stays ? "later" : await send(item);
			if (state === "later" || state === "cut") {
				about(item).forEach((name) => held.add(name));
				cut = cut || state === "cut";
				if (!stays) await phone.outbox.put(item);
				continue;
			}
			await settle(item, state);
			any = true;
		}
		return any;
	};

	const settle = async (item, state) => {
		item.state = state;
		item.sent = Date.now();
		if (state === "sent") item.photo = null;
		await phone.outbox.put(item);
	};

	const send_photos = async () => {
		let any = false;
		for (const item of await phone.outbox.mine()) {
			if (item.state !== "waiting" || !heavy(item)) continue;
			uploading = new AbortController();
			const { signal } = uploading;
			const answer = await answered(() => deliver_photo(item)).catch(() => null);
			uploading = null;
			if (signal.reason === MAKE_WAY) break;
			if (!answer) continue; // the next one may be smaller
			const state = await judged(item, answer);
			if (state === "cut") break;
			if (state === "sent") item.args.photo = said(answer).photo;
			if (state === "refused") await settle(item, state);
			else await phone.outbox.put(item);
			any = any || state !== "later";
		}
		return any;
	};

	// "sent", "refused", "later" (this one), or "cut": nothing gets through now
	const send = async (item) => {
		try {
			return await judged(item, await answered(() => deliver(item)));
		} catch {
			phone.network = false;
			phone.server_away = false;
			return "cut";
		}
	};

	const of_another_login = ({ status, body }) => status === 400 && body?.exc_type === "CSRFTokenError";

	// A new login has a new token: it is fetched, and the same asked once more
	const answered = async (request) => {
		const answer = await request();
		if (!of_another_login(answer)) return answer;
		await phone.poll();
		return phone.session === "ok" && phone.network ? request() : answer;
	};

	// Only the app itself refuses: it names the error and says why. Whatever else is answered (a database that is away, a full
	// disk, a proxy's page) is a line that is cut: the item waits, and is sent again
	const judged = async (item, answer) => {
		const { status, body } = answer;
		phone.server_away = [502, 503, 504].includes(status);
		phone.network = status === 200 ? said(answer) !== null : !phone.server_away;
		if (!phone.network || of_another_login(answer)) return "cut";
		if (status === 200) {
			item.late = Boolean(said(answer).late); // it changes nothing that happened since
			return "sent";
		}
		if (status === 401 || status === 403) {
			await phone.poll();
			if (phone.session === "ended" || !phone.network) return "cut";
		}
		if (status === 429) return "cut";
		const why = status < 500 && body?.exc_type && reason(body);
		if (!why) {
			item.errors += 1; // it may be this item's alone: what does not wait for it goes on
			return "later";
		}
		item.why = why;
		return "refused";
	};

	// Both may be repeated: the request id stays
	const deliver_photo = (item) => {
		const form = new FormData();
		form.append("task", item.task);
		form.append("request_id", `${item.id}-photo`);
		form.append("file", item.photo, "photo.jpg");
		return ask(method("phone.add_photo"), { method: "POST", body: form }, PHOTO_WITHIN, uploading);
	};
	// What is not said of a task: [endpoint, the argument that says of what]
	const OF_OTHERS = {
		hand_over: ["paging.hand_over", "incident"],
		report_trapped: ["staff.report_trapped", "incident"],
		note_entrapment: ["staff.note_entrapment", "entrapment"],
	};
	const deliver = (item) => {
		const [verb, about] = OF_OTHERS[item.verb] || [`staff.${item.verb}`, "task"];
		return ask(method(verb), {
			method: "POST",
			headers: { "Content-Type": "application/json" },
			body: JSON.stringify({ ...item.args, [about]: item.task, occurred_at: `phone:${item.at}`, request_id: item.id }),
		});
	};

	// Why it was refused, in the words of the server; "" where it said nothing
	const reason = (body) => {
		try {
			const messages = JSON.parse(body._server_messages).map((text) => JSON.parse(text).message);
			const page = new DOMParser().parseFromString(messages.join(" ").replaceAll("<li>", " • "), "text/html");
			return page.body.textContent.trim();
		} catch {
			return "";
		}
	};
})();
