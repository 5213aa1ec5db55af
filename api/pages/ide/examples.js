// The examples: one that is chosen stands in the editors, ready to be run.

import {createElement as h, useEditorContext} from "../graphiql/graphiql.js";
import {examples, variablesOf} from "../examples.js";

export function Examples() {
  const {queryEditor, variableEditor} = useEditorContext({nonNull: true});
  const choose = async (event) => {
    const [first] = examples[event.target.value].asks;
    event.target.value = "";
    queryEditor.setValue(first.query);
    variableEditor.setValue(JSON.stringify(await variablesOf(first), null, 2));
  };
  return h(
    "select",
    {className: "examples", "aria-label": "Examples", defaultValue: "", onChange: choose},
    h("option", {value: "", disabled: true, hidden: true}, "Examples"),
    examples.map(({title}, index) => h("option", {key: title, value: index}, title)),
  );
}
