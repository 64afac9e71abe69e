// A probable outage: declare it in one touch, or say why it is none.
frappe.ui.form.on("Outage Proposal", {
	async refresh(frm) {
		if (frm.is_new() || frm.doc.status !== "Open") return;
		const name = frm.doc.name;
		const verbs = await outage_response.read_for_form(frm, () => outage_response.verbs_anywhere());
		if (!verbs) return;
		if (verbs.includes("declare_proposal"))
			frm
				.add_custom_button(__("Declare this outage"), () =>
					outage_response.declare_proposal(name, ({ incident }) =>
						frappe.set_route("Form", "Outage Incident", incident),
					),
				)
				.addClass("btn-primary");
		if (verbs.includes("dismiss_proposal"))
			frm.add_custom_button(__("Dismiss"), () => outage_response.dismiss_proposal(name, () => frm.reload_doc()));
	},
});
