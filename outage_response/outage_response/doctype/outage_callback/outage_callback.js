// A callback by itself: logging an attempt, for those who may.
frappe.ui.form.on("Outage Callback", {
	async refresh(frm) {
		if (frm.is_new()) return;
		const read = () => outage_response.read("screens.get_callback", { callback: frm.doc.name });
		const row = await outage_response.read_for_form(frm, read);
		if (!row) return;
		const again = () => frm.reload_doc();
		if (row.may_log) frm.add_custom_button(__("Log the call"), () => outage_response.open_callback(row, again));
		if (row.may_give_up) {
			frm.add_custom_button(__("Give up…"), () => outage_response.give_up_callback(row, again));
		}
	},
});
