// A task by itself: its verbs, as the incident's screen offers them.
frappe.ui.form.on("Outage Task", {
	async refresh(frm) {
		if (frm.is_new()) return;
		frm.add_custom_button(__("Open the incident"), () => frappe.set_route("Form", "Outage Incident", frm.doc.incident));
		const name = frm.doc.name;
		const seen = await outage_response.read_for_form(frm, () => outage_response.load(frm.doc.incident));
		const row = seen?.tasks.find((task) => task.name === name);
		if (!row) return;
		outage_response.set_now(seen.now);
		for (const verb of row.verbs)
			frm.add_custom_button(outage_response.task_verb_label(verb, row), () =>
				outage_response.open_task_verb(verb, row, seen, () => frm.reload_doc()),
			);
	},
});
