// The dialog of a verb: a few fields, the verb, its refusal inside the dialog with everything typed still there.
frappe.provide("outage_response");

const REFUSAL_BOX = '<div class="outage-refusal" role="alert" tabindex="-1" hidden></div>';

// key -> rows, in the order in which the keys first come
const grouped = (rows, key) =>
	rows.reduce((found, row) => {
		(found[key(row)] ||= []).push(row);
		return found;
	}, {});

Object.assign(outage_response, {
	/**
	 * Ask for what a verb needs, then do it.
	 *   verb, title (text), fields, intro (HTML), label (of the button)
	 *   args(values)  what is sent; occurred_at is added
	 *   said(answer)  what is said when it is done
	 *   on_done(answer)
	 *   happened      false: without the field for when it happened; a text: its label
	 *   indicator     colour of what is said when it is done
	 * With `choices` among the fields one touch chooses; what is chosen is `values.choice`, and one that is sent at the touch
	 * needs no button below: then `label` is null.
	 */
	ask({ verb, title, fields = [], intro = "", label, args, said, on_done, happened, size, indicator = "green" }) {
		const shown = [{ fieldtype: "HTML", fieldname: "refusal", options: REFUSAL_BOX }];
		if (intro) shown.push({ fieldtype: "HTML", fieldname: "intro", options: intro });
		shown.push(...fields);
		if (happened !== false)
			shown.push({
				fieldtype: "Datetime",
				fieldname: "occurred_at",
				label: happened || __("Happened At"),
				description: __("Leave empty for now"),
			});
		const send = async (values, more = {}) => {
			const buttons = dialog.$wrapper.find(".btn-primary, [data-choice]");
			buttons.prop("disabled", true);
			try {
				const answer = await this.post(verb, {
					...args(values),
					...more,
					occurred_at: values.occurred_at,
				});
				dialog.hide();
				const message = said ? said(answer, values) : __("Done: {0}", [title]);
				frappe.show_alert({ message: this.escape(message), indicator }, indicator === "red" ? 12 : 7);
				on_done?.(answer);
			} catch (refusal) {
				this.refuse_in(dialog, refusal);
				if (refusal.overlap)
					this.choose_overlap(refusal.overlap, dialog.$wrapper.find(".outage-refusal")[0], {
						all_the_same: () => send(values, { all_the_same: 1 }),
						done: (extended) => {
							dialog.hide();
							on_done?.(extended);
						},
					});
			} finally {
				buttons.prop("disabled", false);
			}
		};
		const chooses = fields.some((field) => field.fieldname === "choice");
		const dialog = new frappe.ui.Dialog({
			title: this.escape(title),
			fields: shown,
			size,
			no_focus: chooses, // a phone's keyboard would cover what is to be touched
			...(label === null ? {} : { primary_action_label: label || __("Save"), primary_action: send }),
		});
		if (chooses) this.wire_choices(dialog, send);
		const before = document.activeElement;
		dialog.$wrapper.one("hidden.bs.modal", () => before?.isConnected && before.focus()); // on with the keyboard
		dialog.show();
		this.name_parts(dialog);
		this.keep_typed(dialog);
		return dialog;
	},

	/**
	 * Fields of a dialog in which one of several big buttons is touched.
	 *   groups   [{title, options: [[value, label, kind]]}]; kind: what stands in the button's class, "default" or "danger"
	 *   at_once  of which values the touch itself sends
	 */
	choices(groups, at_once = () => false) {
		const button = ([value, label, kind = "default"]) =>
			`<button type="button" class="btn btn-${kind}" data-choice="${this.escape(value)}" aria-pressed="false" ${
				at_once(value) ? "data-at-once" : ""
			}>${this.escape(label)}</button>`;
		const html = groups.map(
			({ title, options }) =>
				`<section>${title ? `<h5>${this.escape(title)}</h5>` : ""}<div>${options.map(button).join("")}</div></section>`,
		);
		return [
			{ fieldtype: "HTML", fieldname: "choices", options: `<div class="outage-choices">${html.join("")}</div>` },
			{ fieldtype: "Data", fieldname: "choice", hidden: 1 },
		];
	},

	wire_choices(dialog, send) {
		dialog.$wrapper.on("click", "[data-choice]", async ({ currentTarget }) => {
			dialog.$wrapper.find("[data-choice]").each((_index, one) => {
				one.setAttribute("aria-pressed", String(one === currentTarget));
			});
			await dialog.set_value("choice", currentTarget.dataset.choice);
			if ("atOnce" in currentTarget.dataset) send(dialog.get_values(true));
		});
	},

	/** For who hears the screen: Frappe ties no label to its field, and its button to close has no name. */
	name_parts({ $wrapper, fields_list = [] }) {
		$wrapper.addClass("outage-dialog").find(".btn-modal-close").attr("aria-label", __("Close"));
		for (const { $wrapper: field, df } of fields_list) {
			field?.find("input:not(:checkbox), select, textarea").attr("aria-label", df.label);
			if (df.input_mode) field.find("input").attr("inputmode", df.input_mode);
		}
	},

	/** Escape, or a click beside the dialog, does not throw away what was typed: only its × does, and that is said. */
	keep_typed(dialog) {
		const [modal] = dialog.$wrapper;
		const fields = new Set();
		const typed = () => [...fields].some((field) => field.value.trim());
		const stay = (event) => {
			if (!typed()) return;
			event.preventDefault();
			event.stopImmediatePropagation();
			this.say_in(dialog, `<p>${__("Not saved yet. The × throws away what was typed.")}</p>`);
		};
		modal.addEventListener("input", ({ target }) => {
			if (target.matches("textarea, input[type=text], input:not([type])")) fields.add(target);
			dialog.static = typed(); // Frappe's own Escape asks for this, wherever the focus is
		});
		const beside = (event) => event.target === modal;
		modal.addEventListener("click", (event) => beside(event) && stay(event), true);
		modal.addEventListener("keydown", (event) => event.key === "Escape" && beside(event) && stay(event), true);
		modal.querySelector(".modal-content").addEventListener("keydown", (event) => event.key === "Escape" && stay(event));
	},

	/** In place of what the dialog said to be open when it was opened: the server's list is the newer one. */
	refuse_in(dialog, refusal) {
		const html = this.refusal_html(refusal);
		if (refusal.blocking.length) dialog.$wrapper.find(".outage-open").remove();
		this.say_in(dialog, html).focus();
	},

	say_in(dialog, html) {
		const [box] = dialog.$wrapper.find(".outage-refusal");
		box.innerHTML = html;
		box.hidden = false;
		return box;
	},

	/** Open steps by area (once any of them has one), then by department, as HTML. */
	steps_html(rows) {
		if (!rows.length) return "";
		const areas = Object.entries(grouped(rows, (row) => row.area));
		if (areas.length === 1 && !areas[0][0]) return this.departments_html(rows);
		const items = areas.map(
			([area, steps]) =>
				`<li><strong>${this.escape(area || __("The whole property"))}</strong>${this.departments_html(steps)}</li>`,
		);
		return `<ul class="outage-areas">${items.join("")}</ul>`;
	},

	departments_html(rows) {
		const groups = Object.entries(grouped(rows, (row) => row.department_name)).map(([department, steps]) => {
			const lines = steps.map(
				(row) =>
					`<li class="${row.life_safety ? "outage-life" : ""}">${row.life_safety ? "⚠ " : ""}${this.escape(row.text)}</li>`,
			);
			return `<li>${this.escape(department)}<ul>${lines.join("")}</ul></li>`;
		});
		return `<ul>${groups.join("")}</ul>`;
	},

	/** What keeps a gate closed, as HTML. */
	open_html(rows, title = __("Still open: {0}", [rows.length])) {
		if (!rows.length) return "";
		return `<div class="outage-open"><p><strong>${title}</strong></p>${this.steps_html(rows)}</div>`;
	},

	/** A list of boxes to tick; `options` as [value, label], all ticked unless `ticked` is false. */
	boxes(fieldname, label, options, { ticked = true, ...more } = {}) {
		return {
			fieldtype: "MultiCheck",
			fieldname,
			label,
			columns: options.length > 8 ? 2 : 1,
			select_all: options.length > 3,
			options: options.map(([value, text]) => ({ value, label: this.escape(text), checked: ticked })),
			...more,
		};
	},

	/** Of a Select, from [value, text]. Frappe writes labels as HTML. */
	options: (pairs, empty = false) => [
		...(empty ? [""] : []), // as plain text: Frappe takes a pair of empty words for a value of its own
		...pairs.map(([value, text]) => ({ value, label: outage_response.escape(text) })),
	],
});
