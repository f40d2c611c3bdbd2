// oidc_server.mjs - a sign-in server that others wrote (npm oidc-provider 9.13.3, RFC 8628) in front of a sandbox's Resource Manager.
//
//   node oidc_server.mjs CONFIG.json      prints {"base": "https://127.0.0.1:PORT"} and serves until its standard input ends
//
// CONFIG: modules (the folder of node_modules), cert, key (PEM files), tenant, client_id, and if there is a sandbox behind it: sandbox (address),
// sandbox_ca (PEM file), sandbox_token. Optional: code_s, token_s (life of codes and tokens), names (true: id tokens carry preferred_username).
//
// Paths are those of azloconf: /{tenant}/oauth2/v2.0/devicecode and /token, oidc-provider's `routes` are set to them. Every other path is Resource
// Manager's: a request that bears a living token of the provider is handed to the sandbox with the sandbox's own token, one that bears none or a
// dead one gets 401. Only /dataplane/ and /metadata/ pass as they are.
//
// GET /hook    {requests: [{at, grant, status, error, fault}] of the token endpoint, codes, code_at, code_members, issued (tokens), revoked (grants),
//              refused, passed (requests to Resource Manager)}
// POST /hook   {"do": "approve" | "decline" | "expire" | "revoke"} for the newest code;
//              {"do": "slow", "ms": N} | {"do": "lose"} | {"do": "cut"} for the next answer that gives tokens: late, never, or broken off
import fs from "node:fs";
import https from "node:https";
import path from "node:path";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const conf = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const require = createRequire(path.join(path.resolve(conf.modules), "package.json"));
const { Provider } = await import(pathToFileURL(require.resolve("oidc-provider")));
const ACCOUNT = "anna";
const seen = { requests: [], codes: 0, issued: 0, revoked: 0, refused: [], passed: 0 };
let provider, newest, fault;

