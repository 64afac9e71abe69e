frappe.ui.form.on("Response Department", {
	// roles that come with rights of their own, as System Manager does, are not offered
	setup(frm) {
		frm.set_query("role", () => ({ query: "outage_response.api.master_data.get_roles_of_departments" }));
	},
	refresh(frm) {
		if (frappe.model.can_read("Role")) return;
		frm.set_df_property("role", "read_only", 1);
		// Desk shows no empty field that is only read
		if (!frm.doc.role && !frm.doc.is_external)
			frm.set_intro(
				__("Its role is chosen by a System Manager, who also gives it to the people. An outside firm has none."),
			);
	},
});
