// Parts of a page that become interactive after the rest of it.
import { type Signal, signal } from "@preact/signals";
import type { ComponentType, JSX } from "preact";

/** A part of a page whose module is loaded when the page is interactive already. */
export interface Island<P> {
  /** Shows the content of the file until the module is loaded. */
  readonly Place: ComponentType<P>;
  /** Loads the module. Called before the file is rendered, which then has the content. */
  readonly load: () => Promise<void>;
}

const loads: (() => Promise<void>)[] = [];

/** Makes all islands of the page interactive. Called once, in the browser. */
export async function loadIslands(): Promise<void> {
  await Promise.all(loads.map((load) => load()));
}

/** Creates an island of the page, when its module is loaded. `load` imports the module and returns its component. */
export function island<P extends object>(load: () => Promise<ComponentType<P>>): Island<P> {
  const loaded: Signal<ComponentType<P> | undefined> = signal(undefined);
  let loading: Promise<void> | undefined;
  const loadOnce = (): Promise<void> =>
    (loading ??= load().then((component) => {
      loaded.value = component;
    }));
  loads.push(loadOnce);
  return {
    load: loadOnce,
    Place: (props: P): JSX.Element => {
      const Component = loaded.value;
      return Component === undefined ? (
        // Hydration leaves the content of this element as it is in the file.
        <div key="file" class="island" dangerouslySetInnerHTML={{ __html: "" }} />
      ) : (
        <div key="live" class="island">
          <Component {...props} />
        </div>
      );
    },
  };
}
