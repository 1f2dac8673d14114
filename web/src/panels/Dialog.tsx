import { type ReactNode, useEffect, useRef } from "react";

interface Props {
  title: string;
  className?: string;
  onClose(): void;
  children: ReactNode;
}

/** The browser's own dialog: it keeps the focus inside and closes on Escape. */
export function Dialog({ title, className, onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className={className}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => event.target === dialog.current && onClose()}
    >
      {children}
    </dialog>
  );
}
