// Requests to this server alone, and what it refuses.

export const key = () => document.getElementById("key").value;

export class Refusal extends Error {
  constructor({message, field, allowed, status, request_id: id}) {
    super(message);
    Object.assign(this, {field, allowed, status, id});
  }
}

export const ask = (path, body) => body
  ? request(path, {method: "POST", body: JSON.stringify(body)}, "application/json")
  : request(path, {});

// Returns the name by which the server knows the file for an hour.
export async function send(file) {
  const value = await request("/uploads", {method: "PUT", body: file}, "application/octet-stream");
  return value.trailer_upload;
}

async function request(path, options, kind) {
  const headers = {};
  if (key()) headers["X-API-Key"] = key();
  if (kind) headers["Content-Type"] = kind;
  let response, value;
  try {
    response = await fetch(path, {...options, headers});
    value = await response.json();
  } catch {
    throw new Refusal({message: "The server does not answer. Is `marquee serve` running?"});
  }
  if (!response.ok) throw new Refusal(value.error);
  return value;
}
