// Parts of a page that become interactive after the rest of it.
import { type Signal, signal } from "@preact/signals";
import type { ComponentType, JSX } from "preact";
import { useEffect } from "preact/hooks";

/** A part of a page whose module is loaded when the page is interactive already. */
export interface Island<P> {
  /** Shows the content of the file until the module is loaded. */
  readonly Place: ComponentType<P>;
  /** Loads the module. Called before the file is rendered, which then has the content. */
  readonly load: () => Promise<void>;
}

const loads: Promise<void>[] = [];

/** Resolves when all islands of the page are interactive. */
export async function islandsLoaded(): Promise<void> {
  await Promise.all(loads);
}

/** Creates an island. `load` imports the module and returns its component. */
export function island<P extends object>(load: () => Promise<ComponentType<P>>): Island<P> {
  const loaded: Signal<ComponentType<P> | undefined> = signal(undefined);
  let loading: Promise<void> | undefined;
  const loadOnce = (): Promise<void> =>
    (loading ??= load().then((component) => {
      loaded.value = component;
    }));
  return {
    load: loadOnce,
    Place: (props: P): JSX.Element => {
      useEffect(() => {
        loads.push(loadOnce());
      }, []);
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
