// Stands for Frappe Helpdesk's pages, as far as the app's scripts meet them: what they are called with, how what they answer is
// bound, who listens when a ticket has changed. Where versions differ, each does as its own sources do. No line of it is Helpdesk's.
(async () => {
	const host = window.host; // version, kind, ticket, site, csrf_token, port
	const NUMBERED = host.version === "1.14.0"; // tickets are numbers there, later texts such as 0002
	const ONE_READING = host.version !== "1.28.1"; // the ticket is read with its scripts; later the scripts are read once

	function made(tag, values, ...children) {
		const element = Object.assign(document.createElement(tag), values);
		element.append(...children);
		return element;
	}

	// ------------------------------------------------------------ what scripts are called with

	// Answers as the interface library does: the message, or an error whose `messages` are what the server said.
	async function call(method, values = {}) {
		const headers = { Accept: "application/json", "Content-Type": "application/json; charset=utf-8" };
		headers["X-Frappe-Site-Name"] = window.location.hostname;
		if (window.csrf_token) headers["X-Frappe-CSRF-Token"] = window.csrf_token;
		const response = await fetch(`/api/method/${method}`, { method: "POST", headers, body: JSON.stringify(values) });
		if (response.ok) return (await response.json()).message;
		const said = await response.json().catch(() => ({}));
		const error = new Error([method, said.exc_type, said._error_message].filter(Boolean).join(" "));
		const messages = said._server_messages ? JSON.parse(said._server_messages) : [];
		error.messages = [...messages, said.message]
			.map((one) => {
				try {
					return JSON.parse(one).message;
				} catch (_) {
					return one;
				}
			})
			.filter(Boolean);
		if (!error.messages.length) error.messages = [said._error_message || "Internal Server Error"];
		Object.assign(error, { exc_type: said.exc_type, status: response.status });
		throw error;
	}

	const said = (type) => (message) => {
		const line = made("div", { textContent: message });
		line.setAttribute("role", "status");
		line.dataset.type = type;
		document.getElementById("toasts").append(line);
	};
	const toast = { create: ({ message, type }) => said(type || "info")(message) };
	for (const type of ["success", "error", "warning", "info"]) toast[type] = said(type);

	function $dialog({ title, message, html, actions = [] }) {
		const panel = made("div", {});
		panel.setAttribute("role", "dialog");
		const overlay = made("div", { className: "overlay" }, panel);
		const close = () => overlay.remove();
		panel.append(made("h3", { textContent: title || "Untitled" }));
		if (message) panel.append(made("p", { textContent: message }));
		if (html) panel.append(made("div", { innerHTML: html }));
		for (const action of actions) {
			const press = async () => {
				one.disabled = true;
				try {
					// It may be called, as before, and has what newer scripts call
					if (action.onClick) await action.onClick(Object.assign(() => close(), { close }));
					else close();
				} finally {
					one.disabled = false;
				}
			};
			const one = button(action, [press]);
			panel.append(one);
		}
		panel.append(made("button", { textContent: "×", onclick: close }));
		setTimeout(() => document.getElementById("modals").append(overlay));
	}

	// In 1.14 a text with places to fill in is no string: it waits for them
	window.__ = (text, ...values) => {
		const line = (window.translatedMessages || {})[text] || text;
		const fill = (given) => line.replace(/{(\d+)}/g, (place, index) => given[index] ?? place);
		if (NUMBERED) return /{\d+}/.test(text) ? { format: (...given) => fill(given) } : line;
		return values.length ? fill(values) : line;
	};

	// ------------------------------------------------------------ how what they answer is bound

	// With `icon` a button of the library is that icon alone; `iconLeft` stands before its words
	function button({ label, icon, iconLeft }, clicks, prefix) {
		const element = made("button", { type: "button", ariaLabel: label || null });
		const before = icon || prefix || iconLeft;
		if (before) element.append(made("i", { className: before }));
		if (!icon) element.append(made("span", { textContent: label }));
		clicks.forEach((act) => element.addEventListener("click", act));
		return element;
	}

	function single(action) {
		const call_it = () => action.onClick();
		if (NUMBERED) return button({ label: action.label }, [call_it], action.icon);
		// Since 1.18 the whole action is handed to the button: in the header of an agent's ticket alone, elsewhere besides a handler
		if (host.kind === "agent") return button(action, [action.onClick]);
		return button(action, [call_it, action.onClick]);
	}

	function menu(label, groups) {
		const list = made("div", { hidden: true });
		list.setAttribute("role", "menu");
		for (const { label: text, onClick } of groups.flatMap((group) => group.items)) {
			const item = made("button", { textContent: text });
			item.setAttribute("role", "menuitem");
			item.onclick = () => {
				list.hidden = true;
				onClick();
			};
			list.append(item);
		}
		const opener = button(label ? { label } : { icon: "more-horizontal", label: "more" }, [
			() => (list.hidden = !list.hidden),
		]);
		opener.setAttribute("aria-haspopup", "menu");
		return made("div", { className: "menu" }, opener, list);
	}

	function show(actions) {
		if (host.version === "1.28.1" && host.kind === "phone" && actions.length) {
			const items = actions.flatMap((action) => (action.group ? action.items || [] : [action]));
			actions = [{ group: "Actions", hideLabel: true, items }];
		}
		const grouped = actions.filter((action) => action.group);
		const labels = new Set(grouped.map((action) => action.buttonLabel || ""));
		document.querySelector(".actions").replaceChildren(
			...actions.filter((action) => !action.group).map(single),
			...[...labels].map((label) =>
				menu(
					label,
					grouped.filter((action) => (action.buttonLabel || "") === label),
				),
			),
		);
	}

	async function run(scripts, values) {
		let actions = [];
		for (const script of [scripts].flat().filter(Boolean)) {
			const answer = await (await new Function(`${script}\nreturn setupForm`)())(values);
			actions = actions.concat(answer?.actions || []);
		}
		return actions;
	}

	const router = { push: (path) => window.location.assign(path), replace: (path) => window.location.replace(path) };
	const updateField = (field, value) =>
		call("frappe.client.set_value", { doctype: "HD Ticket", name: host.ticket, fieldname: field, value }).then(read);
	const given = (doc) => ({ doc, call, router, toast, $dialog, updateField, createToast: toast.create });

	// ------------------------------------------------------------ the pages

	const API = "helpdesk.helpdesk.doctype.";
	let readings = 0;
	let once; // the scripts of a page that reads them once

	async function read() {
		const mine = ++readings;
		if (host.kind === "customer" || ONE_READING) {
			const isPortal = host.kind === "customer";
			const doc = await call(`${API}hd_ticket.api.get_one`, { name: host.ticket, is_customer_portal: isPortal });
			title(doc.subject);
			show([]); // they hang on what was read before
			const actions = await run(doc._form_script, given(doc));
			if (mine === readings) show(actions);
		} else {
			once ||= await call(`${API}hd_ticket.api.get_ticket_customizations`);
			const doc = await call("frappe.client.get", { doctype: "HD Ticket", name: host.ticket });
			title(doc.subject);
			show(await run(once._form_script, given(doc)));
		}
		host.readings = readings;
	}

	function listen() {
		if (host.kind === "phone") return; // nobody does there
		if (NUMBERED) {
			host.socket.on("helpdesk:ticket-update", (ticket) => ticket === Number(host.ticket) && read());
		} else if (host.kind === "customer") {
			host.socket.on("helpdesk:ticket-update", ({ ticket_id }) => ticket_id == host.ticket && read());
		} else {
			host.socket.on("helpdesk:ticket-update", (data) => data.ticket_id == host.ticket && read());
		}
	}

	async function writeNew() {
		const subject = made("input", { type: "text", placeholder: "A short description" });
		if (!NUMBERED) Object.assign(subject, { maxLength: 140, placeholder: "简短描述" }); // translated since
		document.querySelector(".page").append(made("div", { className: "flex max-w-4xl px-5" }, subject));
		const template = await call(`${API}hd_ticket_template.api.get_one`, { name: "Default" });
		show(await run(template._form_script, { doc: {}, call, router, $dialog, applyFilters() {} }));
	}

	async function list() {
		const rows = await call("helpdesk.api.doc.get_list_data", { doctype: "HD Ticket" });
		for (const row of rows) {
			const box = made("input", { type: "checkbox" });
			const href = `${window.location.pathname.replace(/\/$/, "")}/${row.name}`;
			const holder = made("div", {}, box);
			// A click in the cell ticks, and does not follow the row's link
			holder.onclick = (event) => (event.stopPropagation(), event.target === box || event.preventDefault());
			document.querySelector(".page").append(made("a", { href, className: "row" }, holder, row.subject));
		}
	}

	function title(text) {
		document.title = text;
		document.querySelector("#app-header b").textContent = text;
	}

	function frame() {
		const narrow = window.innerWidth < 640;
		const inside = made("header", {}, made("b", { textContent: "Tickets" }));
		const actions = made("div", { className: "actions" });
		const header = made(narrow ? "header" : "div", { id: "app-header" }, inside);
		const bar = made("div", { className: "bar" }, ...(narrow ? [made("button", { textContent: "≡" })] : []), header);
		if (!narrow && !ONE_READING) bar.append(made("div", {})); // of the telephony
		const page = made("div", { className: "page" });
		if (host.kind === "phone") page.append(made("header", {}, actions));
		else inside.append(actions);
		document
			.getElementById("app")
			.append(made("div", { className: "screen" }, made("div", { className: "column" }, bar, page)));
	}

	// ------------------------------------------------------------ begins

	frame();
	const port = window.location.port ? `:${host.port}` : "";
	const protocol = port ? "http" : "https";
	const there = `${protocol}://${window.location.hostname}${port}/${host.site}`;
	host.socket = window.io(there, { withCredentials: true, reconnectionAttempts: 5 });
	const globalProperties = { $socket: host.socket, $dialog, __: window.__ };
	document.getElementById("app").__vue_app__ = { config: { globalProperties } };
	window.csrf_token = host.csrf_token;
	call("helpdesk.api.general.get_translations").then((texts) => (window.translatedMessages = texts));
	Object.assign(host, { run, show, given });
	if (host.kind === "new") await writeNew();
	else if (host.kind === "list") await list();
	else {
		listen();
		await read();
	}
	host.is_ready = true;
})();
