// An incident's screen inside its form: rendered from the situation, read again when a verb has changed it.
frappe.provide("outage_response");

const escape = outage_response.escape;
const FOLDED = ["acknowledge_for", "withdraw", "relieve", "reassign", "skip"]; // seldom used: behind "More"

outage_response.IncidentView = class IncidentView {
	/** `places`: elements for head, tasks, affected, timeline, residents; `on_seen(situation)` after each reading. */
	constructor(incident, places, on_seen) {
		Object.assign(this, { incident, places, on_seen, filters: { department: "", mine: false, ended: false } });
		for (const place of Object.values(places)) {
			place.classList.add("outage-place");
			place.onclick = (event) => this.clicked(event);
			place.onchange = (event) => this.filtered(event);
		}
		places.affected.addEventListener("toggle", (event) => event.target.open && this.read_units(), true); // it does not bubble
		this.stop_listening = outage_response.on_change((name) => name === this.incident && this.read_soon());
		// The bell may be silent (no realtime server): look every minute while somebody is looking
		this.timers = [setInterval(() => this.tick(), 5000), setInterval(() => document.hidden || this.read(), 60000)];
	}

	end() {
		this.stop_listening();
		this.timers.forEach(clearInterval);
		this.alarm?.remove();
	}

	read_soon() {
		clearTimeout(this.soon);
		this.soon = setTimeout(() => this.read(), 300);
	}

	async read() {
		if (!this.places.head.isConnected) return;
		if (!this.alarm) this.places.head.before((this.alarm = document.createElement("div")));
		outage_response.show_alarm(this.alarm, this.incident);
		const is_newest = outage_response.begin_reading(this);
		try {
			const [seen, known] = await Promise.all([
				outage_response.load(this.incident),
				outage_response.load_who_knows(this.incident),
			]);
			if (!is_newest()) return;
			this.known = known;
			Object.assign(this, { heard_at: performance.now(), lost: false });
			this.show(seen);
		} catch (refusal) {
			const html = outage_response.refused_html(refusal);
			if (!is_newest()) return;
			if (!this.seen) outage_response.fill(this.places.head, html);
			this.lost = true;
		}
		this.tick();
	}

	tick() {
		Object.values(this.places).forEach((place) => outage_response.tick(place));
		const line = this.places.head.querySelector(".outage-heard");
		if (line) outage_response.show_age(line, this.heard_at, this.lost);
	}

	show(seen) {
		this.seen = seen;
		outage_response.set_now(seen.now);
		const { head, tasks, affected, timeline, residents } = this.places;
		outage_response.fill(head, this.head_html());
		outage_response.fill(tasks, this.tasks_html());
		outage_response.fill(affected, this.nodes_html() + this.units_html());
		if (affected.querySelector("[data-fold=units][open]")) this.read_units();
		outage_response.fill(timeline, this.timeline_html());
		outage_response.fill(residents, this.residents_html());
		this.on_seen(seen);
	}

	clicked(event) {
		const again = () => this.read_soon();
		const trapped = event.target.closest("button[data-trapped]");
		if (trapped)
			return outage_response.trapped_clicked(trapped, this.seen.trapped, { seen: this.seen, on_done: again });
		const button = event.target.closest("button[data-verb]");
		if (!button) return;
		const { verb, task, callback } = button.dataset;
		if (callback) {
			const row = this.seen.callbacks.find((one) => one.name === callback);
			return outage_response[verb === "give_up_callback" ? "give_up_callback" : "open_callback"](row, again);
		}
		if (!task) return outage_response.open_incident_verb(verb, this.seen, again);
		const row = this.seen.tasks.find((one) => one.name === task);
		return outage_response.open_task_verb(verb, row, this.seen, again);
	}

	filtered(event) {
		const { filter } = event.target.dataset;
		if (!filter) return;
		this.filters[filter] = event.target.type === "checkbox" ? event.target.checked : event.target.value;
		this.show(this.seen);
	}

	// ---------------------------------------------------------------- at a glance

	head_html() {
		const { incident, verbs, leads_on } = this.seen;
		const facts = [this.minutes_fact(), this.etr_fact(), this.units_fact(), this.steps_fact()].filter(Boolean);
		const buttons = verbs.map((verb) =>
			outage_response.button(
				outage_response.incident_verb_label(verb),
				{ verb, key: verb },
				verb === leads_on ? "primary" : "default",
			),
		);
		const what_may_be_done = __("What you may do");
		return `${outage_response.trapped_html(this.seen.trapped)}<div class="outage-head">
			<p class="outage-heard" role="status"></p>
			<div class="outage-chips">
				${outage_response.level_html(incident)}
				${outage_response.pill(incident.status, "Outage Incident")}
				${outage_response.drill_html(incident)}
				<span class="outage-property">${escape(incident.property)}</span>
				${incident.cause_type ? `<span class="text-muted">${escape(__(incident.cause_type))}</span>` : ""}
			</div>
			<dl class="outage-facts">${facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join("")}</dl>
			${this.gate_html()}
			${this.known_html()}
			<div class="outage-verbs" role="group" aria-label="${escape(what_may_be_done)}">${buttons.join(" ")}</div>
		</div>`;
	}

	minutes_fact() {
		const { incident } = this.seen;
		if (incident.status === "Scheduled")
			return [
				__("Planned"),
				`${outage_response.moment(incident.planned_start)} – ${outage_response.moment(incident.planned_end)}`,
			];
		if (!incident.out_since) return null;
		const running = !incident.restored_at && ["Reported", "Active"].includes(incident.status);
		const value = running
			? `<span data-since="${escape(incident.out_since)}"></span>`
			: outage_response.duration(incident.minutes_out);
		return [running ? __("Dark for") : __("Was dark for"), value];
	}

	etr_fact() {
		const { incident } = this.seen;
		if (!["Scheduled", "Reported", "Active"].includes(incident.status)) {
			return incident.restored_at ? [__("Supply back"), outage_response.moment(incident.restored_at)] : null;
		}
		const over = incident.etr && outage_response.minutes_until(incident.etr) < 0;
		const value = incident.etr ? outage_response.moment(incident.etr) : __("not known");
		const moved = incident.etr_moves ? ` <small>${__("moved {0}×", [incident.etr_moves])}</small>` : "";
		return [__("Expected back"), `<span class="${over ? "outage-red" : ""}">${value}</span>${moved}`];
	}

	units_fact() {
		const { units_out, affected_units } = this.seen.incident;
		return [__("Units still out"), `${units_out} <small>${__("of {0}", [affected_units])}</small>`];
	}

	steps_fact() {
		const { open, tasks, overdue } = this.seen.figures;
		if (!tasks) return null;
		const late = overdue ? ` <small class="outage-red">${__("late: {0}", [overdue])}</small>` : "";
		return [__("Steps open"), `${open} <small>${__("of {0}", [tasks])}</small>${late}`];
	}

	gate_html() {
		const { gate, open } = this.seen.gate;
		if (!gate) return "";
		const label = escape(outage_response.gate_label(gate));
		if (!open.length) return `<p class="outage-gate is-free">✓ ${label}: ${__("nothing is in the way")}</p>`;
		const count = __("closed, steps open: {0}", [open.length]);
		return `<details class="outage-gate" data-fold="gate"><summary>${label}: ${count}</summary>${outage_response.open_html(
			open,
			__("What keeps it closed, and with whom"),
		)}</details>`;
	}

	known_html() {
		if (!this.known.people.length) return "";
		const { title, table } = outage_response.who_knows_html(this.known);
		return `<details class="outage-gate outage-known" data-fold="known"><summary>${title}</summary>${table}</details>`;
	}

	nodes_html() {
		const rows = this.seen.nodes.map((row) => [
			escape(row.label),
			row.units,
			outage_response.moment(row.out_since),
			outage_response.moment(row.permitted_at),
			row.back_at
				? `${outage_response.moment(row.back_at)} <span class="text-muted">${escape(__(row.back_source))}</span>`
				: this.seen.incident.status === "Scheduled"
					? ""
					: `<span class="outage-red">${__("still out")}</span>`,
		]);
		const heads = [__("Where"), __("Units"), __("Out Since"), __("May be switched on"), __("Back At")];
		return outage_response.rows_html(heads, rows);
	}

	units_html() {
		const { units_out, affected_units } = this.seen.incident;
		const count = __("{0} of {1} still out", [units_out, affected_units]);
		return `<details class="outage-units" data-fold="units"><summary>${__("Units, floor by floor")}: ${count}</summary>
			${this.units || ""}</details>`;
	}

	/** Only while they are unfolded: a community has thousands. */
	async read_units() {
		const asked = (this.units_asked = Symbol());
		let html;
		try {
			const units = await outage_response.read("screens.get_units", { incident: this.incident });
			html = outage_response.units_html(units, this.seen.incident.status === "Scheduled");
		} catch (refusal) {
			html = outage_response.refused_html(refusal);
		}
		if (asked !== this.units_asked) return;
		this.units = html;
		outage_response.fill(this.places.affected, this.nodes_html() + this.units_html());
	}

	// ---------------------------------------------------------------- tasks

	tasks_html() {
		const shown = this.seen.tasks.filter(
			(row) =>
				(!this.filters.department || row.department === this.filters.department) && (!this.filters.mine || row.mine),
		);
		const open = shown.filter((row) => row.is_open);
		const ended = shown.filter((row) => !row.is_open);
		const groups = outage_response
			.PRIORITIES()
			.map((label, priority) => [label, open.filter((row) => Math.min(row.priority, 3) === priority), priority])
			.filter(([, rows]) => rows.length)
			.map(
				([label, rows, priority]) =>
					`<section class="outage-priority p${priority}"><h4>${label} <small>${rows.length}</small></h4>${this.task_table(
						rows,
					)}</section>`,
			);
		const owed = ended.filter((row) => row.owed);
		if (owed.length)
			groups.push(
				`<section><h4>${__("Evidence owed")} <small>${owed.length}</small></h4>${this.task_table(owed)}</section>`,
			);
		const rest = ended.length
			? `<details data-fold="ended"><summary>${__("Ended")}: ${ended.length}</summary>${this.task_table(ended)}</details>`
			: "";
		const nothing = open.length ? "" : `<p class="text-muted">${__("No open step here.")}</p>`;
		return this.filters_html() + nothing + groups.join("") + rest;
	}

	filters_html() {
		const departments = [...new Map(this.seen.tasks.map((row) => [row.department, row.department_name]))];
		const options = [["", __("All departments")], ...departments].map(
			([key, label]) =>
				`<option value="${escape(key)}" ${key === this.filters.department ? "selected" : ""}>${escape(label)}</option>`,
		);
		return `<div class="outage-filters">
			<label>${__("Department")} <select class="form-control input-xs" data-filter="department" data-key="f-department">${options.join(
				"",
			)}</select></label>
			<label><input type="checkbox" data-filter="mine" data-key="f-mine" ${this.filters.mine ? "checked" : ""}> ${__(
				"Only mine",
			)}</label>
		</div>`;
	}

	task_table(rows) {
		const heads = [
			__("Step"),
			__("Phase"),
			__("Department"),
			__("Who has it"),
			__("Status"),
			__("Clock"),
			__("Actions"),
		];
		return outage_response.rows_html(
			heads,
			rows.map((row) => [
				this.step_cell(row),
				escape(__(row.phase)),
				escape(row.department_name),
				row.with.length ? outage_response.few(row.with, 3) : escape(__(row.role)),
				outage_response.pill(row.status, "Outage Task") + (row.outcome ? ` ${escape(row.outcome)}` : ""),
				this.clock_cell(row),
				this.verbs_cell(row),
			]),
		);
	}

	step_cell(row) {
		const marks = [
			row.life_safety ? `<span class="outage-mark life">${__("life safety")}</span>` : "",
			row.gate ? `<span class="outage-mark">${escape(outage_response.gate_label(row.gate))}</span>` : "",
			row.optional ? `<span class="outage-mark">${__("optional")}</span>` : "",
			row.to_read_back ? `<span class="outage-mark">${__("to be read back")}</span>` : "",
			row.owed ? `<span class="outage-mark life">${__("evidence owed")}</span>` : "",
		].join(" ");
		const after = row.waits_for.length
			? `<div class="text-muted small">${__("after:")} ${outage_response.few(row.waits_for, 2)}</div>`
			: "";
		const said = [row.given, row.reason].filter(Boolean).join(" · ");
		const phone = row.is_open ? outage_response.tel_html(row.phone) : "";
		const defects = row.items.filter(([, , result]) => result === "Defect").map(([, label]) => label);
		return `<a href="${outage_response.desk_url("outage-task", row.name)}">${escape(row.title)}</a>
			${row.where ? `<strong>${escape(row.where)}</strong>` : ""}${row.round > 1 ? ` (${row.round})` : ""} ${phone} ${marks}${after}
			${defects.length ? `<div class="outage-red small">${__("Defect:")} ${outage_response.few(defects)}</div>` : ""}
			${said ? `<div class="text-muted small">${escape(said)}</div>` : ""}
			${row.photo ? `<a class="small" href="${escape(encodeURI(row.photo))}" target="_blank" rel="noopener">${__("Photo")}</a>` : ""}`;
	}

	clock_cell(row) {
		if (row.is_open && row.optional) return ""; // marked so beside its title: nothing runs out
		if (row.is_open) return outage_response.clock_html(row.due_at, row.held ? row.stopped_at : null);
		const when = row.at ? outage_response.moment(row.at) : "";
		if (!when && !row.by) return "";
		return `${when} ${row.status === "Done" ? outage_response.clock_html(row.due_at, row.stopped_at) : ""} <span class="text-muted small">${escape(row.by)}</span>`;
	}

	verbs_cell(row) {
		if (!row.verbs.length) return "";
		const button = (verb) =>
			outage_response.button(outage_response.task_verb_label(verb, row), {
				verb,
				task: row.name,
				key: `${row.name}-${verb}`,
			});
		const folded = row.verbs.filter((verb) => FOLDED.includes(verb));
		const plain = row.verbs.filter((verb) => folded.length < 2 || !folded.includes(verb));
		const more =
			folded.length > 1
				? `<details data-fold="more-${escape(row.name)}"><summary data-key="${escape(row.name)}-more">${__(
						"More",
					)}</summary>${folded.map((verb) => button(verb)).join(" ")}</details>`
				: "";
		return `<div class="outage-row-verbs">${plain.map((verb) => button(verb)).join("")}${more}</div>`;
	}

	// ---------------------------------------------------------------- the record

	timeline_html() {
		const rows = [...this.seen.timeline].reverse().map((row) => {
			const late = row.late
				? ` <span class="text-muted small">${__("written {0}", [outage_response.moment(row.recorded_at)])}</span>`
				: "";
			return `<li class="kind-${escape(row.kind)}"><time>${outage_response.moment(row.occurred_at)}</time>
				<span>${escape(row.text)}${late}</span> <span class="text-muted small">${escape(frappe.user.full_name(row.actor))}</span></li>`;
		});
		return `<ol class="outage-timeline">${rows.join("")}</ol>`;
	}

	residents_html() {
		const { calls, callbacks, callbacks_count, notices } = this.seen;
		const called = calls.map((row) => [
			`<a href="${outage_response.desk_url("trouble-call", row.name)}">${outage_response.moment(row.said_at)}</a>`,
			escape(row.unit),
			row.danger ? `<span class="outage-red">${__("Danger")}</span>` : "",
			escape(row.contact),
			outage_response.tel_html(row.phone),
			escape(row.words),
		]);
		const back = callbacks.map((row) => [
			`<a href="${outage_response.desk_url("outage-callback", row.name)}">${escape(row.contact)}</a>`,
			outage_response.tel_html(row.phone),
			escape(__(row.reason)),
			outage_response.pill(row.status, "Outage Callback"),
			outage_response.moment(row.next_attempt_at),
			[
				["log_attempt", __("Log the call"), row.may_log],
				["give_up_callback", __("Give up…"), row.may_give_up],
			]
				.filter(([, , may]) => may)
				.map(([verb, label]) =>
					outage_response.button(label, { verb, callback: row.name, key: `cb-${verb}-${row.name}` }),
				)
				.join(" "),
		]);
		const empty = `<p class="text-muted">${__("None.")}</p>`;
		return `<section><h4>${__("Calls of residents")} <small>${calls.length}</small></h4>${
			called.length
				? outage_response.rows_html(
						[__("Said At"), __("Unit"), __("Danger"), __("Contact"), __("Phone"), __("What Was Said")],
						called,
					)
				: empty
		}</section>
		<section><h4>${__("Notices")} <small>${notices.length}</small></h4>${outage_response.notices_html(notices)}</section>
		<section><h4>${__("Callbacks")} <small>${callbacks_count}</small></h4>${this.more_callbacks_html()}${
			back.length
				? outage_response.rows_html(
						[__("Contact"), __("Phone"), __("Reason"), __("Status"), __("Next Attempt At"), __("Actions")],
						back,
					)
				: empty
		}</section>`;
	}

	/** A street of towers has more than one screen of them. */
	more_callbacks_html() {
		const { callbacks, callbacks_count } = this.seen;
		if (callbacks.length === callbacks_count) return "";
		const text = __("The first {0} of {1}, the most urgent ones.", [callbacks.length, callbacks_count]);
		const href = `${outage_response.desk_url("outage-callback")}?incident=${encodeURIComponent(this.incident)}`;
		return `<p>${text} <a href="${href}">${__("Open the whole queue")}</a></p>`;
	}
};
