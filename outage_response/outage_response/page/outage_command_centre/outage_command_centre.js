frappe.pages["outage-command-centre"].on_page_load = (wrapper) => {
	const page = frappe.ui.make_app_page({ parent: wrapper, title: __("Command Centre"), single_column: true });
	wrapper.centre = new outage_response.CommandCentre(wrapper, page);
};

const ALARM_EVERY = 10000; // ms; until somebody takes the danger

outage_response.CommandCentre = class CommandCentre {
	constructor(wrapper, page) {
		this.page = page;
		this.muted = localStorage.getItem("outage_muted") === "1";
		this.heard_at = 0;
		this.alarm_every = ALARM_EVERY;
		this.body = $(`<div class="occ">
			<p class="occ-heard" role="status"></p>
			<div class="occ-trapped" role="alert"></div>
			<div class="occ-dangers" role="alert"></div>
			<div class="occ-alarm"></div>
			<div class="occ-line"></div>
			<div class="occ-proposals"></div>
			<div class="occ-waiting"></div>
			<div class="occ-cards"></div>
		</div>`).appendTo(page.main);
		page.set_primary_action(__("Declare an Outage"), () => this.declare(), "add");
		// In the head, where no menu hides it on a phone
		$(`<button type="button" class="btn btn-sm occ-people">${__("People trapped")}</button>`)
			.prependTo(page.standard_actions)
			.on("click", () => outage_response.report_people({ on_done: () => this.load() }));
		this.mute_button = page.add_button("", () => this.mute());
		this.show_mute();
		this.body.on("click", "[data-do]", (event) => this.act(event.currentTarget));
		this.body.on("click", "[data-trapped]", (event) => {
			const more = { first_words: this.data.seen, on_done: () => this.load() };
			outage_response.trapped_clicked(event.currentTarget, this.data.trapped, more);
		});
		this.line = new outage_response.CallLine(this.body.find(".occ-line")[0], () => this.load());
		this.unfolded = new Map(); // incident -> who knows, of those that are unfolded
		this.body.on("click", ".occ-known summary", (event) => this.fold_known(event));
		outage_response.watch(wrapper, { read: () => this.load(), tick: () => this.tick() });
	}

	async load() {
		this.line.prepare();
		outage_response.show_alarm(this.body.find(".occ-alarm")[0]);
		const is_newest = outage_response.begin_reading(this);
		try {
			const data = await outage_response.read("command.centre");
			const known = await this.read_known(data);
			if (!is_newest()) return;
			outage_response.set_now(data.now);
			this.heard_at = performance.now();
			this.lost = false;
			this.sound(data);
			this.data = data;
			for (const name of this.unfolded.keys())
				if (known.has(name)) this.unfolded.set(name, known.get(name));
				else if (!data.incidents.some((one) => one.name === name)) this.unfolded.delete(name);
			this.page.btn_primary.toggle(data.may.declare);
			this.render();
		} catch (refusal) {
			const html = outage_response.refused_html(refusal);
			if (!is_newest()) return;
			this.lost = true;
			if (!refusal.offline) this.fill(".occ-proposals", html);
		}
		this.tick();
	}

	// ------------------------------------------------------------ what is shown

	render() {
		const { trapped, dangers, proposals, incidents } = this.data;
		this.fill(".occ-trapped", outage_response.trapped_html(trapped));
		this.fill(".occ-dangers", dangers.map((one) => this.danger(one)).join(""));
		this.fill(".occ-proposals", proposals.map((one) => this.proposal(one)).join(""));
		this.fill(".occ-waiting", outage_response.waiting_html(this.data.waiting));
		this.fill(
			".occ-cards",
			incidents.map((one) => this.card(one)).join("") ||
				`<div class="occ-calm"><h2>${__("No outage is running.")}</h2><p>${__(
					"New ones appear here by themselves.",
				)}</p></div>`,
		);
		this.body.attr("data-incidents", incidents.length);
	}

	fill(selector, html) {
		outage_response.fill(this.body.find(selector)[0], html);
	}

	danger(one) {
		const esc = outage_response.escape;
		const where = [one.property, one.place].filter(Boolean).map(esc).join(" · ");
		const what = one.left ? __("left the spot for danger") : __("danger reported");
		const link = one.incident
			? `<a href="${outage_response.desk_url("outage-incident", one.incident)}">${esc(one.incident)}</a>`
			: "";
		const name = esc(one.call || one.task);
		const take =
			!one.taken && this.data.may.take
				? `<button class="btn btn-sm" data-do="${one.call ? "take_call" : "take_danger"}" data-name="${name}" data-key="take ${name}">${__("I see to it")}</button>`
				: "";
		const said = one.words ? ` <q>${esc(one.words)}</q>` : "";
		return `<div class="occ-danger${one.taken ? " occ-taken" : ""}"><b>${outage_response.moment(one.at)}</b> <span>${outage_response.titled(where, what)}${
			one.taken ? ` · ${__("somebody sees to it")}` : ""
		}${said}</span> ${link} ${take}</div>`;
	}

	proposal(one) {
		const esc = outage_response.escape;
		const text = __("{0} callers at {1}, {2}, since {3}", [
			one.callers,
			esc(one.property),
			esc(one.place),
			outage_response.moment(one.first_call_at),
		]);
		const button = (name, label, kind) =>
			`<button class="btn btn-${kind}" data-do="${name}" data-name="${esc(one.name)}" data-key="${name} ${esc(
				one.name,
			)}">${label}</button>`;
		return `<div class="occ-proposal${one.danger ? " occ-urgent" : ""}">
			<div><b>${__("Power outage?")}</b> ${text}${one.danger ? ` <b>${__("DANGER")}</b>` : ""}</div>
			<div>${this.data.may.declare ? button("declare_proposal", __("Declare"), "danger") : ""}
			${this.data.may.dismiss ? button("dismiss_proposal", __("Dismiss"), "default") : ""}</div></div>`;
	}

	card(one) {
		const esc = outage_response.escape;
		const { dark } = one;
		const name = esc(one.name);
		const link = (page, key, label) =>
			`<a class="btn btn-default" data-key="${key} ${name}" href="${outage_response.desk_url(page, one.name)}">${label}</a>`;
		return `<section class="occ-card${dark ? "" : " occ-light"}" aria-label="${esc(one.property)}" style="--level: ${esc(
			one.colour || "#777",
		)}">
			<header>
				<span class="occ-level" title="${esc(one.level_title)}">${esc(one.level)}</span>
				<div><h2>${esc(one.property)}</h2>
				<p>${outage_response.drill_html(one)}${esc(one.status_label)} · ${esc(one.where.join(", ") || one.headline)}</p></div>
				<div class="occ-out"><b data-since="${esc(one.since)}" data-until="${esc(one.until)}"></b><small>${
					dark ? __("without power") : __("was without power")
				}</small></div>
			</header>
			<dl class="occ-figures">${this.figures(one, dark)}</dl>
			${this.life(one)}${this.bare(one)}${this.overdue(one)}${this.silent(one)}
			${this.who_knows(one)}
			<footer>
				${link("outage-incident", "open", __("Open the incident"))}
				${link("outage-call-sheet", "calls", __("Call Sheet"))}
				${link("outage-run-card", "card", __("Enter Run Card"))}
			</footer>
		</section>`;
	}

	figures(one, dark) {
		const esc = outage_response.escape;
		const figure = (label, value, note = "", bad = false) =>
			`<div class="outage-timed${bad ? " occ-bad" : ""}"><dt>${label}</dt><dd>${value}${note ? `<small>${note}</small>` : ""}</dd></div>`;
		const found = [];
		if (dark) {
			found.push(figure(__("Units out"), one.units_out, __("of {0}", [one.units])));
			const moved = one.etr_moves ? __("moved: {0}×", [one.etr_moves]) : "";
			found.push(
				one.etr
					? figure(
							__("Back at"),
							outage_response.moment(one.etr),
							[one.etr_overdue ? __("overdue") : "", moved].filter(Boolean).join(", "),
							one.etr_overdue,
						)
					: figure(__("Back at"), "?", moved || __("not known")),
			);
			if (one.battery)
				found.push(
					figure(
						__("Lowest battery"),
						one.battery.until ? `<span data-left="${esc(one.battery.until)}"></span>` : "?",
						esc(one.battery.label),
					),
				);
			if (one.care)
				found.push(
					figure(
						__("Care equipment"),
						one.care.until ? `<span data-left="${esc(one.care.until)}"></span>` : "?",
						__("homes: {0}", [one.care.count]),
					),
				);
		}
		if (one.callbacks) found.push(figure(__("Callbacks left"), one.callbacks));
		found.push(figure(__("Steps open"), one.open));
		return found.join("");
	}

	list(kind, title, items) {
		return items.length ? `<div class="occ-${kind}"><h3>${title}</h3><ul>${items.join("")}</ul></div>` : "";
	}

	step(one) {
		const esc = outage_response.escape;
		return `<li class="${one.overdue ? "occ-late" : ""}"><a href="${outage_response.desk_url("outage-task", one.task)}">${esc(
			one.subject ? outage_response.titled(one.subject, one.title) : one.title,
		)}</a> <small>${esc(one.status)}, ${esc(one.who)}${
			one.due_at ? `, ${__("due {0}", [outage_response.moment(one.due_at)])}` : ""
		}</small></li>`;
	}

	/** What concerns lives: each step a line, the checks of the elevators one line with a chip for each that is open. */
	life(one) {
		const checks = one.life.filter((step) => step.check);
		const others = one.life.filter((step) => !step.check);
		return this.list("life", __("Life safety"), [
			...others.map((step) => this.step(step)),
			...(checks.length ? [this.checks(one.checks, checks)] : []),
		]);
	}

	checks({ of, done }, open) {
		const esc = outage_response.escape;
		const chips = open.map(
			(step) =>
				`<a class="occ-check${step.overdue ? " occ-late" : ""}" data-key="check ${esc(step.task)}" title="${esc(
					`${step.status}, ${step.who}`,
				)}" href="${outage_response.desk_url("outage-task", step.task)}">${esc(step.subject)}${
					step.overdue ? ` <b>${__("late")}</b>` : ""
				}</a>`,
		);
		const who = [...new Set(open.map((step) => step.who))];
		return `<li>${__("Elevators looked into: {0} of {1}", [done, of])} <small>${esc(who.join(" / "))}</small>
			<div class="occ-checks">${chips.join("")}</div></li>`;
	}

	bare(one) {
		const posts = one.bare.map(
			(step) =>
				`<li><b>${outage_response.escape(step.subject || step.title)}</b> <small>${outage_response.escape(step.who)}</small></li>`,
		);
		return this.list("bare", __("Posts without a guard: {0} of {1}", [one.bare.length, one.posts]), posts);
	}

	overdue(one) {
		const esc = outage_response.escape;
		const rows = one.overdue.map(
			(row) =>
				`<li><b>${esc(row.department)}: ${row.count}</b> <small>${esc(row.first.title)}, ${__("since {0}", [
					outage_response.moment(row.since),
				])}</small></li>`,
		);
		return this.list("overdue", __("Overdue"), rows);
	}

	silent(one) {
		const rows = one.silent.map(
			(row) =>
				`<li><b>${outage_response.escape(row.name)}</b> ${outage_response.tel_html(row.phone)} <small>${__("steps: {0}", [row.count])}, <span data-since="${outage_response.escape(row.since)}"></span></small></li>`,
		);
		return this.list("silent", __("Has not answered"), rows);
	}

	who_knows(one) {
		const known = this.unfolded.get(one.name);
		const { title, table } = known ? outage_response.who_knows_html(known) : { title: __("Who knows"), table: "" };
		const name = outage_response.escape(one.name);
		return `<details class="occ-known" data-name="${name}" ${known ? "open" : ""}><summary data-key="known ${name}">${title}</summary>${table}</details>`;
	}

	async fold_known(event) {
		event.preventDefault();
		const { name } = event.currentTarget.parentElement.dataset;
		if (this.unfolded.delete(name)) return this.render();
		this.unfolded.set(name, { people: [] });
		await this.load();
	}

	/** incident -> who knows, of those that are unfolded. */
	async read_known({ incidents }) {
		const names = incidents.map((one) => one.name).filter((name) => this.unfolded.has(name));
		return new Map(await Promise.all(names.map(async (name) => [name, await outage_response.load_who_knows(name)])));
	}

	tick() {
		outage_response.tick(this.body[0]);
		outage_response.show_age(this.body.find(".occ-heard")[0], this.heard_at, this.lost);
		this.sound_again();
	}

	// ------------------------------------------------------------ what is done

	async act(button) {
		const { do: verb, name } = button.dataset;
		if (verb === "take_call") return outage_response.take(verb, { call: name }, () => this.load());
		if (verb === "take_danger") return outage_response.take(verb, { task: name }, () => this.load());
		if (verb === "dismiss_proposal") return outage_response.dismiss_proposal(name, () => this.load());
		button.disabled = true;
		await outage_response.declare_proposal(name);
		await this.load();
		button.disabled = false;
	}

	declare() {
		outage_response.declare({ seen: this.data?.seen, on_done: () => this.load() });
	}

	// ------------------------------------------------------------ sound

	sound(data) {
		const ids = new Set([
			...data.incidents.map((one) => one.name),
			...data.dangers.map((one) => `${one.at} ${one.place} ${one.words}`),
			...data.trapped.map((one) => one.name),
			...data.proposals.map((one) => one.name),
			...data.waiting.map((one) => one.name),
		]);
		if (this.known && !this.muted && [...ids].some((id) => !this.known.has(id))) this.beep();
		this.known = ids;
	}

	/** A danger that nobody has taken, or people in an elevator whose rescue nobody has taken, sound on. */
	sound_again() {
		const waits = this.data?.dangers.some((one) => !one.taken) || this.data?.trapped.some(outage_response.is_untaken);
		if (!waits || this.muted) return;
		if (this.beeped_at && performance.now() - this.beeped_at < this.alarm_every) return;
		this.beep();
	}

	/** Three short tones. Browsers stay silent until the page was touched once. */
	beep() {
		this.beeped_at = performance.now();
		const Context = window.AudioContext || window.webkitAudioContext;
		if (!Context) return;
		this.audio = this.audio || new Context();
		this.audio.resume();
		[0, 0.25, 0.5].forEach((delay) => {
			const tone = this.audio.createOscillator();
			const loudness = this.audio.createGain();
			tone.frequency.value = 880;
			loudness.gain.value = 0.2;
			tone.connect(loudness).connect(this.audio.destination);
			tone.start(this.audio.currentTime + delay);
			tone.stop(this.audio.currentTime + delay + 0.15);
		});
		this.beeps = (this.beeps || 0) + 1;
		this.body.attr("data-beeps", this.beeps);
	}

	mute() {
		this.muted = !this.muted;
		localStorage.setItem("outage_muted", this.muted ? "1" : "0");
		this.show_mute();
		if (!this.muted) this.beep();
	}

	show_mute() {
		this.mute_button
			.text(this.muted ? __("Sound is off") : __("Sound is on"))
			.attr("aria-pressed", String(!this.muted));
	}
};
