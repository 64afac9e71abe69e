// Small parts of a screen as HTML. Everything that came from the server is escaped here.
frappe.provide("outage_response");

const contents = new WeakMap(); // element -> what fill() last wrote into it
const escape = (text) => frappe.utils.escape_html(text === null || text === undefined ? "" : String(text));

Object.assign(outage_response, {
	escape,

	PRIORITIES: () => [__("Life"), __("Within minutes"), __("While it is dark"), __("Afterwards")],

	gate_label: (gate) =>
		({
			start: __("Start of the work"),
			energise: __("Permission to switch on"),
			stand_down: __("Stand-down"),
			close: __("Closing the incident"),
		})[gate] || "",

	STATUS_COLOURS: {
		Scheduled: "blue",
		Reported: "red",
		Active: "orange",
		Restored: "green",
		"Stood Down": "cyan",
		Closed: "gray",
		Cancelled: "gray",
		Open: "red",
		Acknowledged: "orange",
		"In Progress": "blue",
		"On Post": "purple",
		Done: "green",
		Skipped: "gray",
		Pending: "orange",
		Reached: "green",
		"No Answer": "yellow",
		"Still Out": "red",
		Refused: "gray",
		Unreached: "red",
		Exhausted: "gray",
		"Not Required": "gray",
		Declared: "green",
		Dismissed: "gray",
	},

	/** Write an element anew if its content changed; what was unfolded (data-fold) stays so, and so does the focus (data-key). */
	fill(element, html) {
		if (contents.get(element) === html) return;
		contents.set(element, html);
		const unfolded = new Set([...element.querySelectorAll("details[data-fold][open]")].map((one) => one.dataset.fold));
		const focus = element.contains(document.activeElement) && document.activeElement.dataset.key;
		element.innerHTML = html;
		element
			.querySelectorAll("details[data-fold]")
			.forEach((one) => unfolded.has(one.dataset.fold) && (one.open = true));
		if (focus) element.querySelector(`[data-key="${CSS.escape(focus)}"]`)?.focus();
		this.tick(element);
	},

	/**
	 * A list of Desk asks for the titles of what its rows link to, and fails as a whole where one of them may not be read. Where
	 * a reader sees some of the records linked to, as everybody does of their own contacts, newer versions of Frappe take away the
	 * rows that link to others, or to none. Our own doctypes are narrowed as the rows are; a contact's name is the person's.
	 */
	only_titles_to_read(list) {
		for (const field of Object.keys(list.link_field_title_fields || {})) {
			const { options } = frappe.meta.get_docfield(list.doctype, field);
			const ours = frappe.get_meta(options)?.module === frappe.get_meta(list.doctype).module;
			if (!ours || !frappe.model.can_read(options)) delete list.link_field_title_fields[field];
		}
	},

	/** The first column of a list of Desk in these words. Where Frappe builds that cell as HTML, a formatter takes away its link. */
	write_subject(list, field, words) {
		if (list.get_subject_element) {
			(list.settings.formatters ||= {})[field] = (_value, _df, doc) => words(doc);
			return;
		}
		const write = list.get_subject_html;
		list.get_subject_html = (doc) => write.call(list, { ...doc, [field]: words(doc) });
	},

	/** The address of a page of Desk, as this version of Frappe writes it: desk_url("outage-incident", name). */
	desk_url: (...parts) => frappe.router.make_url(parts),

	/** "Elevator 3: read back", with the colon of the reader's language. */
	titled: (one, other) => __("{0}: {1}", [one, other]),

	drill_html: ({ is_drill }) => (is_drill ? `<b class="outage-drill">${__("DRILL")}</b> ` : ""),

	/** As a telephone dials it: an extension after two pauses. See domain/phone_numbers.py. */
	dialled(phone) {
		const [, number, extension] =
			/^(.*?)(?:(?:转|轉|分机|分機|内线|內線|ext|x|#|,|;)[a-z]{0,6}[ .:=]{0,3}(\d{1,6})\s*)?$/i.exec(phone);
		return number.replace(/[^0-9+*#]/g, "") + (extension ? `,,${extension}` : "");
	},

	/** A number to tap. */
	tel_html(phone) {
		if (!phone) return "";
		return `<a class="outage-tel" href="tel:${escape(this.dialled(phone))}">${escape(phone)}</a>`;
	},

	/** The running incidents as links to a page about one of them: "outage-call-sheet". With `straight`, an only one is
	opened at once: at night there is nothing to choose. */
	async running_html(page, straight = false) {
		const { incidents } = await this.read("command.centre");
		if (!incidents.length) return `<h2>${__("No outage is running.")}</h2>`;
		if (straight && incidents.length === 1) {
			frappe.set_re_route(page, incidents[0].name);
			return "";
		}
		const links = incidents.map(({ name, level, property }) => {
			const text = [level, property, name].map(escape).join(" · ");
			return `<li><a href="${this.desk_url(page, name)}">${text}</a></li>`;
		});
		return `<h2>${__("Which outage?")}</h2><ul>${links.join("")}</ul>`;
	},

	/** Residents' calls that no outage explains yet: a line of how many, unfolding into who and what. */
	waiting_html(calls) {
		if (!calls.length) return "";
		const items = calls.map((one) => {
			const where = [one.property, one.place].filter(Boolean).join(" · ") || __("place unknown");
			const said = one.words || (one.ticket ? __("Ticket {0}", [one.ticket]) : __("no power"));
			return `<li><a href="${this.desk_url("trouble-call", one.name)}">${this.moment(one.at)} ${escape(where)}</a> ${this.tel_html(one.phone)} <q>${escape(said)}</q></li>`;
		});
		return `<details open><summary>${__("Calls that no outage explains yet: {0}", [calls.length])}</summary><ul>${items.join("")}</ul></details>`;
	},

	/** A state as Frappe's lists show it, in the words that it has there: "Open" is said otherwise of a task than of a door. */
	pill(status, doctype) {
		return `<span class="indicator-pill ${this.STATUS_COLOURS[status] || "gray"}">${escape(__(status, null, doctype))}</span>`;
	},

	/** The level in its own colour, with letters dark or light enough to be read on it. */
	level_html({ level_title, colour }) {
		const [red, green, blue] = (/^#[0-9a-f]{6}$/i.test(colour) ? colour : "#555555")
			.slice(1)
			.match(/../g)
			.map((pair) => parseInt(pair, 16));
		const linear = (part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
		const light = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue); // WCAG relative luminance
		const ink = light > 0.179 ? "#000000" : "#ffffff";
		const style = `background: rgb(${red}, ${green}, ${blue}); color: ${ink}`;
		return `<span class="outage-level" style="${style}">${escape(level_title)}</span>`;
	},

	/** Values are HTML already; heads are text. */
	rows_html(heads, rows, { caption = "" } = {}) {
		const head = heads.map((one) => `<th scope="col">${escape(one)}</th>`).join("");
		const body = rows
			.map(
				(cells) =>
					`<tr>${cells.map((cell, index) => `<td data-head="${escape(heads[index])}">${cell}</td>`).join("")}</tr>`,
			)
			.join("");
		return `<table class="table outage-table">${
			caption ? `<caption>${escape(caption)}</caption>` : ""
		}<thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`;
	},

	/** The same with plain text in the cells. */
	table_html(heads, rows) {
		return this.rows_html(
			heads,
			rows.map((cells) => cells.map(escape)),
		);
	},

	button(label, data, kind = "default") {
		const attributes = Object.entries(data)
			.map(([name, value]) => `data-${name}="${escape(value)}"`)
			.join(" ");
		return `<button type="button" class="btn btn-xs btn-${kind}" ${attributes}>${escape(label)}</button>`;
	},

	/** Names, cut after a few. */
	few(names, most = 4) {
		const rest = names.length - most;
		return escape(names.slice(0, most).join(", ")) + (rest > 0 ? ` <span class="text-muted">+${rest}</span>` : "");
	},
});
