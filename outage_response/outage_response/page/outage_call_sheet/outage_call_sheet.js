frappe.pages["outage-call-sheet"].on_page_load = (wrapper) => {
	const page = frappe.ui.make_app_page({ parent: wrapper, title: __("Call Sheet"), single_column: true });
	wrapper.sheet = new outage_response.CallSheet(wrapper, page);
};

outage_response.CallSheet = class CallSheet {
	constructor(wrapper, page) {
		this.body = $(`<div class="ocs">
			<div class="ocs-head"></div>
			<form class="ocs-incoming" hidden>
				<h2>${__("A resident calls")}</h2>
				<div class="ocs-unit"><input class="form-control" list="ocs-units" autocomplete="off" placeholder="${__("Unit")}" aria-label="${__("Unit")}"><datalist id="ocs-units"></datalist></div>
				<input class="form-control ocs-phone" type="tel" autocomplete="off" placeholder="${__("Number")}" aria-label="${__("Number")}">
				<input class="form-control ocs-words" maxlength="500" autocomplete="off" placeholder="${__("What they say, then Enter")}" aria-label="${__("What they say, then Enter")}">
				<button class="btn btn-default" type="submit">${__("Keep")}</button>
				<div class="ocs-kept" role="status"></div>
				<ul class="ocs-not-kept" role="alert"></ul>
			</form>
			<div class="ocs-waiting"></div>
			<ol class="ocs-calls"></ol>
			<details class="ocs-done" style="display: none"><summary></summary><ol></ol></details>
		</div>`).appendTo(page.main);
		this.body.on("click", "[data-do]", (event) => this.act(event.currentTarget));
		this.dialled = new Map(); // task -> the number touched last, and whose it is
		this.body.on("click", ".ocs-number a", (event) => this.dial(event.currentTarget));
		this.body.find(".ocs-incoming").on("submit", (event) => {
			event.preventDefault();
			this.keep();
		});
		outage_response.watch(wrapper, { read: () => this.load(), tick: () => outage_response.tick(this.body[0]) });
	}

	async load() {
		const incident = frappe.get_route()[1];
		if (incident !== this.incident) this.clear();
		this.incident = incident;
		const is_newest = outage_response.begin_reading(this);
		try {
			const data = incident
				? await outage_response.read("command.call_sheet", { incident })
				: await outage_response.running_html("outage-call-sheet", true);
			if (incident !== this.incident || !is_newest()) return; // another one was opened meanwhile
			if (!incident) return this.fill(".ocs-head", data);
			this.data = data;
			outage_response.set_now(data.now);
			this.render();
		} catch (refusal) {
			const html = outage_response.refused_html(refusal);
			if (incident === this.incident && is_newest()) this.fill(".ocs-head", html);
		}
	}

	clear() {
		for (const part of [".ocs-head", ".ocs-waiting", ".ocs-calls", ".ocs-done ol"]) this.fill(part, "");
		this.body.find(".ocs-done").hide();
		this.body.find(".ocs-incoming").prop("hidden", true);
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
		this.incoming();
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
		const button = (verb, label, kind) =>
			`<button class="btn btn-${kind}" data-do="${verb}" data-task="${esc(one.task)}" data-key="${verb} ${esc(one.task)}"
				aria-label="${label}: ${esc(one.callee)}">${label}</button>`;
		const buttons = !one.may
			? ""
			: one.kind === "arrival"
				? button("arrived", __("On site"), "success")
				: button("answered", one.comes ? __("Answered, coming") : __("Answered"), "success") +
					button("no_answer", __("No answer"), "default") +
					(one.optional ? button("skip", __("Not needed"), "default") : "");
		return `<li class="ocs-call outage-timed">
			<div class="ocs-who"><b>${esc(one.callee)}</b>${numbers || `<div class="ocs-number">${__("No number on record")}</div>`}</div>
			<div class="ocs-why">${esc(one.title)}<small>${
				one.optional ? __("only if needed") : one.due_at ? `<span data-due="${esc(one.due_at)}"></span>` : ""
			}</small>${tried}</div>
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

	// ------------------------------------------------------------ incoming calls, one line each

	incoming() {
		const form = this.body.find(".ocs-incoming");
		form.prop("hidden", !this.data.may_note);
		if (!this.data.may_note || this.unit) return;
		this.unit = form.find(".ocs-unit input");
		const suggest = frappe.utils.debounce(() => this.suggest(), 200);
		this.unit.on("input", suggest);
	}

	/** Units whose number begins so, for the browser's own list of suggestions. */
	async suggest() {
		const typed = this.unit.val().trim();
		if (!typed) return;
		const asked = outage_response.list("Property Unit", {
			filters: { property: this.data.incident.property, unit_no: ["like", `${typed}%`] },
			fields: ["unit_no"],
			order_by: "unit_no",
			limit: 12,
		});
		const found = await asked.catch(() => []); // a help while typing; what is wrong is said when the call is kept
		this.body
			.find("#ocs-units")
			.html(found.map((one) => `<option value="${outage_response.escape(one.unit_no)}">`).join(""));
	}

	/** What stands in the line: {unit, phone, words}. */
	typed() {
		const value = (field) => (this.body.find(`.ocs-incoming ${field}`).val() || "").trim();
		return { unit: value(".ocs-unit input"), phone: value(".ocs-phone"), words: value(".ocs-words") };
	}

	write({ unit = "", phone = "", words = "" } = {}) {
		this.unit.val(unit).trigger("focus");
		this.body.find(".ocs-phone").val(phone);
		this.body.find(".ocs-words").val(words);
	}

	/** The line is free for the next caller at once. */
	async keep() {
		const typed = this.typed();
		this.body.find(".ocs-kept").removeClass("ocs-alarm").empty();
		if (!typed.unit && !typed.words) return this.unit.trigger("focus");
		this.write();
		await this.keep_call(typed, this.data.incident.property);
	}

	/** The unit of this number: its name, "" for none, null for one that is not there. */
	async unit_named(unit_no, property) {
		if (!unit_no) return "";
		const found = await outage_response.list("Property Unit", { filters: { property, unit_no }, limit: 1 });
		return found.length ? found[0].name : null;
	}

	async keep_call(typed, property) {
		const place = typed.unit || __("no unit");
		const line = this.body.find(".ocs-kept").text(__("{0}: is being kept", [place]));
		try {
			const unit = await this.unit_named(typed.unit, property);
			if (unit === null) {
				const text = outage_response.escape(__("There is no unit {0} here. Choose one of the list.", [place]));
				return this.not_kept(typed, property, text);
			}
			const kept = await outage_response.post("record_call", {
				property,
				unit: unit || null,
				phone: typed.phone || null,
				words: typed.words || null,
			});
			const text = [
				kept.danger ? __("DANGER, the control room is rung.") : __("Kept."),
				kept.incident ? __("Belongs to {0}.", [kept.incident]) : __("No outage explains it yet."),
			].join(" ");
			line.toggleClass("ocs-alarm", kept.danger).text(`${place}: ${text}`);
		} catch (refusal) {
			this.not_kept(typed, property, outage_response.refusal_html(refusal));
		}
	}

	/** Nothing that was typed is lost: it comes back into the line, or, with the next caller in there, stands below it. */
	not_kept(typed, property, why) {
		const line = this.body.find(".ocs-kept").removeClass("ocs-alarm").empty();
		if (!Object.values(this.typed()).some(Boolean)) {
			line.html(`<span class="outage-red">${__("Not kept.")}</span> ${why}`);
			return this.write(typed);
		}
		const said = Object.values(typed).filter(Boolean).map(outage_response.escape).join(" · ");
		const item = $(`<li><b>${__("Not kept.")}</b> ${said} ${why}
			<button type="button" class="btn btn-default btn-sm">${__("Try again")}</button></li>`);
		item.appendTo(this.body.find(".ocs-not-kept"));
		item.find("button").on("click", () => {
			item.remove();
			this.keep_call(typed, property);
		});
	}
};
