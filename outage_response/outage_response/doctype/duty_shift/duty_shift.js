frappe.ui.form.on("Duty Shift", {
	refresh(frm) {
		if (frm.is_new() || !frappe.perm.has_perm("Duty Shift", 0, "write")) return;
		frm.add_custom_button(__("Swap Shifts"), () => {
			frappe.prompt(
				{
					fieldname: "other",
					fieldtype: "Link",
					options: "Duty Shift",
					label: __("Swap with"),
					reqd: 1,
					get_query: () => ({
						filters: {
							property: frm.doc.property,
							department: frm.doc.department,
							name: ["!=", frm.doc.name],
							ends_at: [">", frappe.datetime.system_datetime()],
						},
					}),
				},
				async ({ other }) => {
					await frappe.call("outage_response.api.paging.swap_shifts", {
						shift: frm.doc.name,
						other,
						request_id: frappe.utils.get_random(20),
					});
					frappe.show_alert({ message: __("Swapped"), indicator: "green" });
					frm.reload_doc();
				},
				__("Swap Shifts"),
			);
		});
	},
});
