// People in elevators: the band that stands first on every screen of the control room, what is done from it, and how they are
// reported. A row is one of `trapped` (flows/facts/people_in_elevators_shown.py visible).
frappe.provide("outage_response");

const escape = outage_response.escape;
const QUIET_MINUTES = 5; // after so long without a word to the people inside the band says so
const RADIO_PARTS = ["lock_off", "release", "check"]; // of what an outcome comes by radio, in the order of a rescue

const conditions = () => [
	["children", __("Children", null, "Elevator Entrapment")],
	["elderly", __("Elderly", null, "Elevator Entrapment")],
	["pregnant", __("Pregnant", null, "Elevator Entrapment")],
	["unwell", __("Unwell", null, "Elevator Entrapment")],
	["heat", __("Heat", null, "Elevator Entrapment")],
	["smoke", __("Smoke", null, "Elevator Entrapment")],
];

const condition_fields = (known = []) =>
	conditions().map(([key, label]) => ({
		fieldtype: "Check",
		fieldname: `condition_${key}`,
		label,
		default: known.includes(key) ? 1 : 0,
	}));

const conditions_of = (values) => conditions().flatMap(([key]) => (values[`condition_${key}`] ? [key] : []));

// No Int: Frappe's writes, a moment after it had the focus, into whatever has it by then
const people_field = (more = {}) => ({
	fieldtype: "Data",
	fieldname: "people",
	label: __("How many people (if known)"),
	input_mode: "numeric",
	...more,
});

/** The number that was typed, also in the wide digits of a Chinese keyboard; undefined: none. */
function people_of(text) {
	const digits = String(text ?? "")
		.normalize("NFKC")
		.trim();
	if (!digits) return undefined;
	if (!/^\d{1,3}$/.test(digits)) outage_response.refuse(__("How many people: write a whole number, or nothing."));
	return Number(digits) || undefined;
}

const ways_out = () => [
	["released_by_contractor", __("Freed by the maintenance company")],
	["released_by_rescue_service", __("Freed by the rescue services")],
	["released", __("Freed by our own certificate holders")],
	["released_otherwise", __("Out another way")],
	["nobody_inside", __("Nobody was inside")],
];

// "2" is a number of a building, "2号楼" says itself what it is
const building_name = (building) => (/^[\w-]+$/.test(building) ? __("Building {0}", [building]) : building);

// An elevator, or the building where nobody knows in which, as the value of a choice
const place_value = (place) => JSON.stringify(place);

function button(row, verb, label, kind = "default") {
	return `<button type="button" class="btn btn-sm btn-${kind}" data-trapped="${verb}" data-entrapment="${escape(
		row.name,
	)}" data-key="${verb} ${escape(row.name)}">${label}</button>`;
}

/** What is done and what is not, each with its time. */
function progress(row) {
	const at = (moment) => outage_response.moment(moment);
	const said = [
		row.taken
			? [row.who ? __("Rescue: {0}", [escape(row.who)]) : __("Rescue: taken"), true]
			: [__("Rescue: nobody yet"), false],
		row.locked_off_at ? [__("locked off {0}", [at(row.locked_off_at)]), true] : [__("not locked off"), false],
		row.contractor_arrived_at
			? [__("maintenance here {0}", [at(row.contractor_arrived_at)]), true]
			: row.contractor_called_at
				? [__("maintenance called {0}, not here", [at(row.contractor_called_at)]), true]
				: [__("maintenance not called"), false],
		...(row.services_called_at ? [[__("119 / 120 called {0}", [at(row.services_called_at)]), true]] : []),
		row.talked_at ? [__("talked to {0}", [at(row.talked_at)]), true] : [__("not talked to"), false],
	];
	const items = said.map(
		([text, done]) => `<li class="${done ? "is-done" : "is-open"}">${done ? "✓" : "○"} ${text}</li>`,
	);
	const quiet = `<li class="is-open outage-quiet" data-quiet="${escape(row.talked_at || row.since)}"></li>`;
	return `<ul class="outage-rescue">${items.join("")}${quiet}</ul>`;
}

