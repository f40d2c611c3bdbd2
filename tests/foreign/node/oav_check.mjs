// oav_check.mjs - judges exchange logs by oav, the validator of Microsoft's own API contracts.
//
//   node oav_check.mjs --modules FOLDER --contract FOLDER --listed FILE LOG...
//
// FOLDER/node_modules holds oav 4.0.3. The contract folder keeps its files under short names: INDEX.json tells where each stood, and that
// layout is made anew in a temporary folder, since the files name each other by it. What is judged: every reply of the sandbox, and every
// request of azloconf (also those that the sandbox refused); the requests of others are their own affair and are counted only.
// An exchange that no contract describes must match a line of the listed file (METHODS GLOB SOURCE), and one that a contract describes must not.
// Ends with 0 (good), 1 (faults, a line each: FILE:LINE: METHOD URL -> STATUS: side CODE: sentence) or 2 (usage, nothing to judge).
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { createRequire } from "node:module";

// An api-version without a file is judged by its nearest kin in the folder: that is a stand-in, not proof, and is counted apart.
const STAND_IN = {
  "microsoft.authorization": { "2018-01-01-preview": "2022-04-01", "2020-04-01-preview": "2022-04-01" },
  "microsoft.azurestackhci": { "2021-09-01-preview": "2021-09-01", "2022-05-01": "2022-12-01" },
  "microsoft.hybridcompute": { "2022-08-11-preview": "2022-12-27" },
  // groups, providers, resources; and tenants, subscriptions, locations: these stand under no provider
  "microsoft.unknown": { "2016-02-01": "2021-04-01", "2022-09-01": "2021-04-01", "2025-04-01": "2021-04-01",
    "2019-11-01": "2022-12-01", "2021-01-01": "2022-12-01" },
};
const OURS = /^azloconf\//; // the User-Agent of the client

function options(argv) {
  const o = { logs: [] };
  for (let i = 2; i < argv.length; i++) {
    if (argv[i].startsWith("--")) o[argv[i].slice(2)] = argv[++i];
    else o.logs.push(argv[i]);
  }
  if (!o.modules || !o.contract || !o.listed || !o.logs.length) {
    console.error("usage: oav_check.mjs --modules FOLDER --contract FOLDER --listed FILE LOG...");
    process.exit(2);
  }
  return o;
}

// "by id" doubles ("/{resourceId}") of what stands elsewhere: they match every address, and would hide that a path is in no contract.
function without_doubles(text) {
  const doc = JSON.parse(text.replace(/^\ufeff/, ""));
  for (const paths of [doc.paths, doc["x-ms-paths"]])
    for (const p of Object.keys(paths || {})) if (/^\/\{[^/]+\}$/.test(p)) delete paths[p];
  return doc;
}

function lay_out(contract, top) {
  const specs = [];
  for (const [key, row] of Object.entries(JSON.parse(fs.readFileSync(path.join(contract, "INDEX.json"), "utf8")).files)) {
    const from = path.join(contract, row.file), to = path.join(top, key);
    fs.mkdirSync(path.dirname(to), { recursive: true });
    if (!key.endsWith(".json") || key.includes("/examples/")) {
      fs.copyFileSync(from, to);
      continue;
    }
    const doc = without_doubles(fs.readFileSync(from, "utf8"));
    fs.writeFileSync(to, JSON.stringify(doc));
    if (doc.swagger && (Object.keys(doc.paths || {}).length || doc["x-ms-paths"])) specs.push(to);
  }
  return specs;
}

function read_listed(file) {
  return fs.readFileSync(file, "utf8").split("\n").map((l) => l.trim()).filter((l) => l && !l.startsWith("#")).map((l) => {
    const [methods, glob] = l.split(/\s+/);
    const regex = glob.replace(/[.+^${}()|[\]\\]/g, "\\$&").replace(/\*/g, ".*").replace(/\?/g, ".");
    return { methods: methods.split("|"), regex: new RegExp(`^${regex}$`, "is"), used: 0 };
  });
}

function is_listed(rows, method, target) {
  const row = rows.find((r) => (r.methods.includes(method) || r.methods[0] === "*") && r.regex.test(target));
  if (row) row.used++;
  return !!row;
}

class Judge {
  constructor(validator, parse, listed) {
    Object.assign(this, { validator, parse, listed });
    this.counts = { contract: 0, standin: 0, listed: 0, others: 0, torn: 0, faulty: 0 };
    this.standins = new Map();
    this.operations = new Map();
  }

  search(info) {
    try {
      return this.validator.operationSearcher.search(info).operationMatch;
    } catch (e) {
      if (e.code === "MULTIPLE_OPERATIONS_FOUND") throw e;
      return undefined;
    }
  }

  // {info, standin}: the operation of a contract, under its provider's name or under none, in its own version or its stand-in
  find(method, url) {
    const asked = this.parse(url, method, {});
    for (const standing_in of [false, true])
      for (const provider of [asked.providerNamespace, "microsoft.unknown"]) {
        const version = standing_in ? (STAND_IN[provider] || {})[asked.apiVersion] : asked.apiVersion;
        if (!version) continue;
        const validationRequest = { ...asked, providerNamespace: provider, apiVersion: version };
        const operationMatch = this.search(validationRequest);
        if (operationMatch)
          return { info: { apiVersion: version, operationId: operationMatch.operation.operationId, operationMatch, validationRequest },
            standin: standing_in ? `${provider} ${asked.apiVersion} as ${version}` : "" };
      }
    return undefined;
  }

