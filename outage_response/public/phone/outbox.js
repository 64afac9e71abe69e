// Sends what was done, once each and in order, whenever the server can be reached; says how each item stands.
(() => {
	const phone = window.OutagePhone;
	const __ = phone.__;
	const ANSWER_WITHIN = 20000; // ms
	const SERVER_ERRORS = 5; // after so many an item no longer holds up the others
	const SENT_SHOWN = 120000; // ms
	let csrf_token = "";
	let sending = false;

	phone.session = "ok"; // or "ended"
	phone.network = true;

	// ------------------------------------------------------------ one request

	// {status, body}; throws when there is no answer
	const ask = async (url, options = {}) => {
		const patience = new AbortController();
		const timer = setTimeout(() => patience.abort(), ANSWER_WITHIN);
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

	const method = (name) => `/api/method/outage_response.api.${name}`;

	// The tasks as they stand now: the new list, or null when nothing changed or nobody answered
	phone.poll = async (seen) => {
		const began = Date.now();
		let answer;
		try {
			answer = await ask(`${method("phone.get_my_tasks")}?seen=${seen || ""}`);
		} catch {
			phone.network = false;
			return null;
		}
		phone.network = answer.status < 500;
		if (answer.status === 401 || answer.status === 403) phone.session = "ended";
		const list = answer.status === 200 && answer.body?.message;
		if (!list) return null;
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

	// Answers whether the server knows of it
	phone.log_out = async () => {
		await phone.poll(); // the token may be that of an older login
		const answer = await ask("/api/method/logout", { method: "POST" }).catch(() => null);
		return answer?.status === 200;
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

	// It happened now, whenever it arrives
	phone.queue = async (verb, task, args = {}, photo = null) => {
		await phone.outbox.add({
			user: phone.user,
			id: new_id(),
			verb,
			task: task.name,
			what: task.what,
			where: task.where,
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
		const { evidence, checks = [], exceptions = [] } = item.args;
		const draft = (name, value) => value && phone.drafts.set(`${item.task}:${name}`, value);
		const unfold = (name) => phone.opened.add(`${name}:${item.task}`);
		const typed = TYPED[item.verb];
		if (typed) draft(typed[0], item.args[typed[1]]);
		draft("evidence", evidence);
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

	// Send what waits, oldest first; stops where the network or the session ends. Answers whether anything was sent.
	phone.flush = async () => {
		if (sending) return false;
		sending = true;
		let any = false;
		try {
			// one window at a time; the request id makes even a second one harmless
			if (navigator.locks) {
				await navigator.locks.request("outage-outbox", { ifAvailable: true }, async (lock) => {
					if (lock) any = await send_all();
				});
			} else any = await send_all();
		} finally {
			sending = false;
		}
		return any;
	};

	const send_all = async () => {
		let any = false;
		for (const item of await phone.outbox.mine()) {
			if (item.state === "sent" && Date.now() - item.sent > SENT_SHOWN) await phone.outbox.remove(item.seq);
			if (item.state !== "waiting") continue;
			const state = await send(item);
			if (state === "later") {
				await phone.outbox.put(item);
				break;
			}
			item.state = state;
			item.sent = Date.now();
			if (state === "sent") item.photo = null;
			await phone.outbox.put(item);
			any = true;
		}
		return any;
	};

	const send = async (item) => {
		let answer;
		try {
			answer = await deliver(item);
		} catch {
			phone.network = false;
			return "later";
		}
		const { status, body } = answer;
		phone.network = ![502, 503, 504].includes(status);
		if (status === 200) return "sent";
		if (status === 400 && body?.exc_type === "CSRFTokenError") {
			await phone.poll(); // a new login has a new token; the next round takes it
			return "later";
		}
		if (status === 401 || status === 403) {
			await phone.poll();
			if (phone.session === "ended" || !phone.network) return "later";
		}
		if (status === 429 || status > 500) return "later";
		if (status === 500 && ++item.errors < SERVER_ERRORS) return "later";
		item.why = reason(status, body);
		return "refused";
	};

	// A photo first, then the verb that names it. Both may be repeated.
	const deliver = async (item) => {
		if (item.photo && !item.args.photo) {
			const form = new FormData();
			form.append("task", item.task);
			form.append("request_id", `${item.id}-photo`);
			form.append("file", item.photo, "photo.jpg");
			const answer = await ask(method("phone.add_photo"), { method: "POST", body: form });
			if (answer.status !== 200) return answer;
			item.args.photo = answer.body.message.photo;
			await phone.outbox.put(item);
		}
		// what is handed over is an outage's, not a task's
		const [verb, about] = item.verb === "hand_over" ? ["paging.hand_over", "incident"] : [`staff.${item.verb}`, "task"];
		return ask(method(verb), {
			method: "POST",
			headers: { "Content-Type": "application/json" },
			body: JSON.stringify({ ...item.args, [about]: item.task, occurred_at: item.at, request_id: item.id }),
		});
	};

	// Why it was refused, in the words of the server
	const reason = (status, body) => {
		try {
			const messages = JSON.parse(body._server_messages).map((text) => JSON.parse(text).message);
			const page = new DOMParser().parseFromString(messages.join(" ").replaceAll("<li>", " • "), "text/html");
			return page.body.textContent.trim();
		} catch {
			return __("the server answered {0}", status);
		}
	};
})();
