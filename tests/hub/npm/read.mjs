// Lists and reads every file of a dataset at a tag with the Hub's JavaScript client; prints SHA-256s.
import { createHash } from "node:crypto";
import { downloadFile, listFiles } from "@huggingface/hub";

const [hubUrl, name, revision] = process.argv.slice(2);
const repo = { type: "dataset", name };
const digests = {};
for await (const file of listFiles({ repo, revision, recursive: true, hubUrl })) {
  if (file.type !== "file") continue;
  const blob = await downloadFile({ repo, revision, path: file.path, hubUrl });
  const bytes = Buffer.from(await blob.arrayBuffer());
  digests[file.path] = createHash("sha256").update(bytes).digest("hex");
}
console.log(JSON.stringify(digests));
