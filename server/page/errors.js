// What can go wrong, in two kinds: the API has refused, or it cannot be reached.

/** An error that the API has answered with. */
export class ApiError extends Error {
  /** @param {{code: string, status: string, message: string, details?: object[]}} error  @param {number} retryAfter seconds */
  constructor(error, retryAfter = 0) {
    super(error.message);
    this.code = error.code;
    this.status = error.status;
    this.details = error.details ?? [];
    this.retryAfter = retryAfter;
  }

  /** Reads an answer that is not OK. What stands between may answer in a form of its own. */
  static async from(/** @type {Response} */ answer) {
    const retryAfter = Number(answer.headers.get("retry-after")) || 0;
    try {
      return new ApiError(JSON.parse(await answer.text()).error, retryAfter);
    } catch {
      const status = answer.status >= 500 ? "UNAVAILABLE" : "UNKNOWN";
      return new ApiError({ code: "NOT_OF_THE_API", status, message: "The server gave no proper answer." }, retryAfter);
    }
  }

  /** What is wrong with each field, as `{field: message}`. */
  get fields() {
    const wrong = this.details.filter((detail) => detail.field);
    return Object.fromEntries(wrong.map(({ field, message }) => [field, message]));
  }
}

/** The server cannot be reached, or the connection broke. */
export class ConnectionError extends Error {
  constructor(cause) {
    super("The server cannot be reached. Check the connection and try again.", { cause });
  }
}

/** Whether the same again may succeed by itself. */
export function isPassing(error) {
  if (error instanceof ConnectionError) return true;
  return error instanceof ApiError && (error.status === "UNAVAILABLE" || error.status === "DEADLINE_EXCEEDED");
}

/** A sentence for the person who looks at the page. */
export function inWords(error) {
  if (!(error instanceof ApiError)) return error.message;
  const wrong = Object.values(error.fields);
  if (wrong.length) return wrong.join(" ");
  const wait = error.retryAfter ? ` Try again in ${error.retryAfter} s.` : "";
  return error.message + wait;
}
