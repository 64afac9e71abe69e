// What the site is known by, and the red line while it is silent or stands still.
frappe.ui.form.on("Outage Response Settings", {
	async refresh(frm) {
		outage_response.watch_alarm(frm.page.wrapper[0], frm.layout.wrapper[0]);
	},
});
