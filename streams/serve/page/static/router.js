// Addresses: the part after # says what is shown, so that a link shows a colleague the same.

/** Return {path: [parts], query: {name: value}} of an address such as `#/customers/a%2Fb?x=1`. */
export function parse(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?");
  return { path: path.split("/").filter(Boolean).map(decoded), query: Object.fromEntries(new URLSearchParams(query)) };
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Go to an address; `quietly`: the view shows it already. */
export function go(hash, quietly = false) {
  if (quietly) history.replaceState(null, "", hash);
  else location.hash = hash;
}
