// What a phone keeps for one person while the network is away: the outbox and photos in IndexedDB, the last list and
// what is being typed in localStorage. Everything is kept under the person's user id; another person never sees it. When a
// person logs out, another logs in or a shift ends, only what was done and not sent yet is left of it.
window.OutagePhone = { user: document.documentElement.dataset.user };

(() => {
	const phone = window.OutagePhone;
	const texts = JSON.parse(document.getElementById("texts").textContent);
	// A zero is said, like every other number; nothing, an empty text and "no" are not
	phone.is_said = (value) => value != null && value !== "" && value !== false;
	phone.__ = (text, ...values) => (texts[text] || text).replace(/{(\d)}/g, (_, index) => values[index]);

	const CACHE = "outage-phone";
	const memory = { outbox: [], photos: new Map() }; // where the browser has no IndexedDB, or no room in it
	let opened;

	const request = (it) =>
		new Promise((resolve, reject) => {
			it.onsuccess = () => resolve(it.result);
			it.onerror = () => reject(it.error);
		});

	const open = () => {
		opened = opened || openDatabase().catch(() => null);
		return opened;
	};

	const openDatabase = async () => {
		const opening = indexedDB.open("outage-phone", 1);
		opening.onupgradeneeded = () => {
			opening.result.createObjectStore("outbox", { keyPath: "seq", autoIncrement: true });
			opening.result.createObjectStore("photos");
		};
		return request(opening);
	};

	// One request on one store, answered when it is on the disk; null where there is no database. Rejects when it is full.
	const on = async (name, mode, act) => {
		const database = await open();
		if (!database) return null;
		const transaction = database.transaction(name, mode);
		const written = new Promise((resolve, reject) => {
			transaction.oncomplete = resolve;
			transaction.onabort = () => reject(transaction.error);
		});
		const [answer] = await Promise.all([request(act(transaction.objectStore(name))), written]);
		return answer;
	};
	// The same, where the answer is null as well when the disk takes nothing
	const on_disk = (...asked) => on(...asked).catch(() => null);

	// ------------------------------------------------------------ outbox, in the order of what happened

	phone.outbox = {
		async all() {
			const rows = (await on_disk("outbox", "readonly", (store) => store.getAll())) || [];
			const loose = new Set(memory.outbox.map((item) => item.seq));
			return [...rows.filter((item) => !loose.has(item.seq)), ...memory.outbox].sort(
				(one, other) => one.seq - other.seq,
			);
		},
		async mine() {
			return (await this.all()).filter((item) => item.user === phone.user);
		},
		async of_others() {
			return (await this.all()).filter((item) => item.user !== phone.user && item.state !== "sent").length;
		},
		// Resolves when the item is on the phone's disk. Where that takes nothing, it is `loose`: gone when the page is closed
		async add(item) {
			const seq = await on_disk("outbox", "readwrite", (store) => store.add(item));
			if (seq !== null) return;
			const last = (await this.all()).pop()?.seq || 0;
			memory.outbox.push({ ...item, seq: last + 0.001, loose: true });
		},
		async put(item) {
			const known = memory.outbox.some((one) => one.seq === item.seq);
			if (!known && (await on_disk("outbox", "readwrite", (store) => store.put(item))) !== null) return;
			memory.outbox = [...memory.outbox.filter((one) => one.seq !== item.seq), { ...item, loose: true }];
		},
		async remove(seq) {
			await on_disk("outbox", "readwrite", (store) => store.delete(seq));
			memory.outbox = memory.outbox.filter((one) => one.seq !== seq);
		},
	};

	// ------------------------------------------------------------ photos that were taken and not yet sent

	const photo_key = (task) => `${phone.user} ${task}`;
	phone.photos = {
		async get(task) {
			return (await on_disk("photos", "readonly", (store) => store.get(photo_key(task)))) || memory.photos.get(task);
		},
		async set(task, blob) {
			memory.photos.set(task, blob);
			await on_disk("photos", "readwrite", (store) => store.put(blob, photo_key(task)));
		},
		async remove(task) {
			memory.photos.delete(task);
			await on_disk("photos", "readwrite", (store) => store.delete(photo_key(task)));
		},
	};

	// ------------------------------------------------------------ small things

	const read = (key) => {
		try {
			return JSON.parse(localStorage.getItem(`outage:${key}`));
		} catch {
			return null;
		}
	};
	const write = (key, value) => {
		try {
			if (value === null) localStorage.removeItem(`outage:${key}`);
			else localStorage.setItem(`outage:${key}`, JSON.stringify(value));
		} catch {
			// a full or forbidden storage: the page goes on without it
		}
	};

	phone.list = {
		get: () => read(`list:${phone.user}`),
		set: (data) => write(`list:${phone.user}`, data),
	};

	// Is the alarm to be heard on this phone? Stays as it is set, whoever is logged in.
	phone.sound = {
		is_on: () => read("sound") !== "off",
		turn: (on) => write("sound", on ? "on" : "off"),
	};

	// What no longer rings on this phone, because its owner has begun with it
	phone.heard = {
		get: () => new Set(read(`heard:${phone.user}`) || []),
		set: (keys) => write(`heard:${phone.user}`, keys.size ? [...keys] : null),
	};

	phone.drafts = {
		get: (field) => (read(`drafts:${phone.user}`) || {})[field] ?? "",
		set(field, value) {
			const all = read(`drafts:${phone.user}`) || {};
			if (phone.is_said(value)) all[field] = value;
			else delete all[field];
			write(`drafts:${phone.user}`, all);
		},
		forget(task) {
			const all = read(`drafts:${phone.user}`) || {};
			write(
				`drafts:${phone.user}`,
				Object.fromEntries(Object.entries(all).filter(([field]) => !field.startsWith(`${task}:`))),
			);
		},
	};

	// Site time: the server's clock, as last heard, carried on by the phone's. The zone of the phone does not matter.
	const OFFSET = "clock";
	const SLOW_ANSWER = 2000; // ms; a slower answer says too little of what time it is
	phone.clock = {
		now: () => Date.now() + (read(OFFSET) ?? -new Date().getTimezoneOffset() * 60000),
		parse: (text) => Date.parse(`${text.replace(" ", "T").slice(0, 23)}Z`),
		text: (ms) => new Date(ms).toISOString().slice(0, 23).replace("T", " "),
		heard(text, took) {
			if (read(OFFSET) === null || took < SLOW_ANSWER) write(OFFSET, this.parse(text) - Date.now());
		},
	};

	// ------------------------------------------------------------ one person after another on the same phone

	// What was typed, taken or sent goes, but for what `keeps` still names (a task, an outage). What was done and could not be sent
	// stays, with its photo, until its person logs in again; the photo that has been sent goes before it.
	const forget_work = async (whose, keeps = () => false) => {
		for (const key of Object.keys(localStorage)) {
			const [, user] = key.match(/^outage:drafts:(.*)$/) || [];
			if (user === undefined || !whose(user)) continue;
			const left = Object.entries(read(`drafts:${user}`) || {}).filter(([field]) => keeps(field.split(":")[0]));
			write(`drafts:${user}`, left.length ? Object.fromEntries(left) : null);
		}
		const is_left = (key) => !whose(key.slice(0, key.indexOf(" "))) || keeps(key.slice(key.indexOf(" ") + 1));
		for (const key of (await on_disk("photos", "readonly", (store) => store.getAllKeys())) || [])
			if (!is_left(key)) await on_disk("photos", "readwrite", (store) => store.delete(key));
		for (const task of memory.photos.keys()) if (whose(phone.user) && !keeps(task)) memory.photos.delete(task);
		for (const item of await phone.outbox.all()) {
			if (!whose(item.user)) continue;
			if (item.state === "sent") await phone.outbox.remove(item.seq);
			else if (item.photo && item.args.photo) await phone.outbox.put({ ...item, photo: null });
		}
	};

	// What can be shown of the person before goes
	phone.forget_others = async () => {
		const others = Object.keys(localStorage).filter(
			(key) => /^outage:(list|shell|heard|shift):/.test(key) && !key.endsWith(`:${phone.user}`),
		);
		if (others.length) await phone.forget_page();
		others.forEach((key) => localStorage.removeItem(key));
		await forget_work((user) => user !== phone.user);
	};

	// The shift is over: what is not about a task that is still theirs goes. Answers whether it has just ended.
	phone.forget_shift = async (ends, still_theirs) => {
		if (ends) write(`shift:${phone.user}`, ends);
		const known = read(`shift:${phone.user}`);
		if (!known || phone.clock.now() < phone.clock.parse(known)) return false;
		write(`shift:${phone.user}`, null);
		await forget_work(
			(user) => user === phone.user,
			(name) => still_theirs.has(name),
		);
		return true;
	};

	phone.forget_page = async () => {
		write(`shell:${phone.user}`, null);
		if (window.caches) await caches.delete(CACHE);
	};

	phone.forget_me = async () => {
		phone.list.set(null);
		phone.heard.set(new Set());
		write(`shift:${phone.user}`, null);
		await forget_work((user) => user === phone.user);
		await phone.forget_page();
	};

	// Keep the page itself, so that it opens without network. Only where the browser trusts the address (https).
	phone.keep_page = async (version, files) => {
		if (!window.caches || !navigator.serviceWorker) return;
		await navigator.serviceWorker.register("/my-outage-tasks-worker.js", { scope: "/my-outage-tasks" });
		if (read(`shell:${phone.user}`) === version) return;
		const page = await fetch("/my-outage-tasks", { redirect: "error", cache: "no-store" });
		if (!page.ok || !(await page.clone().text()).includes(`data-user="${phone.user}"`)) return;
		await caches.delete(CACHE);
		const cache = await caches.open(CACHE);
		await cache.addAll(files);
		await cache.put("/my-outage-tasks", page);
		write(`shell:${phone.user}`, version);
	};
})();
