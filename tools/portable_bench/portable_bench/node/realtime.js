// The realtime server of the bench: what Frappe publishes on the Redis channel `events` goes to the browsers it is for.
//
//   node realtime.js        FRAPPE_BENCH_ROOT names the bench
//
// A browser connects to the namespace `/<site>` with the cookie it has for the site. Who that is, and what they may listen
// to, the site itself is asked, through the bench's own web server. Listens on loopback only.
const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");
const { createClient } = require("redis");
const { Server } = require("socket.io");

const sites = path.join(process.env.FRAPPE_BENCH_ROOT, "sites");
const config = JSON.parse(fs.readFileSync(path.join(sites, "common_site_config.json"), "utf-8"));
const USER_INFO = "frappe.realtime.get_user_info";
const MAY_LISTEN = { doc: "frappe.realtime.can_subscribe_doc", doctype: "frappe.realtime.can_subscribe_doctype" };

const rooms = {
	user: (user) => `user:${user}`,
	doctype: (doctype) => `doctype:${doctype}`,
	doc: (doctype, name) => `doc:${doctype}/${name}`,
	open: (doctype, name) => `open_doc:${doctype}/${name}`,
	task: (task) => `task_progress:${task}`,
};

/** Call a GET method of the site as the owner of this cookie; its answer, or an error for anything but 200. */
function ask(site, cookie, method, parameters = {}) {
	const query = new URLSearchParams(parameters);
	return new Promise((resolve, reject) => {
		const request = http.get(
			{
				host: "127.0.0.1",
				port: config.webserver_port,
				path: `/api/method/${method}?${query}`,
				headers: { Cookie: cookie, Host: site, "X-Frappe-Site-Name": site, Accept: "application/json" },
				timeout: 20000,
			},
			(response) => {
				let text = "";
				response.setEncoding("utf-8");
				response.on("data", (piece) => (text += piece));
				response.on("end", () => {
					if (response.statusCode !== 200) return reject(new Error(`${method}: ${response.statusCode}`));
					try {
						resolve(JSON.parse(text).message);
					} catch (error) {
						reject(error);
					}
				});
			},
		);
		request.on("timeout", () => request.destroy(new Error(`${method}: no answer`)));
		request.on("error", reject);
	});
}

/** The name of the host in a Host header or an Origin. */
function host_of(text) {
	try {
		return new URL(text.includes("://") ? text : `http://${text}`).hostname;
	} catch {
		return "";
	}
}

async function authenticate(socket, next) {
	const { cookie, host, origin } = socket.request.headers;
	const site = socket.nsp.name.slice(1);
	try {
		// A page of another host must not use the visitor's cookie.
		if (!origin || host_of(origin) !== host_of(host || "")) throw new Error("Invalid origin");
		if (!/^[\w.-]+$/.test(site) || !fs.existsSync(path.join(sites, site, "site_config.json"))) {
			throw new Error("Invalid namespace");
		}
		if (!/(^|;\s*)sid=/.test(cookie || "")) throw new Error("No cookie transmitted");
		const { user, user_type } = await ask(site, cookie, USER_INFO);
		Object.assign(socket.data, { site, cookie, user, desk: user_type === "System User" });
		next();
	} catch (error) {
		next(error);
	}
}

/** Do `act` if the site lets this user read it; otherwise nothing happens, as with Frappe's own server. */
async function if_allowed(socket, kind, parameters, act) {
	if (Object.values(parameters).some((value) => typeof value !== "string" || !value)) return;
	try {
		await ask(socket.data.site, socket.data.cookie, MAY_LISTEN[kind], parameters);
	} catch (error) {
		if (!/: 40[134]$/.test(error.message)) console.log(error.message);
		return;
	}
	if (socket.connected) act();
}

/** Who has this document open, told to all of them. */
async function tell_viewers(namespace, doctype, docname) {
	const room = rooms.open(doctype, docname);
	const users = [...new Set((await namespace.in(room).fetchSockets()).map((socket) => socket.data.user))];
	namespace.to(room).emit("doc_viewers", { doctype, docname, users });
}

function serve(socket) {
	const namespace = socket.nsp;
	const open = new Map();
	socket.join([rooms.user(socket.data.user), "website"]);
	if (socket.data.desk) socket.join("all");

	socket.on("ping", () => socket.emit("pong"));
	socket.on("doctype_subscribe", (doctype) =>
		if_allowed(socket, "doctype", { doctype }, () => socket.join(rooms.doctype(doctype))),
	);
	socket.on("doctype_unsubscribe", (doctype) => socket.leave(rooms.doctype(doctype)));
	socket.on("doc_subscribe", (doctype, docname) =>
		if_allowed(socket, "doc", { doctype, docname }, () => socket.join(rooms.doc(doctype, docname))),
	);
	socket.on("doc_unsubscribe", (doctype, docname) => socket.leave(rooms.doc(doctype, docname)));
	socket.on("doc_open", (doctype, docname) =>
		if_allowed(socket, "doc", { doctype, docname }, () => {
			socket.join(rooms.open(doctype, docname));
			open.set(rooms.open(doctype, docname), [doctype, docname]);
			tell_viewers(namespace, doctype, docname);
		}),
	);
	socket.on("doc_close", (doctype, docname) => {
		socket.leave(rooms.open(doctype, docname));
		open.delete(rooms.open(doctype, docname));
		tell_viewers(namespace, doctype, docname);
	});
	for (const event of ["task_subscribe", "progress_subscribe"])
		socket.on(event, (task) => socket.join(rooms.task(task)));
	for (const event of ["task_unsubscribe", "progress_unsubscribe"]) {
		socket.on(event, (task) => socket.leave(rooms.task(task)));
	}
	socket.on("disconnect", () => open.forEach((names) => tell_viewers(namespace, ...names)));
}

async function main() {
	const server = http.createServer();
	server.on("error", fail);
	const io = new Server(server, { cors: { origin: true, credentials: true }, cleanupEmptyChildNamespaces: true });
	const all_sites = io.of(/^\/.+$/);
	all_sites.use(authenticate);
	all_sites.on("connection", serve);

	const subscriber = createClient({ url: config.redis_socketio || config.redis_queue });
	subscriber.on("error", (error) => console.log(`Redis: ${error.message}`));
	await subscriber.connect();
	await subscriber.subscribe("events", (text) => {
		const { namespace, room, event, message } = JSON.parse(text);
		if (namespace && room) io.of(`/${namespace}`).to(room).emit(event, message);
		else if (!namespace) all_sites.emit(event, message);
	});
	server.listen(config.socketio_port, "127.0.0.1", () => console.log(`Realtime on port ${config.socketio_port}`));
}

/** One line in the log, which the set-up shows. */
function fail(error) {
	console.error(error.message);
	process.exit(1);
}

main().catch(fail);
