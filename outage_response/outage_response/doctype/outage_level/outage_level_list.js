frappe.listview_settings["Outage Level"] = {
	onload: (list) => outage_response.write_subject(list, "title", ({ title }) => __(title)),
	formatters: {
		definition: (text) => `<span class="ellipsis">${outage_response.escape(__(text))}</span>`,
	},
};
