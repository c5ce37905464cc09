// Names for what openapi-typescript makes of the document. `paths` has everything; these types pick from it.

import type { components, paths } from "./openapi.js";

type Schemas = components["schemas"];

export type Conversation = Schemas["Conversation"];
export type ErrorBody = Schemas["Error"];
export type FieldViolation = Schemas["FieldViolation"];
export type ReplyEvent = Schemas["ReplyEvent"];
export type SendMessage = Schemas["SendMessageRequest"];
export type SignUp = Schemas["SignUpRequest"];
export type Turn = Schemas["Turn"];

export type Method = "get" | "post";

/** The paths that have this method. */
export type PathOf<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, object> ? P : never;
}[keyof paths];

/** What to give a call: the parameters of its path, its own headers, its body. */
export type InputOf<M extends Method, P extends PathOf<M>> = ParametersOf<paths[P][M]> & BodyOf<paths[P][M]>;

/** The `data` of a call's answer. */
export type DataOf<M extends Method, P extends PathOf<M>> =
  JsonOf<paths[P][M]> extends { data: infer Data } ? Data : never;

/** One entry of a call that answers with a stream. */
export type EntryOf<M extends Method, P extends PathOf<M>> =
  JsonOf<paths[P][M]> extends (infer Entry)[] ? Entry : never;

type ParametersOf<Operation> = Operation extends { parameters: infer All }
  ? { [Name in keyof All as Name extends "path" | "header" ? Name : never]: All[Name] }
  : never;

type BodyOf<Operation> = Operation extends { requestBody: { content: { "application/json": infer Body } } }
  ? { body: Body }
  : unknown;

type JsonOf<Operation> = Operation extends { responses: infer Responses }
  ? Responses[keyof Responses & (200 | 201)] extends { content: { "application/json": infer Json } }
    ? Json
    : never
  : never;
