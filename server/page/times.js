// Moments, as the reader's own language writes them.

const FORM = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** A moment of the API, such as `2026-11-23T14:01:31Z`. */
export function moment(timestamp) {
  return FORM.format(new Date(timestamp));
}
