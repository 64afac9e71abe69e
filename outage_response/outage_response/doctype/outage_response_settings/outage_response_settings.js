// The red line while the site is silent or stands still, and what the site is known by: who confirmed it, and when.
frappe.ui.form.on("Outage Response Settings", {
	refresh(frm) {
		outage_response.watch_alarm(frm.page.wrapper[0], frm.layout.wrapper[0]);
		frm.add_custom_button(__("Outage Site"), () => frappe.set_route("Form", "Outage Site"));
	},
});
