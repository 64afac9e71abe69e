// Somebody calls: one line for unit, number and words, on the command centre and the call sheet, whether an outage runs or not.
// The line is free for the next caller at once, and nothing that was typed is lost.
frappe.provide("outage_response");

const escape = outage_response.escape;
const SHORTEST_NUMBER = 7; // digits, see domain/phone_numbers.py
let lines = 0;

// Engineers and guards cannot: residents stand on a unit
const can_read_units = () => frappe.model.can_read("Property Unit");

const input = (name, label, more = "") =>
	`<input class="form-control ${name}" autocomplete="off" placeholder="${label}" aria-label="${label}" ${more}>`;

const option = (value, label) => `<option value="${escape(value)}">${escape(label)}</option>`;

outage_response.CallLine = class CallLine {
	/** In the element `place`; `on_kept()` after each call that was kept. */
	constructor(place, on_kept) {
		this.on_kept = on_kept;
		this.number = lines++;
		this.properties = [];
		this.places = []; // elevators, as api/command.py has them
		this.form = $(`<form class="ocs-incoming" hidden>
			<h2>${__("A resident calls")}</h2>
			<select class="form-control ocs-property" aria-label="${__("Property")}"></select>
			<div class="ocs-unit" ${can_read_units() ? "" : "hidden"}>
				${input("", __("Unit"), `list="ocs-units-${this.number}"`)}<datalist class="ocs-units" id="ocs-units-${this.number}"></datalist>
			</div>
			${input("ocs-phone", __("Number"), 'type="tel"')}
			${input("ocs-words", can_read_units() ? __("What they say, then Enter") : __("Unit, and what they say, then Enter"), 'maxlength="500"')}
			<button class="btn btn-default" type="submit">${__("Keep")}</button>
			<div class="ocs-home" role="status"></div>
			<div class="ocs-switches">
				<label class="ocs-switch"><input type="checkbox" class="ocs-danger"> ${__("Danger")}</label>
				<label class="ocs-switch"><input type="checkbox" class="ocs-inside"> ${__("People trapped")}</label>
				<span class="ocs-place" hidden>
					<select class="form-control ocs-elevator" aria-label="${__("Which elevator?")}"></select>
					${input("ocs-people", __("How many people (if known)"), 'type="number" min="1" max="100" inputmode="numeric"')}
				</span>
			</div>
			<div class="ocs-kept" role="status"></div>
			<ul class="ocs-not-kept" role="alert"></ul>
		</form>`).appendTo(place);
		this.property = this.find(".ocs-property");
		this.unit = this.find(".ocs-unit input");
		this.form.on("submit", (event) => {
			event.preventDefault();
			this.keep();
		});
		this.unit.on(
			"input",
			frappe.utils.debounce(() => this.suggest(), 200),
		);
		this.find(".ocs-phone").on(
			"input",
			frappe.utils.debounce(() => this.ask_whose(), 300),
		);
		this.property.on("change", () => this.property_changed());
		this.find(".ocs-inside").on("change", () => this.show_place());
		this.form.on("click", "[data-home]", ({ currentTarget }) => this.home_is(currentTarget.dataset.home));
		this.fill_properties("");
	}

	find(selector) {
		return this.form.find(selector);
	}

	// ------------------------------------------------------------ which property

	/** What the line offers is read once; without network, again with the next reading of its screen. */
	async prepare() {
		if (this.is_ready) return;
		try {
			const verbs = await outage_response.verbs_anywhere();
			if (!verbs.includes("record_call")) {
				this.is_ready = true;
				return;
			}
			this.form.prop("hidden", false);
			const all = { filters: {}, limit: 0 };
			const [properties, places] = await Promise.all([
				outage_response.list("Managed Property", all),
				outage_response.elevators(),
			]);
			Object.assign(this, { properties: properties.map((one) => one.name), places, is_ready: true });
			this.fill_properties(this.property.val());
			this.property_changed();
		} catch (refusal) {
			outage_response.refusal_html(refusal); // what is none is thrown on
		}
	}

	/** The property that the screen is about; what somebody has begun to type stays where it was meant. */
	set_property(name) {
		this.preset = name;
		if (this.property.val() && this.is_typed()) return;
		this.fill_properties(name);
		this.property_changed();
	}

	fill_properties(value) {
		const names = [...new Set([...this.properties, ...[value, this.preset].filter(Boolean)])];
		const only = names.length === 1 ? names[0] : "";
		this.property.html(option("", __("Property…")) + names.map((name) => option(name, name)).join(""));
		this.property.val(value || this.preset || only);
		this.property.prop("hidden", names.length < 2);
	}

	property_changed() {
		const chosen = this.find(".ocs-elevator").val();
		const groups = outage_response.elevator_groups(this.places, this.property.val() || null);
		const options = groups.map(({ title, options: cars }) => {
			const inside = cars.map(([value, label]) => option(value, label)).join("");
			return title ? `<optgroup label="${escape(title)}">${inside}</optgroup>` : inside;
		});
		this.find(".ocs-elevator")
			.html(option("", __("Which elevator?")) + options.join(""))
			.val(chosen || "");
		if (!this.find(".ocs-elevator").val()) this.find(".ocs-elevator").val("");
		this.ask_whose();
	}

	show_place() {
		this.find(".ocs-place").prop("hidden", !this.find(".ocs-inside").prop("checked"));
	}

	// ------------------------------------------------------------ which home

	/** Units whose number begins so, for the browser's own list of suggestions. */
	async suggest() {
		const typed = this.unit.val().trim();
		if (!typed || !this.property.val()) return;
		const asked = outage_response.list("Property Unit", {
			filters: { property: this.property.val(), unit_no: ["like", `${typed}%`] },
			fields: ["unit_no"],
			order_by: "unit_no",
			limit: 12,
		});
		const found = await asked.catch(() => []); // a help while typing; what is wrong is said when the call is kept
		this.find(".ocs-units").html(found.map((one) => `<option value="${escape(one.unit_no)}">`).join(""));
	}

	/** Whose number it is: asked, never filled in by itself, since people ring for others too. */
	async ask_whose() {
		const { property, phone } = this.typed();
		const is_asked = () => this.typed().phone === phone && this.typed().property === property;
		const long_enough = phone.replace(/\D/g, "").length >= SHORTEST_NUMBER;
		if (!property || !long_enough || !can_read_units()) return this.find(".ocs-home").empty();
		const asked = outage_response.read("command.homes_of_number", { property, phone });
		const homes = await asked.catch(() => []); // a help, as above
		if (!is_asked()) return;
		const whose = (unit_no) => __("This number belongs to {0}. Is it them?", [`<b>${escape(unit_no)}</b>`]);
		this.find(".ocs-home").html(
			homes
				.map(
					({ unit_no }) =>
						`<span>${whose(unit_no)}
						<button type="button" class="btn btn-default btn-sm" data-home="${escape(unit_no)}">${__("Yes, it is them")}</button></span>`,
				)
				.join(""),
		);
	}

	home_is(unit_no) {
		this.unit.val(unit_no);
		this.find(".ocs-home").empty();
		this.find(".ocs-words").trigger("focus");
	}

	// ------------------------------------------------------------ keeping

	/** What stands in the line. */
	typed() {
		const value = (field) => (this.find(field).val() || "").trim();
		const checked = (field) => this.find(field).prop("checked");
		const inside = checked(".ocs-inside");
		return {
			property: value(".ocs-property"),
			unit: value(".ocs-unit input"),
			phone: value(".ocs-phone"),
			words: value(".ocs-words"),
			danger: checked(".ocs-danger"),
			inside,
			place: inside ? value(".ocs-elevator") : "",
			people: inside ? value(".ocs-people") : "",
		};
	}

	is_typed() {
		const { property: _property, ...typed } = this.typed();
		return Object.values(typed).some(Boolean);
	}

	write({ property, unit = "", phone = "", words = "", danger = false, inside = false, place = "", people = "" } = {}) {
		this.fill_properties(property || this.preset || "");
		this.unit.val(unit);
		this.find(".ocs-phone").val(phone);
		this.find(".ocs-words").val(words);
		this.find(".ocs-danger").prop("checked", danger);
		this.find(".ocs-inside").prop("checked", inside);
		this.find(".ocs-elevator").val(place);
		this.find(".ocs-people").val(people);
		this.property_changed();
		this.show_place();
		this.first_field().trigger("focus");
	}

	first_field() {
		return can_read_units() ? this.unit : this.find(".ocs-words");
	}

	say(text, alarm = false) {
		return this.find(".ocs-kept").toggleClass("ocs-alarm", alarm).text(text);
	}

	async keep() {
		const typed = this.typed();
		this.say("");
		if (!typed.unit && !typed.words && !typed.danger && !typed.inside) return this.first_field().trigger("focus");
		if (!typed.property) {
			this.say(__("Choose the property first."));
			return this.property.trigger("focus");
		}
		if (typed.inside && !typed.place) {
			this.say(__("Choose the elevator, or the building where nobody knows which."));
			return this.find(".ocs-elevator").trigger("focus");
		}
		typed.car = typed.place ? this.find(".ocs-elevator option:selected").text() : "";
		this.write();
		await this.keep_call(typed);
	}

	/** The unit of this number: its name, "" for none, null for one that is not there. */
	async unit_named(unit_no, property) {
		if (!unit_no) return "";
		const found = await outage_response.list("Property Unit", { filters: { property, unit_no }, limit: 1 });
		return found.length ? found[0].name : null;
	}

	async keep_call(typed) {
		const { property } = typed;
		const here = [typed.car, typed.unit].filter(Boolean).join(" · ") || __("no unit");
		const place = this.properties.length > 1 && property !== this.preset ? `${property} · ${here}` : here;
		this.say(__("{0}: is being kept", [place]));
		try {
			const unit = await this.unit_named(typed.unit, property);
			if (unit === null) {
				const text = escape(__("There is no unit {0} here. Choose one of the list.", [typed.unit]));
				return this.not_kept(typed, text);
			}
			const kept = await outage_response.post("record_call", {
				property,
				unit: unit || null,
				phone: typed.phone || null,
				words: typed.words || null,
				...(typed.danger ? { danger: 1 } : {}),
				...(typed.inside ? { ...JSON.parse(typed.place), trapped: 1, people: typed.people || null } : {}),
			});
			this.say(outage_response.titled(place, this.what_was_done(typed, kept)), kept.danger);
			this.on_kept();
		} catch (refusal) {
			this.not_kept(typed, outage_response.refusal_html(refusal));
		}
	}

	what_was_done(typed, kept) {
		if (typed.inside) return outage_response.trapped_kept(kept.incident);
		return [
			kept.danger ? __("DANGER, the control room is rung.") : __("Kept."),
			kept.incident ? __("Belongs to {0}.", [kept.incident]) : __("No outage explains it yet."),
		].join(" ");
	}

	/** Nothing that was typed is lost: it comes back into the line, or, with the next caller in there, stands below it. */
	not_kept(typed, why) {
		const line = this.say("");
		if (!this.is_typed()) {
			line.html(`<span class="outage-red">${__("Not kept.")}</span> ${why}`);
			return this.write(typed);
		}
		const said = [
			typed.danger ? __("Danger") : "",
			typed.inside ? `${__("People trapped")}: ${[typed.car, typed.people].filter(Boolean).join(", ")}` : "",
			typed.unit,
			typed.phone,
			typed.words,
		];
		const item = $(`<li><b>${__("Not kept.")}</b> ${said.filter(Boolean).map(escape).join(" · ")} ${why}
			<button type="button" class="btn btn-default btn-sm">${__("Try again")}</button></li>`);
		item.appendTo(this.find(".ocs-not-kept"));
		item.find("button").on("click", () => {
			item.remove();
			this.keep_call(typed);
		});
	}
};
