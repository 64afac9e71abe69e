// A resident's data: give it out, or erase it; and the links they were sent. Who may is decided by the server.
frappe.ui.form.on("Contact", {
	refresh(frm) {
		const may = ["Outage General Manager", "Outage Customer Service"].some((role) => frappe.user.has_role(role));
		if (frm.is_new() || !may) return;
		const call = (name) =>
			frappe.call({
				method: `outage_response.api.personal.${name}`,
				args: { contact: frm.doc.name },
				freeze: true,
			});
		frm.add_custom_button(
			__("Export outage data"),
			async () => {
				const { message } = await call("export_resident_data");
				const file = new Blob([JSON.stringify(message, null, 2)], { type: "application/json" });
				const link = document.createElement("a");
				link.href = URL.createObjectURL(file);
				link.download = "outage-data.json";
				link.click();
				URL.revokeObjectURL(link.href);
			},
			__("Outages"),
		);
		frm.add_custom_button(
			__("Void outage links"),
			() =>
				frappe.confirm(
					__("Void every link that this resident was sent? The next message brings a new one."),
					async () => {
						const { message } = await call("void_resident_links");
						frappe.show_alert({ message: __("Links void: {0}", [message.links]), indicator: "green" });
					},
				),
			__("Outages"),
		);
		frm.add_custom_button(
			__("Erase outage data"),
			() =>
				frappe.confirm(__("Erase what is kept about this resident of outages? It cannot be undone."), async () => {
					await call("erase_resident_data");
					frappe.show_alert({ message: __("Erased"), indicator: "green" });
				}),
			__("Outages"),
		);
	},
});
