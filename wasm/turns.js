/** How long the engine computes before it listens to messages again. */
export const TURN_MILLISECONDS = 8;

/** Lets messages that have arrived be handled. */
export const nextTurn =
  typeof setImmediate === "function"
    ? () => new Promise((resolve) => setImmediate(resolve))
    : (() => {
        const channel = new MessageChannel();
        /** @type {((value: unknown) => void)[]} */
        const waiting = [];
        channel.port1.onmessage = () => waiting.shift()?.(undefined);
        return () =>
          new Promise((resolve) => {
            waiting.push(resolve);
            channel.port2.postMessage(0);
          });
      })();
