// A plan beside the one that the app ships for its level.
frappe.ui.form.on("Outage Plan", {
	refresh(frm) {
		if (frm.is_new()) return;
		frm.add_custom_button(__("Compare with the Shipped Plan"), () => compare(frm));
		offer_to_put_in_force(frm);
	},
});

// Beside the version that new incidents run with, an older or a newer one.
async function offer_to_put_in_force(frm) {
	const { message: level } = await frappe.db.get_value("Outage Level", frm.doc.level, "plan");
	if (!level || level.plan === frm.doc.name || !frm.perm[0].write || frm.is_dirty()) return;
	frm.add_custom_button(__("Put in Force"), async () => {
		let losses;
		try {
			losses = await outage_response.read("plans.get_plan_losses", { plan: frm.doc.name });
		} catch (refusal) {
			return outage_response.show_refusal(refusal);
		}
		outage_response.ask({
			verb: "put_plan_in_force",
			title: __("Put in Force"),
			intro: intro_of(frm.doc.name, losses),
			label: __("Put in Force"),
			happened: false,
			args: () => ({ plan: frm.doc.name }),
			said: ({ plan, leaves_out }) =>
				[
					__("New incidents run with {0}.", [plan]),
					leaves_out.length ? __("Left out: {0}", [leaves_out.join(", ")]) : "",
				].join(" "),
			on_done: () => frm.reload_doc(),
		});
	});
}

/** What is decided on: whoever presses the button has read what the version no longer asks for. */
function intro_of(plan, { leaves_out, second_person }) {
	const { escape } = outage_response;
	const said = escape(__("New incidents run with {0} from now on; running ones keep theirs.", [plan]));
	if (!leaves_out.length) return `<p>${said}</p>`;
	const left = leaves_out.map((title) => `<li>${escape(title)}</li>`).join("");
	const who = second_person ? `<p>${escape(__("Another person than its author decides on it."))}</p>` : "";
	return `<p>${said}</p><div role="alert"><p><b>${escape(
		__("It leaves out steps of life safety or gates:"),
	)}</b></p><ul>${left}</ul>${who}</div>`;
}

async function compare(frm) {
	if (frm.is_dirty()) {
		frappe.msgprint(__("Save first: the plan is compared as it is stored."));
		return;
	}
	let answer;
	try {
		answer = await outage_response.read("plans.get_plan_difference", { plan: frm.doc.name });
	} catch (refusal) {
		outage_response.show_refusal(refusal);
		return;
	}
	if (answer.same) {
		frappe.show_alert({ message: __("This is the plan that the app ships."), indicator: "green" });
		return;
	}
	const title = __("{0} and the shipped plan", [answer.plan]);
	const html = `<div class="outage-plan-difference">${difference_html(answer.difference)}</div>`;
	if (!answer.may_take_over) {
		outage_response.name_parts(frappe.msgprint({ title: outage_response.escape(title), message: html, wide: true }));
		return;
	}
	const kept = __(
		"The shipped plan becomes the next version, for new incidents. Running ones keep theirs, and {0} stays.",
		[answer.plan],
	);
	outage_response.ask({
		verb: "take_over_plan",
		title,
		intro: `${html}<p>${outage_response.escape(kept)}</p>`,
		label: __("Use the Shipped Plan"),
		size: "large",
		happened: false,
		args: () => ({ plan: answer.plan }),
		said: ({ plan, waits }) =>
			waits
				? __("{0} waits for a second person: it leaves out steps of life safety or gates.", [plan])
				: __("New incidents run with {0}.", [plan]),
		on_done: ({ plan }) => frappe.set_route("Form", "Outage Plan", plan),
	});
}

function difference_html({ added, removed, moved, changed }) {
	const list = (head, steps) => {
		if (!steps.length) return "";
		const items = steps.map(({ title }) => `<li>${outage_response.escape(title)}</li>`);
		return `<p><strong>${head}</strong></p><ul>${items.join("")}</ul>`;
	};
	const lines = changed.flatMap(({ title, fields }) =>
		fields.map(({ label, before, after }, index) => [index ? "" : title, label, before, after]),
	);
	const heads = [__("Step"), __("What changes"), __("In this plan"), __("In the shipped plan")];
	return [
		list(__("Steps that the shipped plan adds"), added),
		list(__("Steps that the shipped plan leaves out"), removed),
		list(__("Steps in another place"), moved),
		lines.length
			? `<p><strong>${__("Steps that the shipped plan changes")}</strong></p>${outage_response.table_html(heads, lines)}`
			: "",
	].join("");
}
