import { closing, type Wire, type WireMessage } from '../wire.ts';

export interface MemoryWire extends Wire {
  /** All that was sent into this end. */
  readonly sent: WireMessage[];
}

/** Two ends of a wire in one thread that deliver at once: nothing depends on time. */
export const memoryWires = (): readonly [MemoryWire, MemoryWire] => {
  const { onClose, closed } = closing();
  const listeners: ((message: WireMessage) => void)[] = [() => undefined, () => undefined];
  let open = true;
  const end = (index: 0 | 1): MemoryWire => {
    const sent: WireMessage[] = [];
    return {
      sent,
      send: (message) => {
        if (!open) return;
        sent.push(message);
        listeners[1 - index]?.(message);
      },
      onMessage: (listener) => {
        listeners[index] = listener;
      },
      onClose,
      close: (reason) => {
        open = false;
        closed(reason);
      },
    };
  };
  return [end(0), end(1)];
};
