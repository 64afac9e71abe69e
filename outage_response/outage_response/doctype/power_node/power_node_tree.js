// The power tree of a property, with what hangs on each node (itself and all below).
// A button to the list of what hangs on a node and on all below it, for those who may read it
const hanging = (doctype, label) => ({
	label,
	condition: (node) => !node.is_root && frappe.model.can_read(doctype),
	// The property says nothing more; but Frappe 16 refuses what hangs below a node as a list's only filter
	click: (node) =>
		frappe.set_route("List", doctype, "List", {
			property: node.data.property,
			power_node: ["descendants of (inclusive)", node.data.value],
		}),
});

frappe.treeview_settings["Power Node"] = {
	get_tree_nodes: "outage_response.api.screens.get_power_nodes",
	get_tree_root: false,
	root_label: __("Power Nodes"),
	onload: (view) => view.make_tree(),
	title: __("Power Nodes"),
	filters: [
		{
			fieldname: "property",
			fieldtype: "Link",
			options: "Managed Property",
			label: __("Property"),
		},
	],
	toolbar: [hanging("Property Unit", __("Units")), hanging("Property Asset", __("Assets"))],
	extend_toolbar: true,
	get_label: (node) => frappe.utils.escape_html(node.title || node.label),
	onrender(node) {
		const { units, assets, node_type } = node.data;
		if (!node_type) return;
		const text = [__(node_type), __("units: {0}", [units]), __("assets: {0}", [assets])].join(" · ");
		$(`<span class="text-muted small ml-2"></span>`).text(text).appendTo(node.$tree_link);
	},
};