function about_the_car(row) {
	const facts = [
		[__("Number Plate"), row.plate_no],
		[__("Where the Key Is"), row.key_place],
		[__("Rescue Instructions"), row.rescue_instructions],
	].filter(([, value]) => value);
	const firm = row.contractor_phone
		? `<p class="outage-firm">${outage_response.titled(__("Maintenance company"), escape(row.contractor_name))} ${outage_response.tel_html(row.contractor_phone)}</p>`
		: "";
	if (!facts.length) return firm;
	const rows = facts.map(([label, value]) => `<dt>${label}</dt><dd>${escape(value)}</dd>`);
	return `${firm}<details data-fold="car ${escape(row.name)}"><summary data-key="car ${escape(row.name)}">${__(
		"Plate, key, rescue instructions",
	)}</summary><dl>${rows.join("")}</dl></details>`;
}

function claim_html(row) {
	if (!row.claim) return "";
	const what = ["empty", "nobody_inside"].includes(row.claim)
		? __("nobody is inside any more")
		: __("the people are out");
	const next = row.may_read_back ? "" : ` ${__("Somebody else must read it back; until then the rescue goes on.")}`;
	return `<p class="outage-claim">${__("{0} says: {1}.", [escape(row.claim_who), what])}${next}</p>`;
}

function row_html(row) {
	const labels = {
		acknowledge_for: [__("Somebody has it…")],
		note_entrapment: [__("How many, how they are…")],
		complete_for: [__("Outcome by radio…"), "primary"],
		read_back_empty: [__("Read back: nobody inside…"), "primary"],
		take_call: [__("I see to it"), "primary"],
		declare: [__("Declare an Outage"), "danger"],
		report_empty: [row.tasks.release ? __("Nobody is inside any more…") : __("They are out…")],
	};
	const buttons = row.verbs.map((verb) => button(row, verb, ...labels[verb]));
	if (row.verbs.includes("note_entrapment")) buttons.unshift(button(row, "talked", __("Talked to them now")));
	const chips = row.conditions.map(([, words]) => `<span class="outage-condition">${escape(words)}</span>`).join(" ");
	const where = [row.property, row.building && building_name(row.building)].filter(Boolean).map(escape).join(" · ");
	const link = row.incident
		? `<a href="${outage_response.desk_url("outage-incident", row.incident)}">${escape(row.incident)}</a>`
		: `<b>${__("no outage is declared")}</b>`;
	return `<article class="outage-inside${row.certain ? "" : " is-possible"}${row.taken ? "" : " is-untaken"}" data-name="${escape(row.name)}">
		<h4><b data-inside="${escape(row.since)}" data-car="${escape(row.label)}" data-people="${row.people}" data-certain="${
			row.certain ? 1 : ""
		}"></b></h4>
		<p class="outage-inside-where">${where}${row.floor ? ` · ${__("car at: {0}", [escape(row.floor)])}` : ""} · ${link} ${chips}</p>
		${row.words ? `<p><q>${escape(row.words)}</q></p>` : ""}
		${progress(row)}${claim_html(row)}
		<div class="outage-inside-verbs" role="group" aria-label="${escape(row.label)}">${buttons.join("")}</div>
		${about_the_car(row)}
	</article>`;
}

/** How many elevators and people stand below, so that a reader can tell that nothing is left out. */
function sum_html(rows) {
	const certain = rows.filter((row) => row.certain);
	const counted = certain.filter((row) => row.people);
	const parts = [
		counted.length ? __("people counted: {0}", [counted.reduce((sum, row) => sum + row.people, 0)]) : "",
		certain.length > counted.length ? __("elevators not counted: {0}", [certain.length - counted.length]) : "",
		rows.length > certain.length ? __("elevators with perhaps somebody: {0}", [rows.length - certain.length]) : "",
	].filter(Boolean);
	return `<h3>${__("People in elevators: {0}", [rows.length])} <small>${parts.join(" · ")}</small></h3>`;
}

