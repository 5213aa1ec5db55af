// Stands in for react-style-singleton, which writes <style> elements: the policy of our page forbids
// those, and allows style sheets that a script makes.
import { useEffect } from "react";

export function styleHookSingleton() {
  const sheet = new CSSStyleSheet();
  let users = 0;
  return (styles, isDynamic) => {
    useEffect(() => {
      if (users === 0) {
        sheet.replaceSync(styles);
        document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
      }
      users += 1;
      return () => {
        users -= 1;
        if (users === 0) document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== sheet);
      };
    }, [styles && isDynamic]);
  };
}

export function styleSingleton() {
  const useStyle = styleHookSingleton();
  return ({ styles, dynamic }) => {
    useStyle(styles, dynamic);
    return null;
  };
}
