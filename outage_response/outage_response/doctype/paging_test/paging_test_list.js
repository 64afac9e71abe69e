frappe.listview_settings["Paging Test"] = {
	onload(list) {
		list.page.add_inner_button(__("Ring the Next Shift"), () => {
			frappe.prompt(
				[
					{ fieldname: "property", fieldtype: "Link", options: "Managed Property", label: __("Property"), reqd: 1 },
					{ fieldname: "department", fieldtype: "Link", options: "Response Department", label: __("Department") },
				],
				async (values) => {
					const { message } = await frappe.call("outage_response.api.paging.test_call", values);
					frappe.set_route("Form", "Paging Test", message.test);
				},
				__("Ring the Next Shift"),
			);
		});
	},
};
