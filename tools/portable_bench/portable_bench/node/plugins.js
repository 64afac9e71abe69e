// What esbuild has to be told about Frappe's sources: paths, HTML templates, SCSS, Vue components, right-to-left styles.
const fs = require("node:fs");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const esbuild = require("esbuild");
const rtlcss = require("rtlcss");
const sass = require("sass");
const vue = require("@vue/compiler-sfc");

// Where npm has installed what package.json beside this file lists.
const MODULES = process.env.NODE_PATH;

/** Folders in which `frappe/public/...` and the like are found. */
const import_roots = (bench, apps) => apps.map((app) => path.join(bench, "apps", app));

/** `/assets/...` is an address of the running site, not a file to bundle. */
const addresses = {
	name: "addresses",
	setup(build) {
		build.onResolve({ filter: /^\/assets\// }, ({ path }) => ({ path, external: true }));
		// In CSS: what a stylesheet names besides other stylesheets stays as it is written.
		build.onResolve({ filter: /.*/ }, ({ path, kind }) => (kind === "url-token" ? { path, external: true } : null));
	},
};

/** `~package/file` in CSS. */
const packages = {
	name: "packages",
	setup(build) {
		build.onResolve({ filter: /^~/ }, ({ path: wanted }) => ({ path: existing(path.join(MODULES, wanted.slice(1))) }));
	},
};

/** `import "./x.html"` makes `frappe.templates.x`. Some of Frappe's write \' for a quote, which its own builder makes one. */
const templates = {
	name: "templates",
	setup(build) {
		build.onLoad({ filter: /\.html$/ }, async ({ path: file }) => {
			const name = JSON.stringify(path.basename(file).split(".")[0]);
			const text = (await fs.promises.readFile(file, "utf-8")).replaceAll("\\'", "'");
			return { contents: `frappe.templates[${name}] = ${JSON.stringify(text)};`, loader: "js" };
		});
	},
};

/** Frappe's own air-datepicker, which is on no package index, knows seconds; the one that is wrote 09:00:ss. */
const seconds = {
	name: "seconds",
	setup(build) {
		build.onLoad({ filter: /air-datepicker[/\\]dist[/\\]js[/\\]datepicker\.min\.js$/ }, async ({ path: file }) => {
			const plain = file.replace(".min.js", ".js");
			const source = await fs.promises.readFile(plain, "utf-8");
			const before = "case /ii/.test(result):";
			if (!source.includes(before)) return { errors: [{ text: `${plain} is another version: no ${before}` }] };
			const two_digits = '("0" + date.getSeconds()).slice(-2)';
			const added = `case /ss/.test(result): result = replacer(result, boundary("ss"), ${two_digits});`;
			return { contents: source.replace(before, `${added}\n${before}`), loader: "js" };
		});
	},
};

function existing(file) {
	return (
		[file, `${file}.css`, `${file}.scss`].find((name) => fs.existsSync(name) && fs.statSync(name).isFile()) || file
	);
}

function sass_options(roots) {
	return {
		loadPaths: [MODULES, ...roots],
		quietDeps: true,
		logger: sass.Logger.silent,
		importers: [
			{
				findFileUrl(url) {
					return url.startsWith("~") ? pathToFileURL(path.join(MODULES, url.slice(1))) : null;
				},
			},
		],
	};
}

/** file -> what SCSS made of it: its mirror image is made of the same text, a moment later. */
const compiled = new Map();

/** SCSS to CSS, and to its mirror image if asked for. */
function styles({ roots, rtl, share }) {
	const mirrored = (css) => (rtl ? rtlcss.process(css) : css);
	const compile = (file) => {
		const made = (share && compiled.get(file)) || sass.compile(file, sass_options(roots));
		compiled.set(file, made);
		return made;
	};
	return {
		name: "styles",
		setup(build) {
			build.onLoad({ filter: /\.s[ac]ss$/ }, ({ path: file }) => {
				const { css, loadedUrls } = compile(file);
				return {
					contents: mirrored(css),
					loader: "css",
					resolveDir: path.dirname(file),
					watchFiles: loadedUrls.filter((url) => url.protocol === "file:").map((url) => url.pathname),
				};
			});
			if (!rtl) return;
			build.onLoad({ filter: /\.css$/ }, async ({ path: file }) => ({
				contents: mirrored(await fs.promises.readFile(file, "utf-8")),
				loader: "css",
			}));
		},
	};
}

/** A script that puts this CSS into the page. */
function injecting(css) {
	return `(() => {
	const style = document.createElement("style");
	style.textContent = ${JSON.stringify(css)};
	document.head.append(style);
})();`;
}

/** Styles imported from JS come with the JS: Frappe loads no stylesheet beside a script. */
function styles_in_scripts({ roots, production }) {
	return {
		name: "styles-in-scripts",
		setup(build) {
			const in_script = ({ kind }) => kind === "import-statement" || kind === "require-call";
			build.onResolve({ filter: /\.s?css$/ }, async (asked) => {
				if (!in_script(asked) || asked.pluginData === "resolving") return null;
				const { resolveDir, kind, importer } = asked;
				const found = await build.resolve(asked.path, { resolveDir, kind, importer, pluginData: "resolving" });
				return found.errors.length ? { errors: found.errors } : { path: found.path, namespace: "style" };
			});
			build.onLoad({ filter: /.*/, namespace: "style" }, async ({ path: file }) => {
				const css = await bundled_css({ entryPoints: [file] }, { roots, production });
				return { contents: injecting(css), loader: "js", watchFiles: [file] };
			});
		},
	};
}

/** CSS with its imports inside. `entry`: what to bundle, in esbuild's words. */
async function bundled_css(entry, { roots, production }) {
	const result = await esbuild.build({
		...entry,
		bundle: true,
		write: false,
		minify: production,
		logLevel: "silent",
		nodePaths: [MODULES, ...roots],
		loader: { ".woff": "dataurl", ".woff2": "dataurl", ".svg": "dataurl", ".png": "dataurl", ".gif": "dataurl" },
		plugins: [addresses, packages, styles({ roots, rtl: false })],
	});
	return result.outputFiles[0].text;
}

/** Single-file components: script and template become one module, each style a module that injects it. */
function components({ roots, production }) {
	const parsed = new Map();

	async function load(file) {
		const source = await fs.promises.readFile(file, "utf-8");
		const { descriptor, errors } = vue.parse(source, { filename: file });
		if (errors.length) return { errors: errors.map((error) => ({ text: error.message, location: { file } })) };
		const id = short_hash(path.basename(file) + source);
		const scoped = descriptor.styles.some((style) => style.scoped);
		const lines = [];
		let bindings;
		if (descriptor.script || descriptor.scriptSetup) {
			const script = vue.compileScript(descriptor, { id, genDefaultAs: "component" });
			bindings = script.bindings;
			lines.push(script.content);
		} else {
			lines.push("const component = {};");
		}
		if (descriptor.template) {
			const template = vue.compileTemplate({
				source: descriptor.template.content,
				filename: file,
				id,
				scoped,
				slotted: descriptor.slotted,
				compilerOptions: { bindingMetadata: bindings, scopeId: scoped ? `data-v-${id}` : undefined },
			});
			if (template.errors.length)
				return { errors: template.errors.map((error) => ({ text: String(error.message || error) })) };
			lines.push(template.code, "component.render = render;");
		}
		if (scoped) lines.push(`component.__scopeId = "data-v-${id}";`);
		descriptor.styles.forEach((style, index) => {
			parsed.set(`${file}?style=${index}`, { style, file, id });
			lines.push(`import ${JSON.stringify(`${file}?style=${index}`)};`);
		});
		lines.push("export default component;");
		return {
			contents: lines.join("\n"),
			loader: descriptor.scriptSetup?.lang === "ts" ? "ts" : "js",
			resolveDir: path.dirname(file),
		};
	}

	async function load_style(name) {
		const { style, file, id } = parsed.get(name);
		// Its plain imports first, then the scoping: a scoped rule must not be taken for an imported one.
		const compiled = await vue.compileStyleAsync({
			source: style.content,
			filename: file,
			id: `data-v-${id}`,
			scoped: style.scoped,
			preprocessLang: style.lang === "scss" ? "scss" : undefined,
			preprocessOptions: { includePaths: [MODULES, ...roots], quietDeps: true, logger: sass.Logger.silent },
			preprocessCustomRequire: require,
		});
		if (compiled.errors.length) return { errors: compiled.errors.map((error) => ({ text: error.message })) };
		const entry = { stdin: { contents: compiled.code, loader: "css", resolveDir: path.dirname(file) } };
		return { contents: injecting(await bundled_css(entry, { roots, production })), loader: "js" };
	}

	return {
		name: "components",
		setup(build) {
			build.onLoad({ filter: /\.vue$/ }, ({ path: file }) => load(file));
			build.onResolve({ filter: /\.vue\?style=\d+$/ }, ({ path }) => ({ path, namespace: "component-style" }));
			build.onLoad({ filter: /.*/, namespace: "component-style" }, ({ path: name }) => load_style(name));
		},
	};
}

function short_hash(text) {
	return require("node:crypto").createHash("sha256").update(text).digest("hex").slice(0, 8);
}

/** All of them, in the order in which esbuild asks. `share`: no file changes while the builder runs. */
function all({ bench, apps, production, rtl, share }) {
	const roots = import_roots(bench, apps);
	return [
		addresses,
		packages,
		templates,
		seconds,
		components({ roots, production }),
		styles_in_scripts({ roots, production }),
		styles({ roots, rtl, share }),
	];
}

module.exports = { all, import_roots };
