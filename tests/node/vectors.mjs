// Writes C2SP's test vectors of age into the folder `vectors` beside it, a file
// each, uncompressed.
import { mkdirSync, writeFileSync } from "node:fs";
import { inflateSync } from "node:zlib";
import * as cctv from "cctv-age";

const folder = new URL("vectors/", import.meta.url);
mkdirSync(folder, { recursive: true });
for (const [name, bytes] of Object.entries(cctv.default ?? cctv)) {
    const vector = Buffer.from(bytes);
    const end = vector.indexOf("\n\n");
    let head = vector.subarray(0, end).toString();
    let file = vector.subarray(end + 2);
    if (head.includes("\ncompressed: zlib")) {
        head = head.replace("\ncompressed: zlib", "");
        file = inflateSync(file);
    }
    writeFileSync(new URL(name, folder), Buffer.concat([Buffer.from(`${head}\n\n`), file]));
}
