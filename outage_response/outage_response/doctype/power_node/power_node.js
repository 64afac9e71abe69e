// A power node stands in a building of its own property.
frappe.ui.form.on("Power Node", {
	setup: (frm) => frm.set_query("building", () => ({ filters: { property: frm.doc.property } })),
});
