// Builds the bundles (`public/**/*.bundle.{js,css,scss}`) of the bench's apps and the maps by which Frappe finds them.
//
//   node build.js [--apps a,b] [--files a/x.bundle.js,b/y.bundle.scss] [--production] [--watch] [--skip_frappe]
//
// FRAPPE_BENCH_ROOT names the bench, NODE_PATH the folder of the npm packages. The framework's own builder is not part of its snapshot; on another bench this is not used.
const fs = require("node:fs");
const path = require("node:path");
const esbuild = require("esbuild");
const { createClient } = require("redis");
const plugins = require("./plugins");

const bench = process.env.FRAPPE_BENCH_ROOT;
const sites = path.join(bench, "sites");
const assets = path.join(sites, "assets");
const STYLES = [".css", ".scss", ".sass"];

/** `--name value`, `--name=value` or `--name` -> {name: value or true}; what is not known is left alone. */
function read_options(words) {
	const options = {};
	words.forEach((word, index) => {
		if (!word.startsWith("--")) return;
		const [name, value] = word.slice(2).split("=");
		const next = words[index + 1];
		options[name] = value ?? (next && !next.startsWith("--") ? next : true);
	});
	return options;
}

const options = read_options(process.argv.slice(2));
const production = Boolean(options.production);
const all_apps = fs.readFileSync(path.join(sites, "apps.txt"), "utf-8").split("\n").filter(Boolean);
const named = (text) => (typeof text === "string" ? text.split(",") : null);
const apps = (named(options.apps) || all_apps).filter((app) => !(options.skip_frappe && app === "frappe"));
const only = named(options.files);
const public_of = (app) => path.join(bench, "apps", app, app, "public");

/** [{app, file, style}] of all that is to be built. */
function find_bundles() {
	const found = [];
	const walk = (app, folder) => {
		if (!fs.existsSync(folder)) return;
		for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
			const file = path.join(folder, entry.name);
			if (entry.isDirectory()) {
				if (!["node_modules", "dist"].includes(entry.name)) walk(app, file);
			} else if (/\.bundle\.(js|css|scss|sass)$/.test(entry.name)) {
				if (!only || only.includes(`${app}/${entry.name}`)) {
					found.push({ app, file, style: STYLES.includes(path.extname(file)) });
				}
			}
		}
	};
	for (const app of only ? all_apps : apps) walk(app, public_of(app));
	return found;
}

/** esbuild's options for one of the three kinds of output: js, css, css-rtl. */
function settings(kind, bundles) {
	const entries = bundles.map(({ app, file }) => ({
		in: file,
		out: `${app}/dist/${kind}/${path.basename(file, path.extname(file))}`,
	}));
	return {
		entryPoints: entries,
		entryNames: "[dir]/[name].[hash]",
		outdir: assets,
		bundle: true,
		format: "iife",
		target: "es2020",
		platform: "browser",
		minify: production,
		sourcemap: production ? false : "linked",
		metafile: true,
		logLevel: "error",
		nodePaths: [process.env.NODE_PATH, ...plugins.import_roots(bench, all_apps)],
		loader: { ".woff": "dataurl", ".woff2": "dataurl", ".ttf": "dataurl", ".svg": "dataurl", ".png": "dataurl" },
		define: {
			global: "window",
			"process.env.NODE_ENV": JSON.stringify(production ? "production" : "development"),
			__VUE_OPTIONS_API__: "true",
			__VUE_PROD_DEVTOOLS__: "false",
			__VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
		},
		plugins: plugins.all({ bench, apps: all_apps, production, rtl: kind === "css-rtl", share: !options.watch }),
	};
}

/** Enter the outputs into assets.json or assets-rtl.json and delete what they replace. */
function publish(kind, metafile) {
	const map_file = path.join(assets, kind === "css-rtl" ? "assets-rtl.json" : "assets.json");
	const map = read_json(map_file);
	delete map["not-built.bundle.css"];
	const made = [];
	for (const [output, info] of Object.entries(metafile.outputs)) {
		if (!info.entryPoint || output.endsWith(".map")) continue;
		// Relative to where the builder was called from; the name under assets/ is what counts.
		const address = "/assets/" + path.relative(assets, path.resolve(output)).split(path.sep).join("/");
		const name = path.basename(info.entryPoint).replace(/\.(scss|sass)$/, ".css");
		map[kind === "css-rtl" ? `rtl_${name}` : name] = address;
		made.push(path.resolve(output));
	}
	for (const [name, address] of Object.entries(map)) {
		if (!fs.existsSync(path.join(sites, address))) delete map[name];
	}
	fs.writeFileSync(map_file + ".new", JSON.stringify(map, null, 1) + "\n");
	fs.renameSync(map_file + ".new", map_file);
	made.forEach(delete_older);
	return made.length;
}

function delete_older(file) {
	const stem = path.basename(file).replace(/\.[A-Z0-9]{8}\.(js|css)$/, "");
	for (const name of fs.readdirSync(path.dirname(file))) {
		const other = name.replace(/\.[A-Z0-9]{8}\.(js|css)(\.map)?$/, "");
		if (other === stem && !name.startsWith(path.basename(file))) fs.unlinkSync(path.join(path.dirname(file), name));
	}
}

function read_json(file) {
	try {
		return JSON.parse(fs.readFileSync(file, "utf-8"));
	} catch {
		return {};
	}
}

/** Web servers keep the map in Redis; without this they would name files that are gone. */
async function forget_cached_map() {
	const url = read_json(path.join(sites, "common_site_config.json")).redis_cache;
	const client = createClient({ url, socket: { connectTimeout: 1000, reconnectStrategy: false } });
	client.on("error", () => {});
	try {
		await client.connect();
		await client.del("assets_json");
		await client.quit();
	} catch {
		// No Redis yet: then nothing is cached.
	}
}

async function main() {
	const began = Date.now();
	const bundles = find_bundles();
	const scripts = bundles.filter((bundle) => !bundle.style);
	const styles = bundles.filter((bundle) => bundle.style);
	let count = 0;
	for (const [kind, some] of Object.entries({ js: scripts, css: styles, "css-rtl": styles })) {
		if (!some.length) continue;
		if (options.watch) {
			const plugin = {
				name: "publish",
				setup: (build) =>
					build.onEnd(async (result) => {
						if (!result.metafile) return;
						publish(kind, result.metafile);
						await forget_cached_map();
						console.log(`${new Date().toLocaleTimeString()} ${kind}: built`);
					}),
			};
			const wanted = settings(kind, some);
			await (await esbuild.context({ ...wanted, plugins: [...wanted.plugins, plugin] })).watch();
		} else {
			const result = await esbuild.build(settings(kind, some));
			count += publish(kind, result.metafile);
		}
	}
	if (options.watch) return console.log("Watching; Ctrl-C ends it.");
	await forget_cached_map();
	console.log(`${bundles.length} bundles, ${count} files, ${((Date.now() - began) / 1000).toFixed(1)} s`);
}

main().catch((error) => {
	// esbuild has shown the place; the set-up prints this one line.
	const first = error.errors?.[0];
	const where = first?.location ? `${path.relative(bench, first.location.file)}:${first.location.line}: ` : "";
	console.error(first ? `error: ${where}${first.text}` : error.stack);
	process.exit(1);
});
