// Asking the server: what screens show, verbs, and how a refusal reads. No rule of the procedure lives here.
// By fetch: frappe.call opens messages of its own over ours, and does not tell a lost connection from a refusal.
frappe.provide("outage_response");

// verb -> module, other than api/staff.py
const NOT_OF_STAFF = {
	hand_over: "paging",
	acknowledge_for: "paging",
	declare_seen: "command",
	take_over_plan: "plans",
	put_plan_in_force: "plans",
	confirm_site: "paging",
};
const WITHOUT_REQUEST_ID = [
	"read_care_needs",
	"set_care_need",
	"dismiss_proposal",
	"take_over_plan",
	"put_plan_in_force",
	"take_call",
	"confirm_site",
];
const REPEATED_WITHIN = 10 * 60000; // ms; the same asked later is meant anew
const unanswered = new Map(); // what was asked -> {id, at}

/**
 * `text` to be read to a person, `blocking`: the open steps of a gate, `offline`: nobody answered, `overlap`: a part of what is to
 * be declared is running already, {running: [{incident, nodes}]}, what may be extended in place of it.
 */
class Refusal extends Error {
	constructor(text, { blocking = [], offline = false, overlap = null } = {}) {
		super(text);
		Object.assign(this, { text, blocking, offline, overlap });
	}
}

async function ask_server(method, query, options) {
	const headers = { Accept: "application/json", "Content-Type": "application/json" };
	if (frappe.csrf_token) headers["X-Frappe-CSRF-Token"] = frappe.csrf_token;
	const url = `/api/method/${method}${query}`;
	let response, answer;
	try {
		response = await fetch(url, { ...options, headers, credentials: "same-origin", cache: "no-store" });
		answer = response.ok ? await response.json() : await response.json().catch(() => null);
	} catch {
		throw new Refusal(__("No answer from the server. Press again: nothing is done twice."), { offline: true });
	}
	if (answer?.session_expired) frappe.app.handle_session_expired();
	if (response.ok) return answer.message;
	throw new Refusal((answer && sentences(answer)) || no_refusal(response.status, answer), {
		blocking: answer?.blocking,
		overlap: answer?.may_declare_all_the_same ? { running: answer.overlapping || [] } : null,
	});
}

/** What is the matter where the app itself said nothing; `answer` is null where no JSON came. */
function no_refusal(status, answer) {
	if (status >= 502 && status <= 504)
		return __("The server takes nothing just now ({0}). Wait some seconds and press again: nothing is done twice.", [
			status,
		]);
	if (status >= 500)
		return __(
			"The server has failed ({0}), perhaps without its database. Press again: nothing is done twice. If it goes on, tell your administrator and go on by phone.",
			[status],
		);
	if (!answer)
		return __("Something between you and the server answered in its place ({0}). Check the network and press again.", [
			status,
		]);
	return __("The server could not do this. Press again or tell your administrator.");
}

/** What Frappe's messages say, as plain text; the steps of a gate come in `blocking` and are not said twice. */
function sentences(answer) {
	const messages = JSON.parse(answer._server_messages || "[]").map((one) => {
		const page = new DOMParser().parseFromString(JSON.parse(one).message || "", "text/html");
		if (answer.blocking) page.querySelectorAll("ul").forEach((list) => list.remove());
		page.querySelectorAll("br, p, li").forEach((element) => element.before(" "));
		return page.body.textContent.replace(/\s+/g, " ").trim();
	});
	return messages.filter(Boolean).join(" ");
}

/** A word of the client's own for one request. (randomUUID exists on https pages only.) */
function new_id() {
	const bytes = crypto.getRandomValues(new Uint8Array(16));
	return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The same click repeated after a lost answer is the same request, so that it counts once. */
function request_id(key) {
	const known = unanswered.get(key);
	if (known && Date.now() - known.at < REPEATED_WITHIN) return known.id;
	const id = new_id();
	unanswered.set(key, { id, at: Date.now() });
	return id;
}

Object.assign(outage_response, {
	/** GET `module.function` of api/. Rejects with a Refusal. */
	read(method, args = {}) {
		return ask_server(`outage_response.api.${method}`, `?${new URLSearchParams(args)}`, { method: "GET" });
	},

	/** Documents that this person may list. Rejects with a Refusal, where the promise of frappe.db.get_list never ends. */
	list(doctype, { filters, fields = ["name"], order_by = "name", limit = 20 }) {
		const asked = { doctype, order_by, limit_page_length: limit };
		for (const [name, value] of Object.entries({ filters, fields })) asked[name] = JSON.stringify(value);
		return ask_server("frappe.client.get_list", `?${new URLSearchParams(asked)}`, { method: "GET" });
	},

	/**
	 * Of readings that overlap, an old answer never takes the place of a newer one. Begins a reading for `owner`; the function
	 * answered is called when the answer is there, and says whether it is still of use.
	 */
	begin_reading(owner) {
		const mine = (owner.readings_begun = (owner.readings_begun || 0) + 1);
		return () => {
			if (mine < (owner.reading_shown || 0)) return false;
			owner.reading_shown = mine;
			return true;
		};
	},

	/** One incident as its screen shows it (api/screens.py get_incident). */
	load(incident) {
		return this.read("screens.get_incident", { incident });
	},

	/** POST a verb with a request id; shows the warnings of the answer. Rejects with a Refusal. */
	async post(verb, args) {
		const key = JSON.stringify([verb, args]);
		const given = WITHOUT_REQUEST_ID.includes(verb) ? args : { ...args, request_id: request_id(key) };
		const method = `outage_response.api.${NOT_OF_STAFF[verb] || "staff"}.${verb}`;
		const answer = await ask_server(method, "", { method: "POST", body: JSON.stringify(given) });
		unanswered.delete(key);
		for (const warning of answer?.warnings || [])
			frappe.show_alert({ message: this.escape(warning), indicator: "orange" }, 12);
		return answer;
	},

	/** The screen itself says no, before the server is asked; read to a person like a refusal of the server's. */
	refuse(text) {
		throw new Refusal(text);
	},

	// ---------------------------------------------------------------- a refusal; what is none is thrown on

	/** As HTML: the sentence, then what is open and with whom. */
	refusal_html(refusal) {
		if (!(refusal instanceof Refusal)) throw refusal;
		return `<p>${this.escape(refusal.text)}</p>${this.steps_html(refusal.blocking)}`;
	},

	/** The same in a frame, in place of what could not be read. */
	refused_html(refusal) {
		return `<div class="outage-refusal" role="alert">${this.refusal_html(refusal)}</div>`;
	},

	/**
	 * What the buttons of a form are made of, or null: the form shows another document by now, or it could not be read. Then
	 * its headline says why, with a button to try again.
	 */
	async read_for_form(frm, read) {
		const { name } = frm.doc;
		let answer = null;
		try {
			answer = await read();
		} catch (refusal) {
			const html = this.refusal_html(refusal);
			if (frm.doc.name !== name) return null;
			frm.dashboard.clear_headline();
			frm.dashboard.set_headline(
				`<div role="alert">${html}<button type="button" class="btn btn-xs btn-default">${__("Try again")}</button></div>`,
				"orange",
			);
			frm.layout.message.find("button").on("click", () => frm.refresh());
		}
		return frm.doc.name === name ? answer : null;
	},

	show_refusal(refusal) {
		frappe.msgprint({
			message: this.refusal_html(refusal),
			title: refusal.blocking.length ? __("Still open") : __("Not possible"),
			indicator: "orange",
		});
	},
});