function configuration(base) {
  const at = (name) => `/${conf.tenant}/oauth2/v2.0/${name}`;
  return {
    clients: [{ client_id: conf.client_id, token_endpoint_auth_method: "none", redirect_uris: [], response_types: [],
      grant_types: ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"] }],
    claims: { openid: ["sub"], profile: ["preferred_username"] },
    conformIdTokenClaims: false,
    cookies: { keys: ["of no use here"] },
    features: { deviceFlow: { enabled: true, charset: "base-20", mask: "****-****" }, devInteractions: { enabled: false } },
    findAccount: (ctx, id) => ({ accountId: id,
      claims: () => ({ sub: id, ...(conf.names ? { preferred_username: `${id}@stranger.example` } : {}) }) }),
    routes: { device_authorization: at("devicecode"), token: at("token"), code_verification: "/device", jwks: "/jwks" },
    scopes: ["openid", "offline_access", "profile", `${base}/.default`], // what Entra grants for Resource Manager
    ttl: { DeviceCode: conf.code_s || 600, AccessToken: conf.token_s || 3600, IdToken: 3600, RefreshToken: 86400, Grant: 86400 },
  };
}

async function act(order) {
  const code = newest && (await provider.DeviceCode.find(newest, { ignoreExpiration: true }));
  if (order.do === "slow" || order.do === "lose" || order.do === "cut") {
    fault = order;
  } else if (!code) {
    return "there is no code";
  } else if (order.do === "approve") {
    const grant = new provider.Grant({ clientId: conf.client_id, accountId: ACCOUNT });
    grant.addOIDCScope(code.params.scope);
    Object.assign(code, { grantId: await grant.save(), accountId: ACCOUNT, scope: code.params.scope, claims: {},
      authTime: Math.floor(Date.now() / 1000) });
    await code.save();
  } else if (order.do === "decline") {
    Object.assign(code, { error: "access_denied", errorDescription: "the end-user said no" });
    await code.save();
  } else if (order.do === "expire") {
    const { jti } = code, stored = await provider.DeviceCode.adapter.find(jti);
    stored.exp = Math.floor(Date.now() / 1000) - 1;
  } else if (order.do === "revoke") {
    await provider.Grant.adapter.destroy(code.grantId);
    for (const model of [provider.AccessToken, provider.RefreshToken]) await model.revokeByGrantId(code.grantId);
  } else {
    return `unknown: ${order.do}`;
  }
  return undefined;
}

const body_of = async (req) => {
  const parts = [];
  for await (const part of req) parts.push(part);
  return Buffer.concat(parts);
};

function answer(res, status, body, headers = {}) {
  res.writeHead(status, { "content-type": "application/json", ...headers });
  res.end(JSON.stringify(body));
}

// oidc-provider writes its answer at once by end(): that is where it is noted, delayed or lost.
function watch(req, res, form) {
  const end = res.end.bind(res), grant = form.get("grant_type") || "", started = Date.now();
  res.end = (body, ...more) => {
    const told = /json/.test(res.getHeader("content-type")) ? JSON.parse(body.toString()) : {};
    if (told.device_code) Object.assign(seen, { code_at: Date.now(), code_members: Object.keys(told).sort() });
    const what = told.access_token ? fault : undefined;
    if (grant) seen.requests.push({ at: started, grant, status: res.statusCode, error: told.error, fault: what && what.do });
    if (!what) return end(body, ...more);
    fault = undefined;
    if (what.do === "slow") return setTimeout(() => end(body, ...more), what.ms);
    if (what.do === "cut") res.write(body.toString().slice(0, body.length / 2));
    return setTimeout(() => req.socket.destroy(), 50);
  };
}

async function oauth(req, res) {
  const raw = await body_of(req), form = new URLSearchParams(raw.toString());
  watch(req, res, form);
  req.body = Object.fromEntries(form); // oidc-provider takes a body that is parsed already
  return provider.callback()(req, res);
}

async function arm(req, res) {
  const raw = await body_of(req), bearer = /^Bearer (.+)$/.exec(req.headers.authorization || ""), headers = { ...req.headers };
  if (!/^\/(dataplane|metadata)\//.test(req.url)) {
    if (!bearer || !(await provider.AccessToken.find(bearer[1]))) {
      seen.refused.push(`${req.method} ${req.url.split("?")[0]}`);
      return answer(res, 401, { error: { code: "InvalidAuthenticationToken", message: "The access token is invalid." } });
    }
    headers.authorization = `Bearer ${conf.sandbox_token}`;
    seen.passed++;
  }
  if (!conf.sandbox) return answer(res, 403, { error: { code: "AuthorizationFailed", message: "Nothing is behind this front." } });
  const to = new URL(conf.sandbox);
  const on = https.request({ host: to.hostname, port: to.port, ca: fs.readFileSync(conf.sandbox_ca), method: req.method, path: req.url, headers,
    agent }, (from) => {
    res.writeHead(from.statusCode, from.headers);
    from.pipe(res);
  });
  on.on("error", () => req.socket.destroy());
  on.end(raw);
  return undefined;
}

async function hook(req, res) {
  if (req.method === "GET") return answer(res, 200, seen);
  const wrong = await act(JSON.parse((await body_of(req)).toString()));
  return answer(res, wrong ? 400 : 200, wrong ? { error: wrong } : {});
}

function route(req, res) {
  const at = req.url.split("?")[0];
  if (at === "/hook") return hook(req, res);
  if (at.startsWith(`/${conf.tenant}/oauth2/`) || at.startsWith("/device") || at === "/jwks" || at.startsWith("/.well-known/")) return oauth(req, res);
  return arm(req, res);
}

const agent = new https.Agent({ keepAlive: true });
const server = https.createServer({ cert: fs.readFileSync(conf.cert), key: fs.readFileSync(conf.key) },
  (req, res) => route(req, res).catch((e) => { console.error(e); req.socket.destroy(); }));
server.listen(0, "127.0.0.1", () => {
  const base = `https://127.0.0.1:${server.address().port}`;
  provider = new Provider(base, configuration(base));
  provider.on("device_code.saved", (code) => {
    if (code.jti !== newest) seen.codes++;
    newest = code.jti;
  });
  provider.on("access_token.issued", () => seen.issued++);
  provider.on("access_token.saved", () => seen.issued++);
  provider.on("grant.revoked", () => seen.revoked++);
  provider.on("server_error", (ctx, e) => console.error(e));
  console.log(JSON.stringify({ base }));
});
process.stdin.resume().on("end", () => process.exit(0));
