// Frappe shows a Select in its dropdown by its doctype's own word ("Open" of a step), and wherever it is only read by the plain one
// ("Open" of anything). Here it reads alike in both; a doctype without a word of its own has the plain one, as before.
const plain = frappe.form.formatters.Select;

frappe.form.formatters.Select = (value, df) =>
	df && df.parent ? __(frappe.form.formatters.Data(value, df), null, df.parent) : plain(value, df);
