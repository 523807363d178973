import assert from 'node:assert/strict';

/** Writes an object to the bucket `exports`. */
export async function upload(store: { readonly url: string }, name: string, content: string | Buffer): Promise<void> {
  const url = `${store.url}/upload/storage/v1/b/exports/o?uploadType=media&name=${encodeURIComponent(name)}`;
  const response = await fetch(url, { method: 'POST', body: new Uint8Array(Buffer.from(content)) });
  assert.equal(response.status, 200, await response.text());
}

/** Removes an object of the bucket `exports`. */
export async function remove(store: { readonly url: string }, name: string): Promise<void> {
  const url = `${store.url}/storage/v1/b/exports/o/${encodeURIComponent(name)}`;
  assert.ok((await fetch(url, { method: 'DELETE' })).ok, name);
}
