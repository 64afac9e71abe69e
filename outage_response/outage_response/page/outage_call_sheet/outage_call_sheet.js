frappe.pages["outage-call-sheet"].on_page_load = (wrapper) => {
	const page = frappe.ui.make_app_page({ parent: wrapper, title: __("Call Sheet"), single_column: true });
	wrapper.sheet = new outage_response.CallSheet(wrapper, page);
};

outage_response.CallSheet = class CallSheet {
	constructor(wrapper, page) {
		this.body = $(`<div class="ocs">
			<div class="ocs-trapped"></div>
			<div class="ocs-alarm"></div>
			<div class="ocs-head"></div>
			<div class="ocs-line"></div>
			<div class="ocs-waiting"></div>
			<ol class="ocs-calls"></ol>
			<details class="ocs-done" style="display: none"><summary></summary><ol></ol></details>
		</div>`).appendTo(page.main);
		this.body.on("click", "[data-do]", (event) => this.act(event.currentTarget));
		this.dialled = new Map(); // task -> the number touched last, and whose it is
		this.body.on("click", ".ocs-number a", (event) => this.dial(event.currentTarget));
		this.body.on("click", "[data-trapped]", (event) => {
			outage_response.trapped_clicked(event.currentTarget, this.data.trapped, { on_done: () => this.load() });
		});
		this.line = new outage_response.CallLine(this.body.find(".ocs-line")[0], () => this.load());
		outage_response.watch(wrapper, { read: () => this.load(), tick: () => outage_response.tick(this.body[0]) });
	}

	async load() {
		const incident = frappe.get_route()[1];
		if (incident !== this.incident) this.clear();
		this.incident = incident;
		this.line.prepare();
		outage_response.show_alarm(this.body.find(".ocs-alarm")[0], incident);
		const is_newest = outage_response.begin_reading(this);
		try {
			const data = incident
				? await outage_response.read("command.call_sheet", { incident })
				: await outage_response.running_html("outage-call-sheet", true);
			if (incident !== this.incident || !is_newest()) return; // another one was opened meanwhile
			if (!incident) {
				this.fill(".ocs-head", data);
				return this.body.attr("data-open", 0);
			}
			this.data = data;
			outage_response.set_now(data.now);
			this.render();
		} catch (refusal) {
			const html = outage_response.refused_html(refusal);
			if (incident === this.incident && is_newest()) this.fill(".ocs-head", html);
		}
	}

	clear() {
		this.data = null;
		this.line.set_property("");
		for (const part of [".ocs-trapped", ".ocs-head", ".ocs-waiting", ".ocs-calls", ".ocs-done ol"]) this.fill(part, "");
		this.body.find(".ocs-done").hide();
	}

	fill(selector, html) {
		outage_response.fill(this.body.find(selector)[0], html);
	}

	render() {
		const { incident, calls } = this.data;
		const esc = outage_response.escape;
		const title = [incident.level, incident.property, incident.status_label].map(esc).join(" · ");
		this.fill(
			".ocs-head",
			`<h2>${outage_response.drill_html(incident)}${title}</h2>
			<p><a href="${outage_response.desk_url("outage-incident", incident.name)}">${esc(incident.name)}</a> · <a href="${outage_response.desk_url("outage-command-centre")}">${__("Command Centre")}</a></p>`,
		);
		this.fill(".ocs-trapped", outage_response.trapped_html(this.data.trapped));
		this.fill(".ocs-waiting", outage_response.waiting_html(this.data.waiting));
		const open = calls.filter((one) => one.open);
		const done = calls.filter((one) => !one.open);
		this.fill(
			".ocs-calls",
			open.map((one) => this.call(one)).join("") || `<li class="ocs-none">${__("Every call is made.")}</li>`,
		);
		this.fill(".ocs-done ol", done.map((one) => this.done(one)).join(""));
		this.body
			.find(".ocs-done")
			.toggle(done.length > 0)
			.find("summary")
			.text(__("Done: {0}", [done.length]));
		this.body.attr("data-open", open.length);
		this.line.set_property(incident.property);
	}

	call(one) {
		const esc = outage_response.escape;
		const numbers = one.who
			.map(
				(who, index) =>
					`<div class="ocs-number${this.dialled.get(one.task)?.phone === who.phone ? " ocs-dialled" : ""}" data-task="${esc(one.task)}" data-index="${index}">${
						who.name && who.name !== one.callee ? `${esc(who.name)} ` : ""
					}${outage_response.tel_html(who.phone)}</div>`,
			)
			.join("");
		const tried = one.attempts
			? `<b class="ocs-tried">${__("no answer: {0}, last {1}", [one.attempts, outage_response.moment(one.last_attempt)])}</b>`
			: "";
		const about = one.subject && one.subject !== one.callee ? `${one.callee}, ${one.subject}` : one.callee;
		const button = (verb, label, kind, outcome = "") =>
			`<button class="btn btn-${kind}" data-do="${verb}" data-task="${esc(one.task)}" data-outcome="${esc(outcome)}"
				data-key="${verb} ${esc(outcome)} ${esc(one.task)}" aria-label="${esc(label)}: ${esc(about)}">${esc(label)}</button>`;
		// What ends by a choice has a button for each of its outcomes
		const answers = one.outcomes.length
			? one.outcomes.map(([outcome, label]) => button("outcome", label, "success", outcome)).join("")
			: button("answered", one.comes ? __("Answered, coming") : __("Answered"), "success");
		const buttons = !one.may
			? ""
			: one.kind === "arrival"
				? button("arrived", __("On site"), "success")
				: answers +
					button("no_answer", __("No answer"), "default") +
					(one.optional ? button("skip", __("Not needed"), "default") : "");
		const when = one.optional ? __("only if needed") : one.due_at ? `<span data-due="${esc(one.due_at)}"></span>` : "";
		return `<li class="ocs-call outage-timed">
			<div class="ocs-who"><b>${esc(one.callee)}</b>${numbers || `<div class="ocs-number">${__("No number on record")}</div>`}</div>
			<div class="ocs-why">${about === one.callee ? "" : `<b>${esc(one.subject)}</b> `}${esc(one.title)}<small>${when}</small>${tried}</div>
			<div class="ocs-buttons">${buttons}</div></li>`;
	}

	done(one) {
		const esc = outage_response.escape;
		const task = esc(one.task);
		const note =
			one.may && one.status === "Done"
				? `<button class="btn btn-default btn-sm" data-do="note" data-task="${task}" data-key="note ${task}">${__("Add a note")}</button>`
				: "";
		return `<li><b>${outage_response.moment(one.done_at)} ${esc(one.callee)}</b> ${esc(one.evidence || one.reason)} ${note}</li>`;
	}

	// ------------------------------------------------------------ what is done

	/** Marks whom the operator calls, so that the answer is written down as theirs. */
	dial(link) {
		const { task, index } = link.parentElement.dataset;
		this.dialled.set(task, this.data.calls.find((call) => call.task === task).who[Number(index)]);
		this.render();
	}

	/** Who was called: the number touched last, or the only one there is. With several and none touched, nobody is named. */
	called({ task, callee, who }) {
		const person = this.dialled.get(task) || (who.length === 1 ? who[0] : null);
		const words = [callee, person?.name, person?.phone].filter(Boolean);
		return [...new Set(words)].join(" ");
	}

	async act(button) {
		const one = this.data.calls.find((call) => call.task === button.dataset.task);
		const verb = button.dataset.do;
		if (verb === "note") return this.note(one);
		if (verb === "skip") return this.skip(one);
		const who = this.called(one);
		const { task } = one;
		const [method, args] = {
			answered: [
				"complete",
				{ task, evidence: one.comes ? __("{0}: answered, coming", [who]) : __("{0}: answered", [who]) },
			],
			outcome: ["complete", { task, outcome: button.dataset.outcome, evidence: who }],
			arrived: ["complete", { task, evidence: __("{0}: on site", [one.callee]) }],
			no_answer: ["no_answer", { task, note: who }],
		}[verb];
		button.disabled = true;
		try {
			await outage_response.post(method, args);
			this.dialled.delete(task);
		} catch (refusal) {
			outage_response.show_refusal(refusal);
		} finally {
			button.disabled = false;
		}
		await this.load();
	}

	note({ task, callee }) {
		outage_response.ask({
			verb: "add_evidence",
			title: callee,
			label: __("Add"),
			happened: false,
			fields: [{ fieldname: "evidence", fieldtype: "Small Text", label: __("What was said"), reqd: 1 }],
			args: ({ evidence }) => ({ task, evidence }),
			on_done: () => this.load(),
		});
	}

	skip({ task, callee }) {
		outage_response.ask({
			verb: "skip",
			title: callee,
			label: __("Not needed"),
			happened: false,
			fields: [{ fieldname: "reason", fieldtype: "Data", label: __("Why is it not needed?"), reqd: 1 }],
			args: ({ reason }) => ({ task, reason }),
			on_done: () => this.load(),
		});
	}
};
