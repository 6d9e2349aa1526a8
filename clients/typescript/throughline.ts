/**
 * Throughline from TypeScript: `fetch` with the types of the platform's own OpenAPI documents.
 *
 * Paths, parameters, bodies and answers are checked by the compiler; openapi-fetch does the rest.
 * What is added here: the token, an Idempotency-Key for each command, and another try, with the
 * same key, where that may help.
 */
import createClient, { type Client } from "openapi-fetch";
import type { paths } from "./generated/index.ts";

export type { paths };

export type Options = {
  /** The gateway's address. */
  url: string;
  /** Called for the token of each request. */
  token?: () => string | Promise<string>;
  /** How long a request is tried again while the platform is away or busy. */
  patienceMs?: number;
  fetch?: typeof fetch;
};

const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 5_000;
const AWAY = new Set([429, 502, 503, 504]);
const RACES = /problem:(conflict|version-conflict|in-flight)$/;

export function throughline(options: Options): Client<paths> {
  const { url, token, patienceMs = 30_000, fetch: send = fetch } = options;

  async function once(request: Request): Promise<Response> {
    if (token) request.headers.set("Authorization", `Bearer ${await token()}`);
    return send(request);
  }

  async function patiently(request: Request): Promise<Response> {
    if (request.method === "POST" && !request.headers.has("Idempotency-Key"))
      request.headers.set("Idempotency-Key", crypto.randomUUID());
    const deadline = Date.now() + patienceMs;
    for (let tries = 0; ; tries++) {
      // A request's body can be sent once: each try has a copy. A TypeError is fetch's word for
      // a connection that failed.
      const answer = await once(request.clone()).catch((error: unknown) => {
        if (error instanceof TypeError) return error;
        throw error;
      });
      const pause = pauseMs(tries, answer);
      if (!(await mayPass(answer)) || Date.now() + pause > deadline) {
        if (answer instanceof Error) throw answer;
        return answer;
      }
      await new Promise((resume) => setTimeout(resume, pause));
    }
  }

  return createClient<paths>({ baseUrl: url, fetch: patiently, redirect: "manual" });
}

/** Whether the same request may succeed a moment later. */
async function mayPass(answer: Response | Error): Promise<boolean> {
  if (answer instanceof Error || AWAY.has(answer.status)) return true;
  if (answer.status !== 409) return false;
  const told = await answer.clone().json().catch(() => null);
  return RACES.test(String(told?.type));
}

/** Pauses double up to a bound, each drawn from its upper half; Retry-After is the least. */
function pauseMs(tries: number, answer: Response | Error): number {
  const longest = Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries);
  const drawn = longest * (1 + Math.random()) / 2;
  const told = answer instanceof Error ? 0 : Number(answer.headers.get("Retry-After") ?? 0);
  return Math.max(drawn, (told || 0) * 1_000);
}
