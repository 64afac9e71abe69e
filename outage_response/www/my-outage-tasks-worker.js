// Opens the page My outage tasks without network. Keeps nothing by itself: what is in the cache was put there by the
// page, for the person who is logged in, and goes when a login is asked for.
const CACHE = "outage-phone";
const PATIENCE = 5000; // ms, then the kept page is better than a blank one

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
	const { pathname } = new URL(event.request.url);
	if (event.request.mode === "navigate" && pathname === "/my-outage-tasks") event.respondWith(page(event.request));
	else if (pathname.startsWith("/assets/outage_response/phone/")) event.respondWith(file(event.request));
});

async function page(request) {
	const kept = () => caches.match("/my-outage-tasks", { cacheName: CACHE });
	const fetched = fetch(request).then(async (response) => {
		if (response.type === "opaqueredirect" || response.redirected || response.status === 403)
			await caches.delete(CACHE);
		return response.status > 501 ? (await kept()) || response : response;
	});
	const patience = new Promise((done) => setTimeout(done, PATIENCE));
	const first = await Promise.race([fetched.catch(() => null), patience]);
	return first || (await kept()) || fetched;
}

async function file(request) {
	return (await caches.match(request, { cacheName: CACHE })) || fetch(request);
}
