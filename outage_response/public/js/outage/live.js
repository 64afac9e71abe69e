// Screens that follow what others do: told by the realtime server, and looking by themselves in case it is silent.
frappe.provide("outage_response");

const listeners = new Set();
let listening = false;

Object.assign(outage_response, {
	/** Call `listener(incident name)` whenever a verb has changed an incident; answers a function that ends it. */
	on_change(listener) {
		if (!listening) {
			listening = true;
			frappe.realtime.on("outage_changed", ({ incident }) => listeners.forEach((one) => one(incident)));
		}
		listeners.add(listener);
		return () => listeners.delete(listener);
	},

	/** While the Desk page `wrapper` is shown: `read` at once, soon after any change and every half minute; `tick` each second. */
	watch(wrapper, { read, tick }) {
		const shown = () => frappe.container.page === wrapper;
		const soon = frappe.utils.debounce(read, 400);
		const begin = (first) => {
			if (!shown()) return;
			frappe.realtime.doctype_subscribe("Outage Incident");
			first();
		};
		this.on_change(() => shown() && soon());
		frappe.realtime.on("connect", () => begin(soon));
		setInterval(() => shown() && read(), 30000);
		setInterval(() => shown() && tick(), 1000);
		$(wrapper).on("show", () => begin(read));
	},
});
