// A building: where another record may be the same one, a person says whether it is.
frappe.ui.form.on("Property Building", {
	async refresh(frm) {
		if (frm.is_new() || !frm.perm[0]?.write) return;
		const { message: alike } = await frappe.call({
			method: "outage_response.api.master_data.get_alike_buildings",
			type: "GET",
			args: { building: frm.doc.name },
		});
		if (!alike?.length) return;
		const names = alike.map((one) => one.building_name).join(", ");
		frm.set_intro(
			__("{0} may be the same building. Until you decide, both count as one.", [frappe.utils.escape_html(names)]),
			"orange",
		);
		for (const { name, building_name } of alike) {
			frm.add_custom_button(__("It is {0}", [building_name]), () =>
				frappe.confirm(
					__("Everything of {0} goes to {1}, and {0} is no longer listed. Go on?", [
						frm.doc.building_name,
						building_name,
					]),
					async () => {
						await frappe.call({
							method: "outage_response.api.master_data.merge_buildings",
							args: { building: frm.doc.name, into: name },
							freeze: true,
						});
						frappe.set_route("Form", "Property Building", name);
					},
				),
			);
		}
		frm.add_custom_button(__("It is another building"), async () => {
			await frm.set_value("stands_apart", 1);
			frm.save();
		});
	},
});
