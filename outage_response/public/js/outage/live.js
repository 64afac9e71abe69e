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

	/** Write into `element` how fresh a screen is; `heard_at`: performance.now() of the last reading, `lost`: the last one failed. */
	show_age(element, heard_at, lost) {
		const [text, bad] = this.age(heard_at, lost);
		if (element.textContent !== text) element.textContent = text;
		element.classList.toggle("outage-lost", bad);
	},

	/** [text, whether that is bad] */
	age(heard_at, lost) {
		if (!heard_at) return [lost ? __("No connection") : __("Loading"), false];
		const seconds = Math.round((performance.now() - heard_at) / 1000);
		const age = this.seconds(seconds);
		if (lost || seconds > 75) return [__("Connection lost. Last heard {0} ago", [age]), true];
		return [seconds > 40 ? __("Last heard {0} ago", [age]) : __("Live"), false];
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