Object.assign(outage_response, {
	/** The band of people in elevators, the most urgent first as the server sends them; "" for none. */
	trapped_html(rows) {
		if (!rows?.length) return "";
		return `<section class="outage-trapped" aria-label="${escape(__("People trapped"))}" data-rows="${rows.length}">
			${sum_html(rows)}${rows.map(row_html).join("")}</section>`;
	},

	/** Elevator 3 | 2 inside | 12 min, as it stands now. */
	inside_words({ inside, car, people, certain }) {
		const minutes = Math.max(0, Math.floor(-this.minutes_until(inside)));
		if (!certain) return __("{0} | perhaps people inside | {1} min", [car, minutes]);
		if (!Number(people)) return __("{0} | people inside, not counted | {1} min", [car, minutes]);
		return __("{0} | {1} inside | {2} min", [car, people, minutes]);
	},

	quiet_words({ quiet }) {
		const minutes = Math.floor(-this.minutes_until(quiet));
		return minutes < QUIET_MINUTES ? "" : __("no talk for {0} min", [minutes]);
	},

	/** Does a certain one wait for somebody to take the rescue? */
	is_untaken: (row) => row.certain && !row.taken,

	/** A button of the band was touched. `seen`: the situation, where the screen has it. */
	async trapped_clicked({ dataset }, rows, { seen, first_words, on_done }) {
		const row = rows.find((one) => one.name === dataset.entrapment);
		if (!row) return;
		const done = { on_done };
		const acts = {
			talked: () => this.talked_to(row, on_done),
			note_entrapment: () => this.ask_how_they_are(row, on_done),
			read_back_empty: () => this.read_back_empty(row, on_done),
			take_call: () => this.take("take_call", { call: row.call }, on_done),
			declare: () => this.declare({ seen: first_words, property: row.property, ...done }),
			report_empty: () => this.report_empty(row, on_done),
			complete_for: () => this.trapped_by_radio(row, seen, on_done),
			acknowledge_for: () => this.trapped_taken(row, seen, on_done),
		};
		return acts[dataset.trapped]();
	},

	/** One touch; what the server refuses is shown. */
	async take(verb, args, on_done) {
		try {
			on_done?.(await this.post(verb, args));
		} catch (refusal) {
			this.show_refusal(refusal);
		}
	},

	async talked_to(row, on_done) {
		await this.take("note_entrapment", { entrapment: row.name, talked: 1 }, (answer) => {
			frappe.show_alert({ message: escape(__("{0}: talked to now", [row.label])), indicator: "green" });
			on_done?.(answer);
		});
	},

	ask_how_they_are(row, on_done) {
		return this.ask({
			verb: "note_entrapment",
			title: this.titled(row.label, __("How many, how they are…").replace("…", "")),
			happened: false,
			fields: [
				people_field({ label: __("People Inside"), default: row.people || undefined }),
				{ fieldtype: "Data", fieldname: "floor", label: __("Where the Car Stands"), default: row.floor },
				{ fieldtype: "Section Break", label: __("How They Are") },
				...condition_fields(row.conditions.map(([key]) => key)),
				{ fieldtype: "Section Break" },
				people_field({ fieldname: "injured", label: __("People Injured") }),
			],
			args: (values) => ({
				entrapment: row.name,
				people: people_of(values.people),
				floor: values.floor || undefined,
				conditions: JSON.stringify(conditions_of(values)),
				injured: people_of(values.injured),
			}),
			said: () => __("{0}: noted", [row.label]),
			on_done,
		});
	},

	read_back_empty(row, on_done) {
		return this.ask({
			verb: "read_back_empty",
			title: this.titled(row.label, __("Read back")),
			label: __("They said yes: nobody inside"),
			happened: false,
			intro: `${claim_html(row)}<p>${__(
				"Repeat it to whoever looked: which elevator, the door open, the car empty. With their yes the rescue ends here.",
			)}</p>`,
			args: () => ({ entrapment: row.name }),
			said: () => __("{0}: read back, the rescue has ended", [row.label]),
			on_done,
		});
	},

	/** Seen in the open car. Where the rescue is a step of the plan, only that nobody was inside: the rest ends that step. */
	report_empty(row, on_done) {
		const choices = row.tasks.release ? ways_out().filter(([key]) => key === "nobody_inside") : ways_out();
		return this.ask({
			verb: "report_empty",
			title: this.titled(row.label, __("How did it end?")),
			fields: [
				people_field({ label: __("How many are out"), default: row.people || undefined, hidden: choices.length === 1 }),
				...this.choices([{ options: choices }]),
				{ fieldtype: "Data", fieldname: "who", label: __("Who saw the open, empty car"), reqd: 1 },
				{ fieldtype: "Check", fieldname: "open", label: __("The door stood open, and the car was empty") },
			],
			args: ({ choice, who, people, open }) => {
				if (!choice) this.refuse(__("Choose how it ended."));
				const how = open ? "door_open" : undefined;
				return { entrapment: row.name, outcome: choice, who, how, people: people_of(people) };
			},
			said: ({ waiting_for }) =>
				waiting_for
					? __("{0}: somebody else must read it back; until then the rescue goes on", [row.label])
					: __("{0}: ended", [row.label]),
			on_done,
		});
	},

	/** The steps of a row's elevator by part, with the situation they stand in; null where that cannot be read. */
	async steps_of_trapped(row, seen) {
		try {
			const situation = seen || (await this.load(row.incident));
			const found = Object.entries(row.tasks).map(([part, task]) => [
				part,
				situation.tasks.find((one) => one.name === task),
			]);
			return { seen: situation, steps: Object.fromEntries(found.filter(([, step]) => step)) };
		} catch (refusal) {
			this.show_refusal(refusal);
			return null;
		}
	},

	async trapped_by_radio(row, known, on_done) {
		const found = await this.steps_of_trapped(row, known);
		if (!found) return;
		const steps = RADIO_PARTS.map((part) => found.steps[part]).filter((step) => step?.verbs.includes("complete_for"));
		if (!steps.length) return on_done?.(); // done meanwhile: the band is read again
		this.open_radio(steps, found.seen, on_done);
	},

	async trapped_taken(row, known, on_done) {
		const found = await this.steps_of_trapped(row, known);
		if (!found) return;
		const { release, lock_off } = found.steps;
		const step = [release, lock_off].find((one) => one?.status === "Open");
		const verb = step?.verbs.find((one) => ["acknowledge", "acknowledge_for"].includes(one));
		if (!verb) return on_done?.();
		this.open_task_verb(verb, step, found.seen, on_done);
	},

	// ---------------------------------------------------------------- how they are reported

	/** Elevators by property and building (api/command.py elevators), read once; what was read before serves without network. */
	async elevators() {
		try {
			this.elevators_read = await this.read("command.elevators");
		} catch (refusal) {
			if (!this.elevators_read) throw refusal;
		}
		return this.elevators_read;
	},

	/** [{title, options: [[value, label]]}] of elevators to choose from; the last of each building is "not known which". */
	elevator_groups(places, property) {
		const shown = places.filter((one) => !property || one.property === property);
		const several = new Set(shown.map((one) => one.property)).size > 1;
		return shown.map((one) => {
			const building = one.building ? building_name(one.building) : "";
			return {
				title: [several ? one.property : "", building].filter(Boolean).join(" · "),
				options: [
					...one.elevators.map(([name, label]) => [place_value({ property: one.property, elevator: name }), label]),
					[
						place_value({ property: one.property, building: one.building }),
						__("Not known which: {0}", [building || one.property]),
					],
				],
			};
		});
	},

	/** People are trapped: a touch on the elevator sends it, with or without an outage. */
	async report_people({ property, on_done } = {}) {
		let places;
		try {
			places = await this.elevators();
		} catch (refusal) {
			return this.show_refusal(refusal);
		}
		const groups = this.elevator_groups(places, property);
		const labels = new Map(
			groups.flatMap(({ title, options }) => options.map(([value, label]) => [value, [title, label]])),
		);
		const many = labels.size > 30;
		const dialog = this.ask({
			verb: "record_call",
			title: __("People trapped"),
			label: null,
			happened: false,
			size: "large",
			indicator: "red",
			intro: groups.length
				? `<p>${__("Touch the elevator: it is sent at once, and the rescue begins.")}</p>`
				: `<p>${__("No elevator is on record for your properties.")}</p>`,
			fields: [
				people_field(),
				...(many ? [{ fieldtype: "Data", fieldname: "find", label: __("Find") }] : []),
				...this.choices(groups, () => true),
			],
			args: ({ choice, people }) => ({ ...JSON.parse(choice), trapped: 1, people: people_of(people) }),
			said: ({ incident }, { choice }) =>
				this.titled(labels.get(choice).filter(Boolean).join(" · "), this.trapped_kept(incident)),
			on_done,
		});
		dialog.fields_dict.find?.$input.on("input", ({ target }) => {
			const wanted = target.value.trim().toLowerCase();
			for (const one of dialog.$wrapper.find("[data-choice]")) {
				const group = one.closest("section").textContent.toLowerCase();
				one.hidden = !one.textContent.toLowerCase().includes(wanted) && !group.includes(wanted);
			}
		});
		return dialog;
	},

	/** What was done about people who were reported. */
	trapped_kept: (incident) =>
		incident
			? __("people trapped, on record; the rescue steps of {0} are given out.", [incident])
			: __("people trapped, on record; the control room is rung. No outage is declared there."),

	/** Of the dialogs about people in an elevator. */
	people_field,
	people_of,
	condition_fields,
	conditions_of,
});
