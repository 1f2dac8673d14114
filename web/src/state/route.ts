// Where the page is, kept in the address so that a reload lands there: #/project/target/task

export interface Route {
  project: number | null;
  target: string | null;
  task: number | null;
}

export function parseRoute(hash: string): Route {
  const [project, target, task] = hash.replace(/^#\/?/, "").split("/");
  return { project: whole(project), target: text(target), task: whole(task) };
}

export function formatRoute(route: Route): string {
  if (route.project === null) return "#/";
  const parts: (string | number)[] = [route.project];
  if (route.target !== null) parts.push(encodeURIComponent(route.target));
  if (route.target !== null && route.task !== null) parts.push(route.task);
  return `#/${parts.join("/")}`;
}

function whole(part: string | undefined): number | null {
  return part !== undefined && /^\d+$/.test(part) ? Number(part) : null;
}

function text(part: string | undefined): string | null {
  try {
    return part ? decodeURIComponent(part) : null;
  } catch {
    return null;
  }
}
