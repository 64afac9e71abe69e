frappe.ui.form.on("Response Department", {
	refresh(frm) {
		if (frappe.model.can_read("Role")) return;
		frm.set_df_property("role", "read_only", 1);
		frm.set_df_property("role", "description", __("Chosen by a System Manager, who also gives it to the people."));
	},
});
