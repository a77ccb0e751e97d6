// Another implementation of age, for the tests of post-quantum keys:
//
//   generate            a new key: the recipient, the identity
//   encrypt RECIPIENT   standard input to standard output
//   decrypt IDENTITY    the same, back
//
// A secret key as an argument is good enough for keys that nobody uses.
import { readFileSync, writeSync } from "node:fs";
import * as age from "age-encryption";

const [what, key] = process.argv.slice(2);
let out;
if (what === "generate") {
    const identity = await age.generateHybridIdentity();
    out = Buffer.from(`${await age.identityToRecipient(identity)}\n${identity}\n`);
} else if (what === "encrypt") {
    const encrypter = new age.Encrypter();
    encrypter.addRecipient(key);
    out = await encrypter.encrypt(readFileSync(0));
} else if (what === "decrypt") {
    const decrypter = new age.Decrypter();
    decrypter.addIdentity(key);
    out = await decrypter.decrypt(readFileSync(0));
} else {
    throw Error(`unknown command ${what}`);
}
for (let at = 0; at < out.length; ) {
    at += writeSync(1, out, at);
}