  async sides(x, url, info) {
    const out = [], plain = (v) => (v === null ? undefined : v);
    if (OURS.test((x.reqHeaders || {})["user-agent"] || "")) {
      const r = await this.validator.validateLiveRequest({ url, method: x.method, headers: x.reqHeaders, body: plain(x.reqBody) }, {}, { ...info });
      out.push(["request", r]);
    } else {
      this.counts.others++;
    }
    if (x.status) {
      const answer = { statusCode: String(x.status), headers: x.resHeaders, body: plain(x.resBody) };
      out.push(["reply", await this.validator.validateLiveResponse(answer, { url, method: x.method }, {}, { ...info })]);
    } else {
      this.counts.torn++;
    }
    return out;
  }

  // the faults of one exchange, as sentences
  async judge(x) {
    const at = new URL(x.url), url = at.pathname.replace(/\/{2,}/g, "/") + at.search;
    const target = decodeURIComponent(url.split("?")[0]), version = at.searchParams.get("api-version");
    const method = x.method.toUpperCase();
    const listed = is_listed(this.listed, method, target) || (version && is_listed(this.listed, method, `${target}?api-version=${version}`));
    const found = this.find(x.method, url);
    if (listed) {
      this.counts.listed++;
      return found ? [`is listed as without contract, but ${found.info.operationId} describes it`] : [];
    }
    if (!found) return [`no contract for this ${version ? `address in version ${version}` : "address"}, and no line in the list`];
    this.counts[found.standin ? "standin" : "contract"]++;
    if (found.standin) this.standins.set(found.standin, (this.standins.get(found.standin) || 0) + 1);
    this.operations.set(found.info.operationId, (this.operations.get(found.info.operationId) || 0) + 1);
    const faults = [];
    for (const [side, r] of await this.sides(x, url, found.info)) {
      if (r.runtimeException) faults.push(`${side} ${r.runtimeException.code}: ${r.runtimeException.message.slice(0, 300)}`);
      for (const e of r.errors) faults.push(`${side} ${e.code}: ${e.message} ${(e.jsonPathsInPayload || []).join(" ")}`.trim());
    }
    return faults;
  }
}

// The same fault in a hundred logs is told three times and counted.
const told = new Map();
function tell(where, what) {
  const shape = what.replace(/[0-9a-f]{8}-[0-9a-f-]{27}|\d+/gi, "#"), n = (told.get(shape) || 0) + 1;
  told.set(shape, n);
  if (n <= 3) console.log(where + what);
}

async function main() {
  const o = options(process.argv), require = createRequire(path.join(path.resolve(o.modules), "package.json"));
  const { LiveValidator, parseValidationRequest } = require("oav/dist/lib/liveValidation/liveValidator.js");
  const top = fs.mkdtempSync(path.join(os.tmpdir(), "azl-oav-"));
  try {
    const swaggerPaths = lay_out(path.resolve(o.contract), top);
    const complaints = [], contracts = swaggerPaths.length; // oav empties the list
    const validator = new LiveValidator({ directory: top, swaggerPaths, loadValidatorInBackground: false, loadValidatorInInitialize: false },
      (message, level) => { if (level === "error" || /Unable to initialize/.test(message)) complaints.push(message); });
    await validator.initialize();
    for (const c of complaints.filter((m) => /Unable to initialize/.test(m))) console.log(c.slice(0, 400));
    const judge = new Judge(validator, parseValidationRequest, read_listed(o.listed));
    for (const log of o.logs) {
      const lines = fs.readFileSync(log, "utf8").split("\n");
      for (let n = 0; n < lines.length; n++) {
        if (!lines[n].trim()) continue;
        const x = JSON.parse(lines[n]);
        const faults = await judge.judge(x);
        if (faults.length) judge.counts.faulty++;
        for (const f of faults) tell(`${path.basename(log)}:${n + 1}: `, `${x.method} ${x.url} -> ${x.status}: ${f}`);
      }
    }
    for (const [shape, n] of told) if (n > 3) console.log(`${n - 3} more: ${shape}`);
    const c = judge.counts;
    for (const [name, n] of judge.standins) console.log(`stand-in: ${name}: ${n}`);
    if (o.operations) for (const [name, n] of [...judge.operations].sort()) console.log(`operation: ${name}: ${n}`);
    console.log(`${contracts} contracts; ${c.contract} exchanges by contract, ${c.standin} by a stand-in version, ${c.listed} listed without one; ` +
      `${c.torn} replies torn by a fault and ${c.others} requests of others not judged; ${judge.operations.size} operations; ${c.faulty} with faults`);
    if (complaints.some((m) => /Unable to initialize/.test(m)) || !c.contract) return 2;
    return c.faulty ? 1 : 0;
  } finally {
    fs.rmSync(top, { recursive: true, force: true });
  }
}

process.exitCode = await main();
