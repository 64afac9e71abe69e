frappe.pages["outage-run-card"].on_page_load = (wrapper) => {
	const page = frappe.ui.make_app_page({ parent: wrapper, title: __("Enter Run Card"), single_column: true });
	wrapper.card = new outage_response.RunCard(wrapper, page);
};

// What was written on paper, entered as it happened: each line goes through its verb, with its time
outage_response.RunCard = class RunCard {
	constructor(wrapper, page) {
		this.body = $(`<div class="orc">
			<div class="orc-head"></div>
			<form><div class="orc-lines"></div>
			<p class="orc-send" hidden><button class="btn btn-primary" type="button">${__("Enter all lines with a time")}</button>
			<span role="status"></span></p></form>
		</div>`).appendTo(page.main);
		// by its button alone: Enter in a field is no "all is typed", and what is accepted is locked
		this.body.find("form").on("submit", (event) => event.preventDefault());
		this.body.find(".orc-send button").on("click", () => this.enter());
		$(wrapper).on("show", () => this.load());
	}

	async load() {
		const incident = frappe.get_route()[1];
		if (incident && incident === this.incident) return this.add_new();
		this.incident = incident;
		try {
			if (!incident) return await this.choose();
			this.data = await outage_response.read("command.run_card_lines", { incident });
			this.render();
		} catch (refusal) {
			this.incident = null; // read again when the page is next shown
			this.body.find(".orc-head").html(outage_response.refused_html(refusal));
		}
	}

	/** Without an incident: one that runs, or the one of last night declared as it happened. */
	async choose() {
		const running = await outage_response.running_html("outage-run-card");
		const declare = `<button class="btn btn-default" type="button">${__("It was not declared yet")}</button>`;
		this.body.find(".orc-lines").empty();
		this.body.find(".orc-send").prop("hidden", true);
		this.body
			.find(".orc-head")
			.html(running + declare)
			.find("button")
			.on("click", () => this.declare());
	}

	declare() {
		outage_response.declare({
			fields: [{ fieldname: "occurred_at", fieldtype: "Datetime", label: __("Reported at"), reqd: 1 }],
			on_done: ({ incident }) => frappe.set_route("outage-run-card", incident),
		});
	}

	render() {
		const { incident, lines, may } = this.data;
		const esc = outage_response.escape;
		this.body.find(".orc-head").html(
			`<h2>${outage_response.drill_html(incident)}${esc(incident.level)} · ${esc(
				incident.property,
			)} · <a href="${outage_response.desk_url("outage-incident", incident.name)}">${esc(incident.name)}</a></h2>
			<p>${__("Give a time to every step that stands on the card. The other lines are left alone; other departments enter their own steps.")}</p>
			<label class="orc-day">${__("The times begin on")} <input type="date" class="form-control" value="${incident.reported_at.slice(0, 10)}"></label>`,
		);
		const whole = (lines) => lines.map((line) => this.whole(line));
		this.lines = [];
		const first = whole([
			...(may.confirm
				? [
						{
							verb: "confirm",
							title: __("Cause known"),
							outcomes: this.data.cause_types,
							outcome_label: __("Cause"),
							levels: this.data.levels,
						},
					]
				: []),
			...lines.filter((line) => line.may),
		]);
		const nodes = whole(
			may.supply_back
				? this.data.nodes.map(({ value, label }) => ({
						verb: "supply_back",
						title: __("Supply is back"),
						subject: label,
						node: value,
					}))
				: [],
		);
		const last = whole([
			...(may.supply_back ? [{ verb: "supply_back", title: __("Supply is back everywhere") }] : []),
			...(may.stand_down ? [{ verb: "stand_down", title: __("Stand-down") }] : []),
		]);
		const by_node = nodes.length
			? `<details class="orc-nodes"><summary>${__("Supply came back node by node")}</summary>${this.html(nodes)}</details>`
			: "";
		const html = `<div class="orc-steps">${this.html(first)}</div>${by_node}${this.html(last)}`;
		this.body.find(".orc-lines").html(this.lines.length ? html : `<p>${__("Nothing here is yours to enter.")}</p>`);
		this.body.find(".orc-send").prop("hidden", !this.lines.length);
	}

	/** A line with everything that it may have; its number is its place among all lines. */
	whole(line) {
		const found = { checks: [], outcomes: [], items: [], people: [], index: this.lines.length, ...line };
		this.lines.push(found);
		return found;
	}

	html(lines) {
		return lines.map((line) => this.line(line)).join("");
	}

	/** Steps that came since (people were trapped, another node is back) go below; nothing typed above is lost. */
	async add_new() {
		if (!this.lines) return;
		const { lines } = await outage_response.read("command.run_card_lines", { incident: this.incident });
		const known = new Set(this.lines.map((line) => line.task));
		for (const line of lines.filter((one) => one.may && !known.has(one.task))) {
			this.body.find(".orc-steps").append(this.line(this.whole(line)));
		}
	}

	line(line) {
		const esc = outage_response.escape;
		const title = `${line.no ? `${line.no}. ` : ""}${esc(line.title)}${line.subject ? `: <b>${esc(line.subject)}</b>` : ""}`;
		const label = (text) => `aria-label="${esc(text)}: ${esc(line.title)} ${esc(line.subject || "")}"`;
		const choice = (name, text, options) =>
			`<select class="form-control ${name}" ${label(text)}><option value="">${esc(text)}</option>${options
				.map((one) => `<option value="${esc(one.value)}">${esc(one.label)}</option>`)
				.join("")}</select>`;
		const outcome = line.outcomes.length
			? choice("orc-outcome", line.outcome_label || __("Outcome"), line.outcomes)
			: "";
		const count = line.counts_people
			? `<input type="number" min="0" max="100" class="form-control orc-people" ${label(__("People"))} placeholder="${__("People")}">`
			: "";
		const checks = line.checks
			.map(
				(one) => `<label><input type="checkbox" class="orc-check" value="${esc(one.value)}"> ${esc(one.label)}</label>`,
			)
			.join("<br>");
		const found = outcome || count || checks ? `<div>${outcome}${count}${checks}</div>` : "<span></span>";
		const who = line.levels
			? choice("orc-level", __("Level"), line.levels)
			: `<input class="form-control orc-who" ${label(__("By whom"))} placeholder="${__("By whom")}" maxlength="140">`;
		const said = `<input class="form-control orc-words" ${label(__("What was written"))} placeholder="${
			line.evidence === "reading" ? __("Reading") : __("What was written")
		}" maxlength="500">`;
		// a post keeps who stood there and no words, a command neither: what was typed would be lost
		const words = line.held
			? `${choice("orc-stood", __("Who stood there"), line.people)}<span></span>`
			: line.verb === "stand_down"
				? "<span></span><span></span>"
				: who + said;
		return `<div class="orc-line" data-index="${line.index}"><div>${title}</div>
			<input type="time" class="form-control orc-time" ${label(__("Time"))}>
			${found}
			${words}
			${this.items(line)}
			<div class="orc-result" role="status"></div></div>`;
	}

	/** A checklist: all normal, except what is ticked. */
	items({ items }) {
		const esc = outage_response.escape;
		if (!items.length) return "";
		const rows = items.map(
			(one) => `<div><label><input type="checkbox" class="orc-item" value="${esc(one.value)}"> ${esc(one.label)}</label>
				<input class="form-control" maxlength="200" placeholder="${__("What is wrong")}" aria-label="${__("What is wrong")}: ${esc(one.label)}"></div>`,
		);
		return `<details class="orc-items"><summary>${__("All normal except…")}</summary>${rows.join("")}</details>`;
	}

	/** A time of day is the first one after the outage was reported, counted from the day that stands above. */
	moment(time) {
		const reported = this.data.incident.reported_at;
		const day = this.body.find(".orc-day input").val() || reported.slice(0, 10);
		const at = `${day} ${time}:00`;
		if (at.slice(0, 16) >= reported.slice(0, 16)) return at.slice(0, 16) === reported.slice(0, 16) ? reported : at;
		return `${frappe.datetime.add_days(day, 1)} ${time}:00`;
	}

	async enter() {
		const rows = this.body
			.find(".orc-line:not(.orc-accepted)")
			.toArray()
			.map((element) => ({ row: $(element), line: this.lines[element.dataset.index] }))
			.filter(({ row }) => row.find(".orc-time").val())
			.map((one) => ({ ...one, at: this.moment(one.row.find(".orc-time").val()) }))
			.sort((one, other) => one.at.localeCompare(other.at));
		const button = this.body.find(".orc-send button").prop("disabled", true);
		let accepted = 0;
		for (const one of rows) accepted += (await this.enter_line(one)) ? 1 : 0;
		button.prop("disabled", false);
		if (accepted) await this.add_new();
		this.body
			.find(".orc-send [role=status]")
			.text(
				rows.length
					? __("Accepted: {0}, refused: {1}", [accepted, rows.length - accepted])
					: __("Give a time to at least one line."),
			);
	}

	async enter_line({ row, line, at }) {
		const value = (name) => (row.find(name).val() || "").trim();
		const words = [value(".orc-who"), value(".orc-words")].filter(Boolean).join(": ");
		const result = row.find(".orc-result");
		try {
			const request = this.request(line, { words, outcome: value(".orc-outcome"), row, at });
			const answer = await outage_response.post(...request);
			row.removeClass("orc-refused").addClass("orc-accepted").find("input, select").prop("disabled", true);
			const waits = answer.waiting_for === "read_back" ? ` ${__("Somebody else reads it back.")}` : "";
			result.text(`${__("Accepted for {0}.", [at.slice(0, 16)])}${waits} ${(answer.warnings || []).join(" ")}`);
			return true;
		} catch (refusal) {
			row.addClass("orc-refused");
			result.html(`${__("Refused.")} ${outage_response.refusal_html(refusal)}`);
			return false;
		}
	}

	/** [verb, arguments] */
	request(line, { words, outcome, row, at }) {
		const common = { occurred_at: at };
		const incident = this.incident;
		const nodes = line.node ? JSON.stringify([line.node]) : undefined;
		const level = row.find(".orc-level").val() || undefined;
		if (line.verb === "confirm")
			return ["confirm", { incident, cause_type: outcome, cause: words || null, level, ...common }];
		if (line.verb === "supply_back") return ["supply_back", { incident, nodes, source: words || null, ...common }];
		if (line.verb === "stand_down") return ["stand_down", { incident, ...common }];
		if (line.held) return ["arrive", { task: line.task, user: row.find(".orc-stood").val() || undefined, ...common }];
		return [
			"complete",
			{
				task: line.task,
				outcome: outcome || null,
				people: row.find(".orc-people").val() || null,
				checks: row
					.find(".orc-check:checked")
					.toArray()
					.map((box) => box.value),
				exceptions: row
					.find(".orc-item:checked")
					.toArray()
					.map((box) => ({ item: box.value, note: $(box).closest("div").find("input.form-control").val() })),
				evidence: words || null,
				evidence_later: line.later && !words,
				...common,
			},
		];
	}
};
