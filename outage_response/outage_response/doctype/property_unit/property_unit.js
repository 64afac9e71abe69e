// A unit: who of its residents depends on power is entered here, by those who may; what is known is not shown.
frappe.ui.form.on("Property Unit", {
	setup: (frm) => frm.set_query("building", () => ({ filters: { property: frm.doc.property } })),

	async refresh(frm) {
		if (frm.is_new()) return;
		const verbs = await outage_response.read_for_form(frm, () => outage_response.verbs_anywhere());
		if (!verbs?.includes("set_care_need")) return;
		frm.add_custom_button(__("Somebody depends on power"), () => outage_response.set_care_need(frm.doc));
	},
});
