/** Message about an object that `new` makes and that cannot be used in a function: what to write instead. */
export function adviceForClass(name: string): string {
  if (name === "Map")
    return 'a Map cannot be read here: write an object with its entries, as in const table = { a: 1, b: 2 }, and table[key] with key: "a" | "b".';
  if (name === "Set") return "a Set cannot be read here: write an array of its items, and items.includes(x).";
  return (
    `new ${name} is outside of what can be differentiated: use functions, objects of numbers, and classes without state: without ` +
    "fields, base class, and arguments of the constructor. Write an object with the fields, and functions that take it."
  );
}
