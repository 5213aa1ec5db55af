// The page: GraphiQL, with examples above the query and what the answer cost under it.

import {GraphiQL, createElement as h, createRoot} from "../graphiql/graphiql.js";
import {endpoint, examples} from "../examples.js";
import {Cost, costs} from "./cost.js";
import {Examples} from "./examples.js";

// What an answer cost stands under it, not in it.
async function fetcher(parameters, {headers} = {}) {
  const began = performance.now();
  const response = await fetch(endpoint, {
    method: "POST",
    headers: {"content-type": "application/json", "x-unisono-trace": "1", ...headers},
    body: JSON.stringify(parameters),
  });
  const {extensions, ...answer} = await response.json();
  if (parameters.operationName !== "IntrospectionQuery") {
    costs.show({
      rows: extensions?.batching ?? [],
      errors: answer.errors?.length ?? 0,
      milliseconds: performance.now() - began,
    });
  }
  return answer;
}

// Who comes for the first time begins with an example, who comes back with what was there.
const [{query, variables}] = examples[0].asks;
const isNew = localStorage.getItem("graphiql:query") === null;
const beginning = isNew ? {query, variables: JSON.stringify(variables, null, 2)} : {};

createRoot(document.getElementById("ide")).render(
  h(
    GraphiQL,
    {fetcher, ...beginning, defaultEditorToolsVisibility: "variables"},
    h(
      GraphiQL.Logo,
      null,
      h("h1", {className: "name"}, "Unisono"),
      h(Examples),
      h("a", {className: "live", href: "live"}, "Watch"),
    ),
    h(GraphiQL.Footer, null, h(Cost)),
  ),
);
