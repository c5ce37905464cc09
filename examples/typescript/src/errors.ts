// What can go wrong, in two kinds: the API has refused, or it cannot be reached.

import type { ErrorBody, FieldViolation } from "./contract.js";

/** An error that the API has answered with. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    message: string,
    /** The reason, such as `EMAIL_TAKEN`: what a program decides by. */
    readonly code: string,
    /** The kind, such as `ALREADY_EXISTS`, where the reason is a new one. */
    readonly status: string,
    readonly details: ErrorBody["error"]["details"] = [],
    /** Names the call in the server's logs. */
    readonly requestId = "",
    /** Seconds to wait before the next try; undefined where waiting does not help. */
    readonly retryAfter?: number,
  ) {
    super(message);
  }

  /** Reads the body that every error has, be it an answer's or the last event of a stream. */
  static of({ error, meta }: ErrorBody, retryAfter?: number): ApiError {
    return new ApiError(error.message, error.code, error.status, error.details, meta.request_id, retryAfter);
  }

  /** Reads an answer that is not OK. What stands between may answer in a form of its own. */
  static async from(answer: Response): Promise<ApiError> {
    const text = await answer.text();
    const retryAfter = Number(answer.headers.get("retry-after") ?? Number.NaN);
    try {
      return ApiError.of(JSON.parse(text) as ErrorBody, Number.isNaN(retryAfter) ? undefined : retryAfter);
    } catch {
      return new ApiError(`HTTP ${answer.status}`, "NOT_OF_THE_API", answer.status >= 502 ? "UNAVAILABLE" : "UNKNOWN");
    }
  }

  /** Every field that is wrong. */
  get violations(): FieldViolation[] {
    return this.details.filter((detail): detail is FieldViolation => "field" in detail);
  }
}

/** The server cannot be reached, or the connection broke. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
}

/** Names a failure of the network as one: `fetch` and the reader of a body throw a plain TypeError. */
export function named(error: unknown): unknown {
  return error instanceof TypeError ? new ConnectionError("The server cannot be reached, or the connection broke.", { cause: error }) : error;
}
