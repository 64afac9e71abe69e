// Helpdesk, the resident's ticket page: what is known of the outage that the ticket is linked to.
async function setupForm({ doc, call, toast, $dialog }) {
	const API = "outage_response.api.portal.";
	const ticket = { ticket_type: "HD Ticket", ticket: String(doc.name) };
	for (let i = 0; i < 20 && !window.translatedMessages; i++) {
		await new Promise((done) => setTimeout(done, 50));
	}
	const __ = window.__ || ((text) => text);

	let seen;
	try {
		seen = await call(API + "of_ticket", ticket);
	} catch (error) {
		console.warn("Outage Response:", error);
	}
	if (!seen || !seen.label) return { actions: [] };

	async function tellMe(wanted, close) {
		try {
			await call(API + "want_updates", { ...ticket, wanted });
			seen.wants_updates = wanted;
			close();
			toast.success(
				wanted ? __("You will read here of every new time.") : __("You will read here when supply is back."),
			);
		} catch (error) {
			toast.error((error.messages || [error.message]).join(" "));
		}
	}

	function show() {
		const actions = [];
		if (seen.may_ask) {
			actions.push({
				label: seen.wants_updates ? __("Tell me only when supply is back") : __("Tell me of every new time"),
				variant: "solid",
				onClick: (close) => tellMe(!seen.wants_updates, close),
			});
		}
		actions.push({ label: __("All about it"), onClick: () => window.location.assign("/outages") });
		$dialog({ title: seen.title, message: seen.text, actions });
	}

	let last = -1000; // one page binds an action twice: by its own handler, and by all that the action has
	function once() {
		if (performance.now() - last < 100) return;
		last = performance.now();
		show();
	}

	return { actions: [{ label: seen.label, iconLeft: "zap", onClick: once }] };
}
