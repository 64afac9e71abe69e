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
			<p class="orc-send" hidden><button class="btn btn-primary" type="submit">${__("Enter all lines with a time")}</button>
			<span role="status"></span></p></form>
		</div>`).appendTo(page.main);
		this.body.find("form").on("submit", (event) => {
			event.preventDefault();
			this.enter();
		});
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
			)} · <a href="/app/outage-incident/${encodeURIComponent(incident.name)}">${esc(incident.name)}</a></h2>
			<p>${__("Give a time to every step that stands on the card. The other lines are left alone; other departments enter their own steps.")}</p>
			<label class="orc-day">${__("The times begin on")} <input type="date" class="form-control" value="${incident.reported_at.slice(0, 10)}"></label>`,
		);
		this.lines = [
			...(may.confirm
				? [{ verb: "confirm", title: __("Cause known"), outcomes: this.data.cause_types, outcome_label: __("Cause") }]
				: []),
			...lines.filter((line) => line.may),
			...(may.supply_back ? [{ verb: "supply_back", title: __("Supply is back everywhere") }] : []),
		].map((line, index) => this.whole(line, index));
		this.body
			.find(".orc-lines")
			.html(this.lines.map((line) => this.line(line)).join("") || `<p>${__("Nothing here is yours to enter.")}</p>`);
		this.body.find(".orc-send").prop("hidden", !this.lines.length);
	}

	whole(line, index) {
		return { checks: [], outcomes: [], items: [], index, ...line };
	}

	/** Steps that came since (people were trapped, another node is back) go below; nothing typed above is lost. */
	async add_new() {
		if (!this.lines) return;
		const { lines } = await outage_response.read("command.run_card_lines", { incident: this.incident });
		const known = new Set(this.lines.map((line) => line.task));
		for (const line of lines.filter((one) => one.may && !known.has(one.task))) {
			this.lines.push(this.whole(line, this.lines.length));
			this.body.find(".orc-lines").append(this.line(this.lines[this.lines.length - 1]));
		}
	}

	line(line) {
		const esc = outage_response.escape;
		const title = `${line.no ? `${line.no}. ` : ""}${esc(line.title)}${line.subject ? `: <b>${esc(line.subject)}</b>` : ""}`;
		const label = (text) => `aria-label="${esc(text)}: ${esc(line.title)} ${esc(line.subject || "")}"`;
		const outcome = line.outcomes.length
			? `<select class="form-control orc-outcome" ${label(line.outcome_label || __("Outcome"))}><option value="">${esc(
					line.outcome_label || __("Outcome"),
				)}</option>${line.outcomes.map((one) => `<option value="${esc(one.value)}">${esc(one.label)}</option>`).join("")}</select>`
			: line.checks.length
				? `<div>${line.checks
						.map(
							(one) =>
								`<label><input type="checkbox" class="orc-check" value="${esc(one.value)}"> ${esc(one.label)}</label>`,
						)
						.join("<br>")}</div>`
				: "<span></span>";
		// a post keeps no words: what stands here would be lost
		const words = line.held
			? "<span></span><span></span>"
			: `<input class="form-control orc-who" ${label(__("By whom"))} placeholder="${__("By whom")}" maxlength="140">
			<input class="form-control orc-words" ${label(__("What was written"))} placeholder="${
				line.evidence === "reading" ? __("Reading") : __("What was written")
			}" maxlength="500">`;
		return `<div class="orc-line" data-index="${line.index}"><div>${title}</div>
			<input type="time" class="form-control orc-time" ${label(__("Time"))}>
			${outcome}
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
		if (line.verb === "confirm") return ["confirm", { incident, cause_type: outcome, cause: words || null, ...common }];
		if (line.verb === "supply_back") return ["supply_back", { incident, source: words || null, ...common }];
		if (line.held) return ["arrive", { task: line.task, ...common }];
		return [
			"complete",
			{
				task: line.task,
				outcome: outcome || null,
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
