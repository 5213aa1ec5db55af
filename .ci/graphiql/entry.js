// What api/pages/ide takes from GraphiQL and from React.
export { createElement, useSyncExternalStore } from "react";
export { createRoot } from "react-dom/client";
export { GraphiQL } from "graphiql";
export { useEditorContext } from "@graphiql/react";
import "graphiql/style.css";
