// An asset stands in a building of its own property.
frappe.ui.form.on("Property Asset", {
	setup: (frm) => frm.set_query("building", () => ({ filters: { property: frm.doc.property } })),
});
